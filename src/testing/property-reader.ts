import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { timeWrapper, toDmtf } from './cim-time-reader.js'
import { invalidProperties } from './class-faults.js'
import type { ClassRegistry } from './class-registry.js'
import type { RegisteredClass, RegisteredMethod } from './registered-class.js'
import { embeddedClass, isEmbedded, isNil, isReference, readParameters } from './parameter-reader.js'
import { readRef } from './reference-reader.js'
import type { CimType, EndpointInstance, EndpointValue, ValueDefinition } from './types.js'

/** A property or a parameter. */
type Declared = ValueDefinition & { readonly name: string }

/** Reads properties as values of the types that their class declares. */
export class PropertyReader {
  readonly #registry: ClassRegistry

  constructor(registry: ClassRegistry) {
    this.#registry = registry
  }

  /**
   * The properties inside an element, named as the class does. Where it says which instance it is (`cim:Location`, as
   * in MS-WSMV 4.1.3) nobody needs to know.
   * @throws EndpointFault for a property the class does not have, and a value that is not of its type
   */
  instance(registered: RegisteredClass, parent: XmlElement): EndpointInstance {
    return this.#values(registered, registered.properties, parent, registered.name)
  }

  /**
   * The parameters of a call that go in, named and typed as the method declares them.
   * @throws EndpointFault for one that it does not have, and a value that is not of its type
   */
  parameters(
    registered: RegisteredClass,
    { name, parameters = [] }: RegisteredMethod,
    input: XmlElement,
  ): EndpointInstance {
    const goingIn = parameters.filter((parameter) => parameter.in)
    return this.#values(registered, goingIn, input, `The method ${name}`)
  }

  #values(
    owner: RegisteredClass,
    declared: readonly Declared[],
    parent: XmlElement,
    what: string,
  ): EndpointInstance {
    const sent = new Map<Declared, XmlElement[]>()
    for (const child of parent.elements) {
      if (child.is(NS.cim, 'Location')) continue
      const property = declared.find(({ name }) => sameName(name, child.name.local))
      if (!property) throw invalidProperties(`${what} knows no ${child.name.local}.`)
      sent.set(property, [...(sent.get(property) ?? []), child])
    }
    const entries = [...sent].map(([property, elements]) => [
      property.name,
      this.property(owner, property, elements),
    ])
    return Object.fromEntries(entries) as EndpointInstance
  }

  /** @param elements all of the property: an array has one for each item */
  property(owner: RegisteredClass, property: Declared, elements: readonly XmlElement[]): EndpointValue {
    const [first, second] = elements
    if (property.array === true) {
      if (!second && first && isNil(first)) return null
      return elements.map((element) => this.#value(owner, property, element))
    }
    if (second) throw invalidProperties(`${property.name} is no array and comes more than once.`)
    return first ? this.#value(owner, property, first) : null
  }

  /** @throws EndpointFault where the text is no value of the property's type */
  text({ name, type }: Pick<Declared, 'name' | 'type'>, text: string): EndpointValue {
    const value = scalarOf(type, text)
    if (value === undefined)
      throw invalidProperties(`${JSON.stringify(text)} is no ${type}, which ${name} is.`)
    return value
  }

  #value(owner: RegisteredClass, property: Declared, element: XmlElement): EndpointValue {
    const { name, type } = property
    if (isNil(element)) return null
    if (type === 'reference') {
      if (isReference(element)) return readRef(element)
      throw invalidProperties(`${name} is a reference.`)
    }
    if (type === 'datetime') return this.text(property, (timeWrapper(element) ?? element).text)
    // An instance without properties is an empty element.
    const isBare = property.embedded !== undefined && element.text.trim() === ''
    if (!isEmbedded(element) && !isBare) return this.text(property, element.text)
    if (type !== 'string') throw invalidProperties(`${name} is of the type ${type} and holds no elements.`)
    return this.#embedded(owner, element, property)
  }

  /** Classes declare embedded instances as strings. One of a class that nobody gave is read as it came. */
  #embedded({ namespace }: RegisteredClass, element: XmlElement, { embedded }: Declared): EndpointInstance {
    const said = embeddedClass(element)
    const type = said.__CLASS === undefined && typeof embedded === 'string' ? { __CLASS: embedded } : said
    const known = type.__CLASS === undefined ? undefined : this.#registry.find(namespace, type.__CLASS)
    return { ...type, ...(known ? this.instance(known, element) : readParameters(element)) }
  }
}

const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

function scalarOf(type: CimType, text: string): string | number | bigint | boolean | undefined {
  const word = text.trim()
  switch (type) {
    case 'string':
      return text
    case 'char16':
      return text.length === 1 ? text : undefined
    case 'boolean':
      return /^(?:true|1)$/i.test(word) || (/^(?:false|0)$/i.test(word) ? false : undefined)
    case 'datetime':
      return toDmtf(word)
    case 'reference':
      return undefined
    case 'real32':
    case 'real64':
      return realOf(word)
    default:
      return integerOf(type, word)
  }
}

/** The words of `xs:double` for what is no finite number (XML Schema part 2, 3.2.5) are those of JavaScript but one. */
function realOf(word: string): number | undefined {
  if (/^(?:NaN|[-+]?INF)$/.test(word)) return Number(word.replace('INF', 'Infinity'))
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(word) ? Number(word) : undefined
}

function integerOf(
  type: Extract<CimType, `${'u' | 's'}int${number}`>,
  word: string,
): number | bigint | undefined {
  if (!/^[-+]?\d{1,20}$/.test(word)) return undefined
  const value = BigInt(word.replace('+', ''))
  const bits = Number(type.slice(4))
  const fits = type.startsWith('u') ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value)
  if (fits !== value) return undefined
  return bits === 64 ? value : Number(value)
}
