import type { BodyDecoder } from '../envelope/decoder.js'
import { ProtocolError } from '../errors/errors.js'
import { NS } from '../xml/namespaces.js'
import {
  passLeaf,
  spellOut,
  spellOutWhole,
  type XmlAttribute,
  type XmlHandler,
  type XmlPart,
  type XmlStart,
} from '../xml/handler.js'
import type { NamespaceScope, XmlName } from '../xml/scope.js'

/** What one reply of an enumeration brought. */
export interface Page<T> {
  readonly items: T[]
  /** Where to go on; undefined where the peer named no context. */
  readonly context: string | undefined
  /** Whether the peer said that nothing follows. */
  readonly end: boolean
}

/** Decodes the elements directly inside `Items`, and hands each value on as soon as it has ended. */
export type ItemDecoderFactory<T> = (deliver: (item: T) => void) => XmlHandler

/**
 * Decodes EnumerateResponse and PullResponse while they arrive. `Items` and `EndOfSequence` stand in the namespace
 * of WS-Enumeration or of WS-Management (MS-WSMV 3.1.4.1.16), so the local name decides.
 */
export class PageBody<T> implements BodyDecoder<Page<T>> {
  readonly #root: string
  readonly #items: T[] = []
  readonly #decoder: XmlHandler
  #depth = 0
  #sawRoot = false
  #section = ''
  #context: string | undefined
  #end = false

  constructor(root: 'EnumerateResponse' | 'PullResponse', items: ItemDecoderFactory<T>) {
    this.#root = root
    this.#decoder = items((item) => this.#items.push(item))
  }

  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void {
    this.#depth += 1
    if (this.#depth > 2) {
      if (this.#section === 'Items') this.#decoder.startElement(name, attributes, scope)
      return
    }
    if (name.namespace !== NS.enumeration && name.namespace !== NS.wsman) return
    if (this.#depth === 1) this.#sawRoot ||= name.local === this.#root
    else {
      this.#section = name.local
      if (name.local === 'EndOfSequence') this.#end = true
      if (name.local === 'EnumerationContext') this.#context = ''
    }
  }

  endElement(): void {
    this.#depth -= 1
    if (this.#depth > 1) {
      if (this.#section === 'Items') this.#decoder.endElement()
    } else this.#section = ''
  }

  text(text: string): void {
    if (this.#section === 'Items') {
      if (this.#depth > 2) this.#decoder.text(text)
    } else if (this.#section === 'EnumerationContext') this.#context = (this.#context ?? '') + text
  }

  leaf(start: XmlStart, text: string): void {
    if (this.#depth > 1 && this.#section === 'Items') passLeaf(this.#decoder, start, text)
    else spellOut(this, start, text)
  }

  expectsAlike(): boolean {
    return this.#depth === 2 && this.#section === 'Items'
  }

  whole(start: XmlStart, parts: readonly XmlPart[], texts: readonly string[]): void {
    const isItem = this.#depth > 1 && this.#section === 'Items'
    spellOutWhole(isItem ? this.#decoder : this, start, parts, texts)
  }

  result(): Page<T> {
    if (!this.#sawRoot) throw new ProtocolError(`The reply holds no ${this.#root}.`)
    // V8 comes to make these arrays in old memory, where one that is gone would keep its items alive for long.
    const items = this.#items.splice(0)
    return { items, context: this.#context?.trim() || undefined, end: this.#end }
  }
}
