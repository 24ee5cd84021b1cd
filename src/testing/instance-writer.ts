import { NS } from '../xml/namespaces.js'
import { isScalar, scalarXml } from './cim-value-writer.js'
import type { ClassRegistry } from './class-registry.js'
import type { RegisteredClass, RegisteredMethod, RegisteredProperty } from './registered-class.js'
import { CIM_NAMESPACE, uriOf, type UriFamily } from './class-uri.js'
import { keyText } from './key-values.js'
import { referenceContent, writeReference, type ReferenceSelectors } from './reference-writer.js'
import type { EndpointInstance, EndpointRef, EndpointValue, ValueDefinition } from './types.js'
import { isEndpointRef, isRecord, memberOf } from './wql/values.js'

const DECLARATIONS = `xmlns:xsi="${NS.xsi}"`
const REFERENCE_DECLARATIONS = `xmlns:a="${NS.addressing}" xmlns:w="${NS.wsman}"`

/** A property or a parameter. */
type Declared = Pick<ValueDefinition, 'type' | 'embedded'> & { readonly name: string }

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

  /** `<Method>_OUTPUT`: what nobody declared is written as it is. */
  output(registered: RegisteredClass, method: RegisteredMethod, parameters: EndpointInstance): string {
    const name = `p:${method.name}_OUTPUT`
    const start = `<${name} xml:lang="en-US" ${DECLARATIONS} xmlns:p="${this.uri(registered)}" xmlns:cim="${NS.cim}">`
    return `${start}${this.#values(parameters, method.parameters ?? [], QUALIFIED, registered)}</${name}>`
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

  #property(declared: Declared, value: EndpointValue, naming: Naming, owner: RegisteredClass): string {
    const { name } = declared
    if (value === null) return `<${naming.own}${name} xsi:nil="true"/>`
    if (isArray(value)) {
      // Null elements of an array are not sent (MS-WSMV 3.1.4.1.26).
      const items = value.filter((item) => item !== null)
      return items.map((item) => this.#property(declared, item, naming, owner)).join('')
    }
    return this.#element(declared, value, naming, owner)
  }

  #element(
    { name, type, embedded }: Declared,
    value: Exclude<EndpointValue, null>,
    naming: Naming,
    owner: RegisteredClass,
  ): string {
    const tag = naming.own + name
    if (isScalar(value)) return `<${tag}>${scalarXml(value, type, naming.cim)}</${tag}>`
    if (isEndpointRef(value))
      return `<${tag} ${REFERENCE_DECLARATIONS}>${this.#target(value, owner)}</${tag}>`
    if (!isRecord(value)) return ''
    const className = memberOf(value, '__CLASS') ?? embedded
    const known = typeof className === 'string' ? this.#registry.find(owner.namespace, className) : undefined
    return this.#embedded(tag, value, known, naming, owner)
  }

  /** An embedded instance says its class in `__CLASS`, or its property does; else its values are written as they are. */
  #embedded(
    tag: string,
    value: EndpointInstance,
    known: RegisteredClass | undefined,
    naming: Naming,
    owner: RegisteredClass,
  ): string {
    if (!known) return `<${tag}>${this.#values(value, [], naming, owner)}</${tag}>`
    const { name } = known
    const start = `<${tag} xsi:type="e:${name}_Type" xmlns:e="${this.uri(known)}" xmlns:cim="${NS.cim}">`
    return `${start}${this.#properties(known, value, EMBEDDED)}</${tag}>`
  }

  #values(
    values: EndpointInstance,
    declared: readonly Declared[],
    naming: Naming,
    owner: RegisteredClass,
  ): string {
    const byName = new Map(declared.map((value) => [value.name.toLowerCase(), value]))
    return Object.entries(values)
      .filter(([name]) => !name.startsWith('__'))
      .map(([name, value]) =>
        this.#property(byName.get(name.toLowerCase()) ?? { name, type: 'string' }, value, naming, owner),
      )
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
