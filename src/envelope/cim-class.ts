import type { XmlElement } from '../xml/element.js'
import { parseScalar, type CimScalar, type CimType } from './cim-value.js'

/** Where services keep the definitions of classes in CIM-XML (MS-WSMV 3.1.4.1.34.3.1, DSP0227 15.4). */
export const CLASS_SCHEMA_URI = 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*'

/** What a qualifier says; a list for those that are arrays, as `ValueMap`. */
export type CimQualifierValue = CimScalar | null | readonly (CimScalar | null)[]

/** Qualifiers by name, as the schema writes it: `key`, `Description`, `ValueMap`, … */
export type CimQualifiers = Readonly<Record<string, CimQualifierValue>>

/** A property or parameter: its type, and what it refers to or embeds. */
export interface CimTyped {
  readonly name: string
  readonly type: CimType
  readonly isArray: boolean
  /** For references: the class they refer to, where the schema says. */
  readonly referenceClassName?: string | undefined
  /** The type is `string`, and an instance stands in its place. */
  readonly isEmbedded: boolean
  /** The class of embedded instances, where the schema says. */
  readonly embeddedClassName?: string | undefined
  readonly qualifiers: CimQualifiers
}

/** A property as its class declares it. */
export interface CimPropertyDefinition extends CimTyped {
  /** Part of what tells instances apart; a selector. */
  readonly isKey: boolean
  /** Inherited and not changed. */
  readonly isPropagated: boolean
  /** The class that declares it, where the schema says. */
  readonly classOrigin?: string | undefined
}

/** A method as its class declares it. */
export interface CimMethodDefinition {
  readonly name: string
  /** Of `ReturnValue`; undefined where the method returns nothing. */
  readonly returnType: CimType | undefined
  readonly isStatic: boolean
  readonly parameters: readonly CimParameterDefinition[]
  readonly qualifiers: CimQualifiers
}

/** A parameter of a method. */
export interface CimParameterDefinition extends CimTyped {
  readonly isIn: boolean
  readonly isOut: boolean
}

/** A class (DSP0004 5.1.2), as a service describes it. */
export interface CimClass {
  readonly name: string
  /** As in `root/cimv2`. */
  readonly namespace: string
  readonly superclassName?: string | undefined
  readonly isAbstract: boolean
  readonly isAssociation: boolean
  /** Inherited ones included. */
  readonly properties: readonly CimPropertyDefinition[]
  readonly methods: readonly CimMethodDefinition[]
  readonly qualifiers: CimQualifiers
}

/** The value of a qualifier, whatever the letter case of its name. */
export function qualifierOf(qualifiers: CimQualifiers, name: string): CimQualifierValue | undefined {
  const wanted = name.toLowerCase()
  return Object.entries(qualifiers).find(([key]) => key.toLowerCase() === wanted)?.[1]
}

/**
 * The classes in a piece of CIM-XML (DSP0201), whatever stands around them: `CLASS` itself, or `VALUE.OBJECT` and the
 * like. Only local names count, because services differ in the namespace.
 */
export function readClasses(element: XmlElement, namespace: string): readonly CimClass[] {
  if (element.name.local === 'CLASS') return [readClass(element, namespace)]
  return element.elements.flatMap((child) => readClasses(child, namespace))
}

function readClass(element: XmlElement, namespace: string): CimClass {
  const qualifiers = readQualifiers(element)
  return {
    name: element.attribute('NAME') ?? '',
    namespace,
    superclassName: element.attribute('SUPERCLASS') || undefined,
    isAbstract: qualifierOf(qualifiers, 'abstract') === true,
    isAssociation: qualifierOf(qualifiers, 'association') === true,
    properties: childrenOf(element, 'PROPERTY').map(readProperty),
    methods: element.elements.filter(({ name }) => name.local === 'METHOD').map(readMethod),
    qualifiers,
  }
}

