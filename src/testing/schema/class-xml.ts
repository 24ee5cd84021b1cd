import { escapeAttribute, escapeText } from '../../xml/escape.js'
import {
  classQualifiers,
  type RegisteredClass,
  type RegisteredMethod,
  type RegisteredParameter,
  type RegisteredProperty,
} from '../registered-class.js'
import type { EndpointQualifiers, ValueDefinition } from '../types.js'

/** What clients ask to see of a class (MS-WSMV 3.1.4.2, DSP0227 15.8). */
export interface ClassDetails {
  readonly qualifiers: boolean
  readonly classOrigin: boolean
  readonly inherited: boolean
  /** Of Microsoft's own clients: the names of all classes above. */
  readonly hierarchy: boolean
}

/** A class in CIM-XML (DSP0201 5.2.3), whose elements are in no namespace. */
export function classXml(registered: RegisteredClass, details: ClassDetails): string {
  const { definition, name, properties, methods } = registered
  const shown = <T extends { readonly declaredBy: string }>(members: Iterable<T>): readonly T[] =>
    [...members].filter(({ declaredBy }) => details.inherited || declaredBy === name)
  const writer = new MemberWriter(name, details)
  return tag(
    'CLASS',
    {
      NAME: name,
      SUPERCLASS: definition.superclass,
      DERIVATION: details.hierarchy ? namesAbove(registered).join(',') : undefined,
    },
    [
      writer.qualifiers(classQualifiers(registered)),
      ...shown(properties).map((property) => writer.property(property)),
      ...shown(methods.values()).map((method) => writer.method(method)),
    ],
  )
}

/** The names of the classes above, the nearest first. The topmost may be one that nobody gave. */
function namesAbove({ superclass, definition }: RegisteredClass): readonly string[] {
  if (superclass) return [superclass.name, ...namesAbove(superclass)]
  return definition.superclass === undefined ? [] : [definition.superclass]
}

class MemberWriter {
  readonly #className: string
  readonly #details: ClassDetails

  constructor(className: string, details: ClassDetails) {
    this.#className = className
    this.#details = details
  }

  property(property: RegisteredProperty): string {
    const qualifiers = property.key === true ? { key: true } : {}
    return this.#value('PROPERTY', property, this.#origin(property), qualifiers)
  }

  method(method: RegisteredMethod): string {
    const { name, returns, isStatic, parameters = [] } = method
    return tag(
      'METHOD',
      { NAME: name, TYPE: returns === 'void' ? undefined : returns, ...this.#origin(method) },
      [
        this.qualifiers({ ...(isStatic === true ? { static: true } : {}), ...method.qualifiers }),
        ...parameters.map((parameter) => this.#parameter(parameter)),
      ],
    )
  }

  qualifiers(qualifiers: EndpointQualifiers): string {
    return this.#details.qualifiers ? Object.entries(qualifiers).map(qualifierXml).join('') : ''
  }

  #parameter(parameter: RegisteredParameter): string {
    const qualifiers = { ...(parameter.in ? { in: true } : {}), ...(parameter.out ? { out: true } : {}) }
    return this.#value('PARAMETER', parameter, {}, qualifiers)
  }

  /** `PROPERTY`, `PROPERTY.ARRAY`, `PROPERTY.REFERENCE`, `PARAMETER.REFARRAY`, … */
  #value(
    element: 'PROPERTY' | 'PARAMETER',
    value: ValueDefinition & { readonly name: string },
    origin: Attributes,
    implied: EndpointQualifiers,
  ): string {
    const { name, type, array = false, refersTo } = value
    const own = { ...implied, ...embeddedQualifier(value), ...value.qualifiers }
    const isReference = type === 'reference'
    const form = isReference ? (array ? '.REFARRAY' : '.REFERENCE') : array ? '.ARRAY' : ''
    const declared = isReference ? { REFERENCECLASS: refersTo } : { TYPE: type }
    return tag(`${element}${form}`, { NAME: name, ...declared, ...origin }, [this.qualifiers(own)])
  }

  #origin({ origin, declaredBy }: Pick<RegisteredProperty, 'origin' | 'declaredBy'>): Attributes {
    return {
      CLASSORIGIN: this.#details.classOrigin ? origin : undefined,
      PROPAGATED: declaredBy === this.#className ? undefined : 'true',
    }
  }
}

/** Embedded instances are declared as strings, and a qualifier says what they are (DSP0004 5.6.3.14). */
function embeddedQualifier({ embedded }: ValueDefinition): EndpointQualifiers {
  if (embedded === undefined) return {}
  return embedded === true ? { EmbeddedObject: true } : { EmbeddedInstance: embedded }
}

function qualifierXml([name, value]: [string, EndpointQualifiers[string]]): string {
  const items: readonly (string | number | boolean)[] = Array.isArray(value) ? value : [value]
  const values = items.map((item) => `<VALUE>${escapeText(String(item))}</VALUE>`).join('')
  const [first = ''] = items
  const content = Array.isArray(value) ? `<VALUE.ARRAY>${values}</VALUE.ARRAY>` : values
  return tag('QUALIFIER', { NAME: name, TYPE: qualifierType(first) }, [content])
}

/** WMI knows four types of qualifiers (MS-WMIO 2.2.60). */
function qualifierType(value: string | number | boolean): string {
  if (typeof value !== 'number') return typeof value
  return Number.isInteger(value) ? 'sint32' : 'real64'
}

type Attributes = Readonly<Record<string, string | undefined>>

function tag(name: string, attributes: Attributes, content: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === undefined ? '' : ` ${key}="${escapeAttribute(value)}"`,
  )
  return `<${name}${written.join('')}>${content.join('')}</${name}>`
}
