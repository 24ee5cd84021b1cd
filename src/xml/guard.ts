import { ProtocolError } from '../errors/errors.js'
import {
  spellOut,
  spellOutWhole,
  type XmlAttribute,
  type XmlHandler,
  type XmlPart,
  type XmlStart,
} from './handler.js'
import type { NamespaceScope, XmlName } from './scope.js'
import { MAX_AROUND } from './shape-recorder.js'

/** What a peer may send at the most; the size of the whole document is limited where it is received. */
export interface XmlLimits {
  /** Elements inside each other. */
  readonly maxDepth: number
  /** Attributes of one element. */
  readonly maxAttributes: number
  /** Characters of text between two tags. */
  readonly maxTextLength: number
}

/** Hands events on to a handler, and refuses what goes beyond the limits. */
export class Guard implements XmlHandler {
  /** Where the events go; it may hand over to another at any time. */
  handler: XmlHandler
  /** The start tags so far, for as long as somebody wants to know them. */
  starts: XmlStart[] | undefined
  readonly #limits: XmlLimits
  readonly #root: NamespaceScope
  readonly #scopes: NamespaceScope[] = []
  #scope: NamespaceScope
  #depth = 0
  /** Characters of text since the latest tag. */
  #textLength = 0

  /** @param root the scope around the document */
  constructor(handler: XmlHandler, limits: XmlLimits, root: NamespaceScope) {
    this.handler = handler
    this.#limits = limits
    this.#root = root
    this.#scope = root
  }

  /** Elements that are open. */
  get depth(): number {
    return this.#depth
  }

  /** The namespaces in force. */
  get scope(): NamespaceScope {
    return this.#scope
  }

  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void {
    this.#depth += 1
    this.#textLength = 0
    if (!this.#hasRoom(0)) throw tooLarge('the depth of elements', this.#limits.maxDepth)
    this.starts?.push({ name, attributes, scope })
    this.#scopes.push(this.#scope)
    this.#scope = scope
    this.handler.startElement(name, attributes, scope)
  }

  endElement(): void {
    this.#depth -= 1
    this.#textLength = 0
    this.#scope = this.#scopes.pop() ?? this.#root
    this.handler.endElement()
  }

  /** @param text which does not keep alive what it is part of */
  text(text: string): void {
    this.#textLength += text.length
    if (this.#textLength > this.#limits.maxTextLength) throw tooLarge('a text', this.#limits.maxTextLength)
    if (this.#depth > 0) this.handler.text(text)
  }

  leaf(start: XmlStart, text: string): void {
    if (this.handler.leaf && this.#hasRoom(1)) {
      this.starts?.push(start)
      this.#textLength = 0
      this.handler.leaf(start, text)
    } else spellOut(this, start, text)
  }

  expectsAlike(): boolean {
    return this.handler.expectsAlike?.() ?? false
  }

  whole(start: XmlStart, parts: readonly XmlPart[], texts: readonly string[]): void {
    if (this.handler.whole && this.#hasRoom(2 + MAX_AROUND)) {
      this.starts = undefined
      this.#textLength = 0
      this.handler.whole(start, parts, texts)
    } else spellOutWhole(this, start, parts, texts)
  }

  /** Whether so many more elements may stand inside each other. */
  #hasRoom(depth: number): boolean {
    return this.#depth + depth <= this.#limits.maxDepth
  }
}

export function tooLarge(what: string, limit: number): ProtocolError {
  return new ProtocolError(`The message exceeds the limit of ${limit} on ${what}.`, {
    code: 'ERR_WSMAN_LIMIT',
  })
}