function readProperty(element: XmlElement): CimPropertyDefinition {
  const typed = readTyped(element)
  return {
    ...typed,
    isKey: qualifierOf(typed.qualifiers, 'key') === true,
    isPropagated: element.attribute('PROPAGATED')?.toLowerCase() === 'true',
    classOrigin: element.attribute('CLASSORIGIN'),
  }
}

function readMethod(element: XmlElement): CimMethodDefinition {
  const qualifiers = readQualifiers(element)
  return {
    name: element.attribute('NAME') ?? '',
    returnType: typeOf(element.attribute('TYPE')),
    isStatic: qualifierOf(qualifiers, 'static') === true,
    parameters: childrenOf(element, 'PARAMETER').map(readParameter),
    qualifiers,
  }
}

/** What is neither marked as in nor as out goes in (DSP0004 5.6.3.24). */
function readParameter(element: XmlElement): CimParameterDefinition {
  const typed = readTyped(element)
  const isOut = qualifierOf(typed.qualifiers, 'out') === true
  const given = qualifierOf(typed.qualifiers, 'in')
  return { ...typed, isOut, isIn: given === undefined ? !isOut : given === true }
}

/** `PROPERTY`, `PROPERTY.ARRAY`, `PROPERTY.REFERENCE`, …, and the same of parameters. */
function childrenOf(element: XmlElement, kind: 'PROPERTY' | 'PARAMETER'): readonly XmlElement[] {
  return element.elements.filter(({ name }) => name.local === kind || name.local.startsWith(`${kind}.`))
}

function readTyped(element: XmlElement): CimTyped {
  const form = element.name.local.split('.')[1] ?? ''
  const qualifiers = readQualifiers(element)
  const isReference = form === 'REFERENCE' || form === 'REFARRAY'
  const declared = isReference ? 'reference' : typeOf(element.attribute('TYPE'))
  const instanceOf = textOf(qualifierOf(qualifiers, 'EmbeddedInstance'))
  return {
    name: element.attribute('NAME') ?? '',
    type: declared ?? 'string',
    isArray: form === 'ARRAY' || form === 'REFARRAY' || form === 'OBJECTARRAY',
    referenceClassName: element.attribute('REFERENCECLASS') || undefined,
    isEmbedded:
      form.startsWith('OBJECT') ||
      instanceOf !== undefined ||
      element.attribute('EmbeddedObject') !== undefined ||
      qualifierOf(qualifiers, 'EmbeddedObject') === true,
    embeddedClassName: instanceOf,
    qualifiers,
  }
}

const textOf = (value: CimQualifierValue | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function readQualifiers(element: XmlElement): CimQualifiers {
  const entries = element.elements
    .filter(({ name }) => name.local === 'QUALIFIER')
    .map((qualifier) => [qualifier.attribute('NAME') ?? '', readQualifierValue(qualifier)] as const)
  return Object.fromEntries(entries)
}

/** One without a value is a boolean that is true, in the short form. */
function readQualifierValue(qualifier: XmlElement): CimQualifierValue {
  const type = typeOf(qualifier.attribute('TYPE')) ?? 'string'
  const read = (value: XmlElement): CimScalar | null =>
    value.name.local === 'VALUE.NULL' ? null : (parseScalar(type, value.text) ?? value.text)
  const list = qualifier.elements.find(({ name }) => name.local === 'VALUE.ARRAY')
  if (list) return list.elements.map(read)
  const value = qualifier.elements.find(({ name }) => name.local === 'VALUE')
  if (value) return read(value)
  return type === 'boolean' ? true : null
}

const TYPES: Readonly<Record<CimType, true>> = {
  boolean: true,
  string: true,
  char16: true,
  uint8: true,
  sint8: true,
  uint16: true,
  sint16: true,
  uint32: true,
  sint32: true,
  uint64: true,
  sint64: true,
  real32: true,
  real64: true,
  datetime: true,
  reference: true,
}

function typeOf(text = ''): CimType | undefined {
  const word = text.trim().toLowerCase()
  return Object.hasOwn(TYPES, word) ? (word as CimType) : undefined
}
