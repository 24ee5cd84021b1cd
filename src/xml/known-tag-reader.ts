import { passLeaf, passWhole, type XmlHandler, type XmlPart, type XmlStart } from './handler.js'
import type { KnownTag, KnownTags } from './known-tags.js'
import { REFERENCE, resolveReferences } from './references.js'
import type { NamespaceScope } from './scope.js'
import { ShapeRecorder } from './shape-recorder.js'
import type { TextChunk } from './text-chunks.js'

/** A run of characters that mean themselves: no markup, no reference, no line end to normalize, nothing forbidden. */
const PLAIN = /[^\0-\x08\x0b-\x1f&<\]\ufffe\uffff]*/y

const LESS_THAN = 0x3c
const AMPERSAND = 0x26

/**
 * Reads elements whose start tags have been read before by comparing characters instead of parsing them: the items of
 * an enumeration repeat the same tags in the same order, and hold nothing but plain text. Where many have looked alike
 * the next ones are taken whole. Whatever is anything else is left to the tokenizer, which is told of the elements that
 * are open then; so it alone says what is well-formed.
 */
export class KnownTagReader {
  readonly #tags: KnownTags
  readonly #sink: XmlHandler
  readonly #maxTextLength: number
  /** The elements that were begun here and have not ended. */
  #open: KnownTag[] = []
  /** The root, where it was begun here. */
  #root: KnownTag | undefined
  #recorder: ShapeRecorder | undefined
  /** The parts of the element that was read whole last, and their texts. */
  readonly #parts: XmlPart[] = []
  readonly #texts: string[] = []
  /** The end of the element that was not taken because it is cut. */
  #awaited: string | undefined

  constructor(tags: KnownTags, sink: XmlHandler, maxTextLength: number) {
    this.#tags = tags
    this.#sink = sink
    this.#maxTextLength = maxTextLength
  }

  /** @param literal the characters of the start tag, which stands in the scope `outer` */
  learn(outer: NamespaceScope, literal: string, start: XmlStart): void {
    this.#tags.learn(outer, literal, start)
  }

  /** Whether a whole document was read here, from its root to the end of that. */
  get isOver(): boolean {
    return this.#root !== undefined && this.#open.length === 0
  }

  /** The end tag of an element that is better taken with what is still to come: it begins where the last call stopped. */
  get awaited(): string | undefined {
    return this.#awaited
  }

