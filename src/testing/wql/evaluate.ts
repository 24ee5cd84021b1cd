import type { EndpointInstance, EndpointValue } from '../types.js'
import type { Comparison, Expression, IsaTest, LikeTest, PropertyPath, SelectQuery } from './ast.js'
import { fold } from './case-folding.js'
import { isA, propertiesOf, type KnownProperty, type WqlClassInfo } from './class-info.js'
import { comparerFor, hasOrder, holds, kindOfType, kindOfValue, toText, type ValueKind } from './compare.js'
import { WqlSchemaError } from './errors.js'
import { columnsOf } from './project.js'
import { isEndpointRef, isRecord, memberOf } from './values.js'

export type Predicate = (instance: EndpointInstance) => boolean

/**
 * Whether the instance satisfies the WHERE clause; the caller has picked instances of the class after FROM.
 * For many instances, `compileWhere` once is faster.
 * @param classInfo The class of the instance.
 * @throws WqlSchemaError as `compileWhere` does, whatever the instance.
 */
export function matches(query: SelectQuery, instance: EndpointInstance, classInfo: WqlClassInfo): boolean {
  return compileWhere(query, classInfo)(instance)
}

/**
 * Turns the WHERE clause into a predicate. Strings compare without letter case, whole numbers exactly. A comparison
 * or LIKE with a property that is NULL is false, whatever the operator, and NOT of it is true.
 * @throws WqlSchemaError where a property or column does not exist, or an operator or constant does not fit its type.
 */
export function compileWhere(query: SelectQuery, classInfo: WqlClassInfo): Predicate {
  columnsOf(query, classInfo)
  const schema = { info: classInfo, properties: propertiesOf(classInfo) }
  return query.where === undefined ? () => true : compile(query.where, schema)
}

interface Schema {
  readonly info: WqlClassInfo
  readonly properties: ReadonlyMap<string, KnownProperty>
}

function compile(expression: Expression, schema: Schema): Predicate {
  switch (expression.kind) {
    case 'and': {
      const operands = expression.operands.map((operand) => compile(operand, schema))
      return (instance) => operands.every((operand) => operand(instance))
    }
    case 'or': {
      const operands = expression.operands.map((operand) => compile(operand, schema))
      return (instance) => operands.some((operand) => operand(instance))
    }
    case 'not': {
      const operand = compile(expression.operand, schema)
      return (instance) => !operand(instance)
    }
    case 'null': {
      const { read } = resolve(expression.property, schema)
      return (instance) => (read(instance) === null) !== expression.negated
    }
    case 'comparison':
      return compileComparison(expression, schema)
    case 'like':
      return compileLike(expression, schema)
    case 'isa':
      return compileIsa(expression, schema)
  }
}

interface Resolved {
  readonly read: (instance: EndpointInstance) => EndpointValue
  /** Undefined for a property of an embedded instance: nobody declared its type. */
  readonly kind: ValueKind | undefined
}

function resolve({ names, position }: PropertyPath, { info, properties }: Schema): Resolved {
  const [first, ...embedded] = names
  if (fold(first) === '__class' && embedded.length === 0) return { read: () => info.name, kind: 'text' }
  const property = properties.get(fold(first))
  if (property === undefined) {
    throw new WqlSchemaError(`${info.name} has no property ${first}`, position)
  }
  const path = [property.name, ...embedded]
  const read = (instance: EndpointInstance): EndpointValue =>
    path.reduce<EndpointValue>((value, name) => (isRecord(value) ? memberOf(value, name) : null), instance)
  const kind = embedded.length > 0 ? undefined : kindOfType(property.type)
  return { read, kind }
}

/** @throws WqlSchemaError for arrays, which only IS NULL may test. */
function resolveScalar(path: PropertyPath, schema: Schema): Resolved {
  const property = path.names.length === 1 ? schema.properties.get(fold(path.names[0])) : undefined
  if (property?.array === true) {
    throw new WqlSchemaError(
      `${property.name} is an array: only IS NULL and IS NOT NULL apply`,
      path.position,
    )
  }
  return resolve(path, schema)
}

function compileComparison({ property, operator, constant }: Comparison, schema: Schema): Predicate {
  const { read, kind } = resolveScalar(property, schema)
  const isOrdering = operator !== '=' && operator !== '<>'
  if (kind === undefined) {
    return (instance) => {
      const value = read(instance)
      const actual = kindOfValue(value)
      if (actual === undefined || (isOrdering && !hasOrder(actual))) return false
      const order = comparerFor(actual, constant)?.(value)
      return order !== undefined && holds(operator, order)
    }
  }
  const name = property.names[0]
  if (isOrdering && !hasOrder(kind)) {
    throw new WqlSchemaError(`${name} is a ${kind}: only = and <> apply`, property.position)
  }
  const comparer = comparerFor(kind, constant)
  if (comparer === undefined) {
    throw new WqlSchemaError(
      `${name} is a ${kind} and does not compare with that constant`,
      property.position,
    )
  }
  return (instance) => {
    const value = read(instance)
    const order = value === null ? undefined : comparer(value)
    return order !== undefined && holds(operator, order)
  }
}

/** On a property that is no string, LIKE without metacharacters means `=` (MS-WMI 2.2.1.1). */
function compileLike({ property, pattern }: LikeTest, schema: Schema): Predicate {
  const { read, kind } = resolveScalar(property, schema)
  if (kind !== undefined && kind !== 'text') {
    if (!pattern.isLiteral) {
      throw new WqlSchemaError(`${property.names[0]} is no string: LIKE cannot match it`, property.position)
    }
    return compileComparison({ kind: 'comparison', property, operator: '=', constant: pattern.text }, schema)
  }
  return (instance) => {
    const value = read(instance)
    const text = value === null ? undefined : toText(value)
    return text !== undefined && pattern.matches(text)
  }
}

function compileIsa({ property, className }: IsaTest, schema: Schema): Predicate {
  const { info } = schema
  const isItself = property.names.length === 1 && ['__class', '__this'].includes(fold(property.names[0]))
  if (isItself) return () => isA(info, info.name, className)
  const { read } = resolveScalar(property, schema)
  return (instance) => {
    const actual = classOf(read(instance))
    return actual !== undefined && isA(info, actual, className)
  }
}

/** A reference names its class; an embedded instance may carry it in `__CLASS`. */
function classOf(value: EndpointValue): string | undefined {
  if (isEndpointRef(value)) return value.className
  const name = isRecord(value) ? memberOf(value, '__CLASS') : null
  return typeof name === 'string' ? name : undefined
}
