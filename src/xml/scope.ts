import { ProtocolError } from '../errors/errors.js'
import { Budget } from './budget.js'
import { NS } from './namespaces.js'

/** A resolved name. Equal names of one scope are one object. */
export interface XmlName {
  readonly local: string
  /** The empty string for none. */
  readonly namespace: string
  /** As written; the empty string for none. */
  readonly prefix: string
}

/**
 * The namespaces in force at an element. Every item of a long enumeration declares the same ones again, so a scope
 * keeps its children by their declarations: the names resolved for one item serve all that follow.
 */
export class NamespaceScope {
  /** Around the root of a document. It outlives the document, so it learns nothing of it. */
  static readonly root = NamespaceScope.document(undefined)

  /** The declarations made here, by prefix; the default namespace under the empty string. */
  readonly declarations: ReadonlyMap<string, string>
  readonly #parent: NamespaceScope | undefined
  readonly #budget: Budget | undefined
  readonly #elements = new Map<string, XmlName>()
  readonly #attributes = new Map<string, XmlName>()
  readonly #children = new Map<string, NamespaceScope>()

  private constructor(
    parent: NamespaceScope | undefined,
    declarations: ReadonlyMap<string, string>,
    budget: Budget | undefined,
  ) {
    this.#parent = parent
    this.declarations = declarations
    this.#budget = budget
  }

  /** @param budget for what is remembered of documents here and further in; by default each document has its own */
  static document(budget: Budget | undefined): NamespaceScope {
    return new NamespaceScope(undefined, new Map([['xml', NS.xml]]), budget)
  }

  /** The namespace a prefix stands for; the default namespace for the empty string. */
  resolve(prefix: string): string | undefined {
    return this.declarations.get(prefix) ?? this.#parent?.resolve(prefix)
  }

  /** The scope inside an element with these attributes. */
  extend(attributes: Readonly<Record<string, string>>): NamespaceScope {
    let key = ''
    // NUL separates, because no value can hold it; a line break may come as a reference.
    for (const name in attributes) {
      if (name === 'xmlns' || name.startsWith('xmlns:')) key += `${name}=${attributes[name] ?? ''}\0`
    }
    if (key === '') return this
    const known = this.#children.get(key)
    if (known) return known
    const scope = new NamespaceScope(this, declarationsOf(attributes), this.#budget ?? new Budget())
    if (this.#budget?.spend(key.length)) this.#children.set(key, scope)
    return scope
  }

  elementName(qname: string): XmlName {
    return this.#elements.get(qname) ?? this.#learn(this.#elements, qname, this.resolve('') ?? '')
  }

  /** Attributes without a prefix have no namespace (Namespaces in XML, 6.2). */
  attributeName(qname: string): XmlName {
    return this.#attributes.get(qname) ?? this.#learn(this.#attributes, qname, '')
  }

  #learn(names: Map<string, XmlName>, qname: string, unprefixed: string): XmlName {
    const name = this.#parse(qname, unprefixed)
    if (this.#budget?.spend(qname.length)) names.set(qname, name)
    return name
  }

  #parse(qname: string, unprefixed: string): XmlName {
    const colon = qname.indexOf(':')
    if (colon < 0) return { local: qname, namespace: unprefixed, prefix: '' }
    const prefix = qname.slice(0, colon)
    const local = qname.slice(colon + 1)
    const namespace = this.resolve(prefix)
    if (prefix === '' || namespace === undefined || local === '' || local.includes(':')) {
      throw malformed(`The message uses the name ${qname}, whose prefix is not declared.`)
    }
    return { local, namespace, prefix }
  }
}

function declarationsOf(attributes: Readonly<Record<string, string>>): Map<string, string> {
  const declarations = new Map<string, string>()
  for (const name in attributes) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue
    const namespace = attributes[name] ?? ''
    const prefix = name.slice('xmlns:'.length)
    const allowed = name === 'xmlns' ? !isReserved(namespace) : mayStandFor(prefix, namespace)
    if (!allowed) throw malformed(`The message declares ${name} as it must not.`)
    declarations.set(prefix, namespace)
  }
  return declarations
}

/** Namespaces in XML 1.0, 3 and 5: `xml` and `xmlns` mean what they always mean, and a prefix stands for something. */
function mayStandFor(prefix: string, namespace: string): boolean {
  if (prefix === 'xml') return namespace === NS.xml
  return (
    prefix !== '' && prefix !== 'xmlns' && !prefix.includes(':') && namespace !== '' && !isReserved(namespace)
  )
}

const isReserved = (namespace: string): boolean => namespace === NS.xml || namespace === NS.xmlns

const malformed = (message: string): ProtocolError =>
  new ProtocolError(message, { code: 'ERR_WSMAN_MALFORMED_XML' })