  /** For the tokenizer, what was begun here: the start tags of the elements that are open, or the root that is over. */
  handOver(): string {
    const tags = this.isOver ? `${this.#root?.literal ?? ''}${this.#root?.end ?? ''}` : literals(this.#open)
    this.#root = undefined
    this.#recorder = undefined
    this.#open = []
    return tags
  }

  /**
   * Begins a document, at the start of which this chunk stands.
   * @param outer the scope around the root
   * @returns where the root has begun; 0 where it is not known
   */
  begin({ text }: TextChunk, outer: NamespaceScope): number {
    const root = this.#tags.find(outer, text, 0)
    if (root === undefined || root.end === '') return 0
    this.#root = root
    this.#begin(root)
    return root.literal.length
  }

  /**
   * Takes all it can from here on, which is between two tags inside of the root.
   * @param outer the scope at this place
   * @param mayWait whether an element that is cut may be left for later
   * @returns where something else begins, or where the document is over
   */
  take(chunk: TextChunk, start: number, outer: NamespaceScope, mayWait: boolean): number {
    const { text } = chunk
    this.#awaited = undefined
    const outermost = this.#open[0]?.outer ?? outer
    let at = start
    let tag: KnownTag | undefined
    /** The element that ended last, directly inside of the innermost one that is open. */
    let latest: KnownTag | undefined
    // A look beyond the end would have V8 compile all of this again.
    while (at < text.length) {
      if (tag === undefined) {
        const markup = text.charCodeAt(at) === LESS_THAN ? at : endOfPlain(text, at)
        const around = this.#open.at(-1)
        const ending = around !== undefined && text.startsWith(around.end, markup) ? around : undefined
        if (ending === undefined) {
          tag = latest?.followerAt(text, markup) ?? this.#tags.find(around?.scope ?? outermost, text, markup)
        }
        if ((ending ?? tag) === undefined || markup - at > this.#maxTextLength) return at
        if (markup > at) this.#sink.text(chunk.slice(at, markup))
        at = markup
        if (tag === undefined) {
          latest = this.#end()
          at += latest?.end.length ?? 0
          if (this.isOver) return at
          continue
        }
        latest?.expect(tag)
      }
      if (tag.shape?.isKnown === true) {
        const end = this.#takeAlike(tag, chunk, at)
        if (end > at) {
          latest = tag
          tag = undefined
          at = end
          continue
        }
        if (mayWait && !text.includes(tag.end, at)) {
          this.#awaited = tag.end
          return at
        }
      }
      const inside: number = at + tag.literal.length
      const isEmpty = tag.end === ''
      if (!isEmpty && inside > chunk.lastMarkup) {
        // The rest is its text, which is handed on as it comes.
        this.#begin(tag)
        return inside
      }
      const plain = isEmpty ? inside : endOfPlain(text, inside)
      const close = !isEmpty && text.charCodeAt(plain) === AMPERSAND ? endOfReferenced(text, plain) : plain
      if (close - inside > this.#maxTextLength) return at
      const next = tag.nextAt(text, close)
      if (next !== undefined || text.startsWith(tag.end, close)) {
        const value = chunk.slice(inside, close)
        passLeaf(this.#sink, tag, close === plain ? value : resolveReferences(value))
        this.#recorder?.leaf(tag)
        latest = tag
        at = close + tag.end.length
        tag = next
      } else if (text.charCodeAt(close) === LESS_THAN) {
        this.#begin(tag)
        at = inside
        tag = latest = undefined
      } else return at
    }
    return at
  }

  /**
   * Takes whole all the elements in a row that begin with this tag and look as they are known to.
   * @returns where the last of them ends; where it started if there is none
   */
  #takeAlike(tag: KnownTag, chunk: TextChunk, start: number): number {
    for (let at = start; ;) {
      const end = tag.shape?.read(chunk, at, this.#parts, this.#texts) ?? -1
      if (end < 0 || end - at > this.#maxTextLength) return at
      passWhole(this.#sink, tag, this.#parts, this.#texts)
      at = end
    }
  }

  #begin(tag: KnownTag): void {
    if (this.#recorder !== undefined && !this.#recorder.isOver) this.#recorder.start(tag)
    else if (this.#sink.expectsAlike?.()) {
      const shape = this.#tags.shapeOf(tag)
      this.#recorder = shape.meet() ? new ShapeRecorder(shape) : undefined
    }
    this.#open.push(tag)
    this.#sink.startElement(tag.name, tag.attributes, tag.scope)
  }

  /** Ends the innermost element. */
  #end(): KnownTag | undefined {
    const tag = this.#open.pop()
    if (tag !== undefined) {
      this.#recorder?.end()
      this.#sink.endElement()
    }
    return tag
  }
}

const literals = (tags: readonly KnownTag[]): string => tags.map(({ literal }) => literal).join('')

/** Up to so many characters looking at each is faster than asking the expression. */
const SHORT = 32
const CLOSING_BRACKET = 0x5d

/** The end of a run of characters that mean themselves. */
export function endOfPlain(text: string, at: number): number {
  const limit = Math.min(text.length, at + SHORT)
  let end = at
  while (end < limit && isPlainAscii(text.charCodeAt(end))) end += 1
  if (end < limit && text.charCodeAt(end) === LESS_THAN) return end
  PLAIN.lastIndex = end
  PLAIN.test(text)
  return PLAIN.lastIndex
}

const isPlainAscii = (code: number): boolean =>
  code >= 0x20 && code < 0x7f && code !== LESS_THAN && code !== AMPERSAND && code !== CLOSING_BRACKET

/** The end of text with references in it, from one of them on. */
function endOfReferenced(text: string, at: number): number {
  for (let end = at; ; end = endOfPlain(text, end)) {
    REFERENCE.lastIndex = end
    if (!REFERENCE.test(text)) return end
    end = REFERENCE.lastIndex
  }
}
