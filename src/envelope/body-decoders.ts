import { ProtocolError } from '../errors/errors.js'
import { TreeBuilder, type XmlElement } from '../xml/element.js'
import type { XmlAttribute, XmlStart } from '../xml/handler.js'
import type { NamespaceScope, XmlName } from '../xml/scope.js'
import type { BodyDecoder } from './decoder.js'
import { InstanceDecoder } from './instance-decoder.js'
import type { ReceivedHeaders } from './headers.js'
import type { RawValue } from './instance.js'

/** Keeps the body as a tree, for the small replies whose shape is fixed. */
export class TreeBody<T> extends TreeBuilder implements BodyDecoder<T> {
  readonly #elements: XmlElement[]
  readonly #read: (elements: readonly XmlElement[], headers: ReceivedHeaders) => T

  constructor(read: (elements: readonly XmlElement[], headers: ReceivedHeaders) => T) {
    const elements: XmlElement[] = []
    super((element) => elements.push(element))
    this.#elements = elements
    this.#read = read
  }

  result(headers: ReceivedHeaders): T {
    return this.#read(this.#elements, headers)
  }
}

/** Reads the one element of the body as a resource; `''` where the body is empty, as some services answer Put. */
export class InstanceBody<T> implements BodyDecoder<T> {
  readonly #values: RawValue[] = []
  readonly #decoder = new InstanceDecoder((value) => this.#values.push(value))
  readonly #read: (value: RawValue) => T

  constructor(read: (value: RawValue) => T) {
    this.#read = read
  }

  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void {
    this.#decoder.startElement(name, attributes, scope)
  }

  endElement(): void {
    this.#decoder.endElement()
  }

  text(text: string): void {
    this.#decoder.text(text)
  }

  leaf(start: XmlStart, text: string): void {
    this.#decoder.leaf(start, text)
  }

  result(): T {
    const [value = '', ...more] = this.#values
    if (more.length > 0) {
      throw new ProtocolError(`The reply holds ${this.#values.length} resources where one is due.`)
    }
    return this.#read(value)
  }
}
