import type { Budget } from './budget.js'
import { ElementShape, type Tag } from './element-shape.js'
import type { XmlStart } from './handler.js'
import type { NamespaceScope } from './scope.js'

/** A start tag that was read before: its characters, and what they mean in the scope that they stand in. */
export class KnownTag implements Tag {
  readonly name: XmlStart['name']
  readonly attributes: XmlStart['attributes']
  readonly scope: NamespaceScope
  /** The end tag that belongs to it; the empty string where the tag ends its element itself. */
  readonly end: string
  /** How the elements look that it begins, where there are many. */
  shape: ElementShape | undefined
  #next: KnownTag | undefined
  /** The end tag, and the start tag that came after it the last time. */
  #endAndNext = ''

  constructor(
    /** The scope that it stands in. */
    readonly outer: NamespaceScope,
    readonly literal: string,
    { name, attributes, scope }: XmlStart,
  ) {
    this.name = name
    this.attributes = attributes
    this.scope = scope
    const qname = name.prefix === '' ? name.local : `${name.prefix}:${name.local}`
    this.end = literal.endsWith('/>') ? '' : `</${qname}>`
  }

  /** @param next the start tag that came after this element */
  expect(next: KnownTag): void {
    if (this.#next === next || this.outer !== next.outer) return
    this.#next = next
    this.#endAndNext = this.end + next.literal
  }

  /** The start tag that came next the last time, where it stands at this place, which is right behind this element. */
  followerAt(text: string, at: number): KnownTag | undefined {
    return this.#next !== undefined && text.startsWith(this.#next.literal, at) ? this.#next : undefined
  }

  /** The start tag that came next the last time, where both the end tag and that one stand at this place. */
  nextAt(text: string, at: number): KnownTag | undefined {
    return this.#next !== undefined && text.startsWith(this.#endAndNext, at) ? this.#next : undefined
  }
}

const MAX_TAG_LENGTH = 512

/** The start tags that were read already, by the scope that they stand in. */
export class KnownTags {
  readonly #scopes = new Map<NamespaceScope, Map<string, KnownTag>>()
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** @param literal the characters of the tag, which stands in the scope `outer` */
  learn(outer: NamespaceScope, literal: string, start: XmlStart): void {
    const tags = this.#scopes.get(outer) ?? new Map<string, KnownTag>()
    if (literal.length > MAX_TAG_LENGTH || tags.has(literal) || !this.#budget.spend(literal.length)) return
    tags.set(literal, new KnownTag(outer, literal, start))
    this.#scopes.set(outer, tags)
  }

  /** The shape of the elements that begin with this tag. */
  shapeOf(tag: KnownTag): ElementShape {
    return (tag.shape ??= new ElementShape(tag, this.#budget))
  }

  /** The tag that begins at this place, if it is known. */
  find(outer: NamespaceScope, text: string, at: number): KnownTag | undefined {
    const end = text.indexOf('>', at)
    if (end < 0 || end - at >= MAX_TAG_LENGTH) return undefined
    return this.#scopes.get(outer)?.get(text.slice(at, end + 1))
  }
}
