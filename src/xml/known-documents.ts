import type { Budget } from './budget.js'
import { outlineOf, type Gap, type Outline, type Told } from './document-outline.js'
import { passLeaf, type XmlHandler, type XmlStart } from './handler.js'
import type { TextChunk } from './text-chunks.js'

/** Longer documents are not remembered as a whole. */
export const MAX_DOCUMENT_LENGTH = 8192

/** What a place of a document takes up, in characters. */
const TOLD_COST = 64

/** Nothing but tags and characters that mean themselves: no reference, no CDATA, no line end to normalize. */
const PLAIN = /^[^\0-\x08\x0b-\x1f&\]\ufffe\uffff]*$/

/** What a value then consists of that means itself, whatever it is quoted with. */
const PLAIN_VALUE = /[^\t\n<"']*/y

/** A piece of documents that does not change, and what comes behind it. */
class Piece {
  /** Those that may follow behind the gap, longest first: a shorter one may be how a longer one begins. */
  readonly next: Piece[] = []

  constructor(
    readonly literal: string,
    /** What stands behind it; undefined where the document ends. */
    readonly gap: Gap | undefined,
    /** What the document tells that ends here. */
    readonly told: readonly Told[],
  ) {}
}

/** A document that looks like one before: what it tells, and what stands in its gaps. */
export interface KnownDocument {
  readonly told: readonly Told[]
  readonly values: readonly string[]
}

/**
 * Short documents that were read already, without what stands in their gaps. The replies of a service to the same
 * request differ in nothing else, so most of them need only be compared, whatever names and ids are in them.
 */
export class KnownDocuments {
  readonly #first: Piece[] = []
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** @param starts the start tags in the document, which was read without an error */
  learn(text: string, starts: readonly XmlStart[]): void {
    const outline = outlineOf(text, starts)
    if (outline !== undefined) this.#remember(outline)
  }

  /** @returns undefined where no document was like this one */
  find(chunk: TextChunk, maxTextLength: number): KnownDocument | undefined {
    const { text } = chunk
    if (!PLAIN.test(text)) return undefined
    const values: string[] = []
    let pieces = this.#first
    let at = 0
    for (;;) {
      const piece = pieceAt(pieces, text, at)
      if (piece === undefined) return undefined
      at += piece.literal.length
      if (piece.gap === undefined) return at === text.length ? { told: piece.told, values } : undefined
      const end = piece.gap === 'text' ? text.indexOf('<', at) : endOfValue(text, at)
      if (end < at || end - at > maxTextLength) return undefined
      values.push(chunk.slice(at, end))
      at = end
      pieces = piece.next
    }
  }

  #remember({ pieces, gaps, told }: Outline): void {
    let siblings = this.#first
    for (const [index, literal] of pieces.entries()) {
      const gap = gaps[index]
      let piece = siblings.find((known) => known.literal === literal && known.gap === gap)
      if (piece === undefined) {
        const ends = gap === undefined ? told : []
        if (!this.#budget.spend(literal.length + ends.length * TOLD_COST)) return
        piece = new Piece(literal, gap, ends)
        siblings.push(piece)
        siblings.sort((one, other) => other.literal.length - one.literal.length)
      }
      siblings = piece.next
    }
  }
}

function pieceAt(pieces: readonly Piece[], text: string, at: number): Piece | undefined {
  for (const piece of pieces) if (text.startsWith(piece.literal, at)) return piece
  return undefined
}

function endOfValue(text: string, at: number): number {
  PLAIN_VALUE.lastIndex = at
  PLAIN_VALUE.test(text)
  return PLAIN_VALUE.lastIndex
}

/** Tells a document as if it were read tag by tag. */
export function tell({ told, values }: KnownDocument, handler: XmlHandler): void {
  let used = 0
  for (const { kind, start, names, text } of told) {
    if (start === undefined) {
      if (kind === 'text') handler.text(text)
      else handler.endElement()
      continue
    }
    const begun = names.length === 0 ? start : filled(start, names, values, used)
    used += names.length
    if (kind === 'start') handler.startElement(begun.name, begun.attributes, begun.scope)
    else passLeaf(handler, begun, kind === 'leaf' ? (values[used++] ?? '') : '')
  }
}

function filled(
  { name, scope }: XmlStart,
  names: Told['names'],
  values: readonly string[],
  first: number,
): XmlStart {
  const attributes = names.map((attribute, index) => ({
    name: attribute,
    value: values[first + index] ?? '',
  }))
  return { name, attributes, scope }
}
