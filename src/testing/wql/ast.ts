import type { LikePattern } from './like-pattern.js'
import type { ObjectPath } from './object-path.js'

/** What a WQL text asks for (MS-WMI 2.2.1.1). */
export type WqlQuery = SelectQuery | AssociatorsQuery | ReferencesQuery

export interface SelectQuery {
  readonly kind: 'select'
  /** The named columns as they were written; undefined for `*`. */
  readonly columns: readonly PropertyName[] | undefined
  readonly className: string
  readonly where: Expression | undefined
}

export interface PropertyName {
  readonly name: string
  readonly position: number
}

export type Expression = Junction | Negation | Comparison | LikeTest | NullTest | IsaTest

/** AND or OR over two or more operands; chains are flat, so their length costs no depth. */
export interface Junction {
  readonly kind: 'and' | 'or'
  readonly operands: readonly Expression[]
}

export interface Negation {
  readonly kind: 'not'
  readonly operand: Expression
}

/** A property, or a property of an embedded instance: `Job.Owner.Name`. Never empty. */
export interface PropertyPath {
  readonly names: readonly [string, ...string[]]
  readonly position: number
}

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='

/** Whole numbers are bigint and so exact, numbers with a point are number. */
export type Constant = string | bigint | number | boolean

export interface Comparison {
  readonly kind: 'comparison'
  readonly property: PropertyPath
  readonly operator: ComparisonOperator
  readonly constant: Constant
}

export interface LikeTest {
  readonly kind: 'like'
  readonly property: PropertyPath
  readonly pattern: LikePattern
}

export interface NullTest {
  readonly kind: 'null'
  readonly property: PropertyPath
  readonly negated: boolean
}

/** Whether the instance itself (`__CLASS`, `__THIS`) or an embedded one is of a class or derived from it. */
export interface IsaTest {
  readonly kind: 'isa'
  readonly property: PropertyPath
  readonly className: string
}

/** What both association queries can ask; a name that was not given is undefined. */
export interface AssociationFilter {
  readonly resultClass: string | undefined
  /** The property of the association that refers to the source object. */
  readonly role: string | undefined
  readonly requiredQualifier: string | undefined
  readonly classDefsOnly: boolean
  readonly keysOnly: boolean
  readonly schemaOnly: boolean
}

/** `ASSOCIATORS OF {path} WHERE ...`: the objects at the other ends of the associations of an object. */
export interface AssociatorsQuery extends AssociationFilter {
  readonly kind: 'associators'
  readonly source: ObjectPath
  readonly assocClass: string | undefined
  /** The property of the association that refers to the result. */
  readonly resultRole: string | undefined
  readonly requiredAssocQualifier: string | undefined
}

/** `REFERENCES OF {path} WHERE ...`: the associations of an object. */
export interface ReferencesQuery extends AssociationFilter {
  readonly kind: 'references'
  readonly source: ObjectPath
}
