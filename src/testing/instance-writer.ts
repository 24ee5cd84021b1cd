import { NS } from '../xml/namespaces.js'
import { isScalar, scalarXml } from './cim-value-writer.js'
import type { ClassRegistry, RegisteredClass, RegisteredProperty } from './class-registry.js'
import { CIM_NAMESPACE, uriOf, type UriFamily } from './class-uri.js'
import { keyText } from './key-values.js'
import { referenceContent, writeReference, type ReferenceSelectors } from './reference-writer.js'
import type { CimType, EndpointInstance, EndpointRef, EndpointValue } from './types.js'
import { isEndpointRef, isRecord, memberOf } from './wql/values.js'

const DECLARATIONS = `xmlns:xsi="${NS.xsi}"`
const REFERENCE_DECLARATIONS = `xmlns:a="${NS.addressing}" xmlns:w="${NS.wsman}"`

/** How the elements of an instance are named: inside `w:XmlFragment` nothing has a prefix. */
interface Naming {
  /** Before the names of properties. */
  readonly own: string
  /** Before the names of the elements around times. */
  readonly cim: string
}
const QUALIFIED: Naming = { own: 'p:', cim: 'cim:' }
const EMBEDDED: Naming = { own: 'e:', cim: 'cim:' }
const BARE: Naming = { own: '', cim: '' }

/** Writes instances in the URIs of one family, as Windows does (DSP0230, and the recorded replies). */
export class InstanceWriter {
  readonly #registry: ClassRegistry
  readonly #family: UriFamily

  constructor(registry: ClassRegistry, family: UriFamily) {
    this.#registry = registry
    this.#family = family
  }

  uri({ namespace, name }: RegisteredClass): string {
    return uriOf(this.#family, namespace, name)
  }

  /** @param language goes into `xml:lang`, which Windows writes for Get and leaves out in enumerations */
  instance(registered: RegisteredClass, instance: EndpointInstance, language?: string): string {
    const { name } = registered
    const lang = language === undefined ? '' : ` xml:lang="${language}"`
    const start = `<p:${name} xsi:type="p:${name}_Type"${lang} ${DECLARATIONS} xmlns:p="${this.uri(registered)}" xmlns:cim="${NS.cim}">`
    return `${start}${this.#properties(registered, instance, QUALIFIED)}</p:${name}>`
  }

  /** What a query selected of an instance: names without a namespace (MS-WSMV 3.1.4.1.13, note 58). */
  projection(registered: RegisteredClass, selected: EndpointInstance): string {
    const names = new Map(registered.properties.map((property) => [property.name.toLowerCase(), property]))
    const written = Object.entries(selected).map(([name, value]) =>
      this.#property(names.get(name.toLowerCase()) ?? { name, type: 'string' }, value, BARE, registered),
    )
    return `<w:XmlFragment ${DECLARATIONS} xmlns:w="${NS.wsman}" xmlns:m="${NS.microsoft}">${written.join('')}</w:XmlFragment>`
  }

  reference(registered: RegisteredClass, instance: EndpointInstance): string {
    return writeReference(this.uri(registered), this.#selectors(registered, instance))
  }

  /** What Create answers with, in an envelope that declares the prefixes. */
  created(registered: RegisteredClass, instance: EndpointInstance): string {
    return `<x:ResourceCreated>${referenceContent(this.uri(registered), this.#selectors(registered, instance))}</x:ResourceCreated>`
  }

  /** `<Method>_OUTPUT`: out parameters have no declared types. */
  output(registered: RegisteredClass, method: string, parameters: EndpointInstance): string {
    const start = `<p:${method}_OUTPUT xml:lang="en-US" ${DECLARATIONS} xmlns:p="${this.uri(registered)}" xmlns:cim="${NS.cim}">`
    return `${start}${this.#undeclared(parameters, QUALIFIED, registered)}</p:${method}_OUTPUT>`
  }

  /** One property alone, as it stands in a fragment. */
  fragment(registered: RegisteredClass, property: RegisteredProperty, value: EndpointValue): string {
    return this.#property(property, value, BARE, registered)
  }

  #properties(registered: RegisteredClass, instance: EndpointInstance, naming: Naming): string {
    let xml = ''
    for (const property of registered.properties) {
      xml += this.#property(property, memberOf(instance, property.name), naming, registered)
    }
    return xml
  }

  #property(
    { name, type }: Pick<RegisteredProperty, 'name' | 'type'>,
    value: EndpointValue,
    naming: Naming,
    owner: RegisteredClass,
  ): string {
    if (value === null) return `<${naming.own}${name} xsi:nil="true"/>`
    if (isArray(value)) {
      // Null elements of an array are not sent (MS-WSMV 3.1.4.1.26).
      const items = value.filter((item) => item !== null)
      return items.map((item) => this.#property({ name, type }, item, naming, owner)).join('')
    }
    return this.#element(name, value, type, naming, owner)
  }

  #element(
    name: string,
    value: Exclude<EndpointValue, null>,
    type: CimType,
    naming: Naming,
    owner: RegisteredClass,
  ): string {
    const tag = naming.own + name
    if (isScalar(value)) return `<${tag}>${scalarXml(value, type, naming.cim)}</${tag}>`
    if (isEndpointRef(value))
      return `<${tag} ${REFERENCE_DECLARATIONS}>${this.#target(value, owner)}</${tag}>`
    return isRecord(value) ? this.#embedded(tag, value, naming, owner) : ''
  }

