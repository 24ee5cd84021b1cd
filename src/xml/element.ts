import type { XmlAttribute, XmlHandler, XmlStart } from './handler.js'
import type { NamespaceScope, XmlName } from './scope.js'

/** An element that was read: everything in it, in order. */
export class XmlElement {
  constructor(
    readonly name: XmlName,
    readonly attributes: readonly XmlAttribute[],
    readonly scope: NamespaceScope,
    readonly children: (XmlElement | string)[] = [],
  ) {}

  /** All text directly inside, joined. */
  get text(): string {
    let text = ''
    for (const child of this.children) if (typeof child === 'string') text += child
    return text
  }

  get elements(): XmlElement[] {
    return this.children.filter((child) => typeof child !== 'string')
  }

  is(namespace: string, local: string): boolean {
    return this.name.local === local && this.name.namespace === namespace
  }

  /** The first child of that name. */
  child(namespace: string, local: string): XmlElement | undefined {
    for (const child of this.children) {
      if (typeof child !== 'string' && child.is(namespace, local)) return child
    }
    return undefined
  }

  all(namespace: string, local: string): XmlElement[] {
    return this.elements.filter((child) => child.is(namespace, local))
  }

  /** Trimmed text of the first child of that name. */
  childText(namespace: string, local: string): string | undefined {
    return this.child(namespace, local)?.text.trim()
  }

  /** The value of an attribute; without a namespace unless one is given. */
  attribute(local: string, namespace = ''): string | undefined {
    return this.attributes.find(({ name }) => name.local === local && name.namespace === namespace)?.value
  }
}

/** An element with nothing but text in it. */
export function leafElement({ name, attributes, scope }: XmlStart, text: string): XmlElement {
  // V8 gives an array that grows room for 17.
  return new XmlElement(name, attributes, scope, text === '' ? [] : [text])
}

/** Builds the element it is started with, then tells its parent. */
export class TreeBuilder implements XmlHandler {
  readonly #open: XmlElement[] = []
  readonly #done: (root: XmlElement) => void

  constructor(done: (root: XmlElement) => void) {
    this.#done = done
  }

  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void {
    const element = new XmlElement(name, attributes, scope)
    this.#open.at(-1)?.children.push(element)
    this.#open.push(element)
  }

  endElement(): void {
    const element = this.#open.pop()
    if (element && this.#open.length === 0) this.#done(element)
  }

  leaf(start: XmlStart, text: string): void {
    const element = leafElement(start, text)
    const parent = this.#open.at(-1)
    if (parent) parent.children.push(element)
    else this.#done(element)
  }

  text(text: string): void {
    const children = this.#open.at(-1)?.children
    const last = children?.at(-1)
    if (typeof last === 'string') children?.splice(-1, 1, last + text)
    else children?.push(text)
  }
}