  /** An embedded instance says its class in `__CLASS`; without one its values are written as they are. */
  #embedded(tag: string, value: EndpointInstance, naming: Naming, owner: RegisteredClass): string {
    const className = memberOf(value, '__CLASS')
    const known = typeof className === 'string' ? this.#registry.find(owner.namespace, className) : undefined
    if (!known) return `<${tag}>${this.#undeclared(value, naming, owner)}</${tag}>`
    const { name } = known
    const start = `<${tag} xsi:type="e:${name}_Type" xmlns:e="${this.uri(known)}" xmlns:cim="${NS.cim}">`
    return `${start}${this.#properties(known, value, EMBEDDED)}</${tag}>`
  }

  #undeclared(values: EndpointInstance, naming: Naming, owner: RegisteredClass): string {
    return Object.entries(values)
      .filter(([name]) => !name.startsWith('__'))
      .map(([name, value]) => this.#property({ name, type: 'string' }, value, naming, owner))
      .join('')
  }

  #target({ className, namespace, keys }: EndpointRef, owner: RegisteredClass): string {
    const space = namespace ?? owner.namespace
    const selectors = Object.entries(keys).map(
      ([name, value]) => [name, this.#selector(owner, value)] as const,
    )
    return referenceContent(uriOf(this.#family, space, className), {
      ...this.#namespaceSelector(space),
      ...Object.fromEntries(selectors),
    })
  }

  #selectors(registered: RegisteredClass, instance: EndpointInstance): ReferenceSelectors {
    const keys = registered.keys.map(({ name }) => [
      name,
      this.#selector(registered, memberOf(instance, name)),
    ])
    return {
      ...this.#namespaceSelector(registered.namespace),
      ...(Object.fromEntries(keys) as ReferenceSelectors),
    }
  }

  #selector(owner: RegisteredClass, value: EndpointValue): string | { readonly xml: string } {
    if (isEndpointRef(value)) {
      return { xml: `<a:EndpointReference>${this.#target(value, owner)}</a:EndpointReference>` }
    }
    return isScalar(value) ? keyText(value) : ''
  }

  /** References carry the namespace only where the URI does not (MS-WSMV note 45). */
  #namespaceSelector(namespace: string): ReferenceSelectors {
    return this.#family === 'dmtf' ? { [CIM_NAMESPACE]: namespace } : {}
  }
}

function isArray(value: EndpointValue): value is readonly EndpointValue[] {
  return Array.isArray(value)
}
