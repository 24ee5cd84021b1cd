import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { ProtocolError } from '../errors/errors.js'
import { isWsmanError } from '../errors/wsman-error.js'
import { Budget } from './budget.js'
import { Guard, tooLarge, type XmlLimits } from './guard.js'
import type { XmlAttribute, XmlHandler, XmlStart } from './handler.js'
import { endOfPlain, KnownTagReader } from './known-tag-reader.js'
import { KnownDocuments, MAX_DOCUMENT_LENGTH, tell } from './known-documents.js'
import { KnownTags } from './known-tags.js'
import { NamespaceScope } from './scope.js'
import { detached, NOTHING, TextChunk, TextChunks } from './text-chunks.js'
import type { Vocabulary } from './vocabulary.js'

export const DEFAULT_XML_LIMITS: XmlLimits = {
  maxDepth: 128,
  maxAttributes: 256,
  maxTextLength: 64 * 1024 * 1024,
}

const NO_ATTRIBUTES: readonly XmlAttribute[] = []

/** After so many pieces of a chunk that did not end with a tag, the rest goes to the tokenizer as a whole. */
const MAX_STRAY_PIECES = 8

/**
 * Reads a document from bytes as they arrive: UTF-8 or UTF-16, no DTD, no processing instructions (SOAP 1.2 part 1,
 * section 5), bounded. saxes tokenizes; namespaces are resolved here because that is a third cheaper.
 * Elements whose start tags are known already are read without it, which spares most of the time of a long enumeration,
 * and with a vocabulary all the time of a message like one before.
 */
export class XmlReader {
  readonly #guard: Guard
  #parser: SaxesParser | undefined
  readonly #chunks = new TextChunks()
  readonly #limits: XmlLimits
  readonly #tags: KnownTags | undefined
  #known: KnownTagReader | undefined
  readonly #root: NamespaceScope
  #started = false
  /** Characters given to the tokenizer. */
  #given = 0
  /** After how many of them the latest tag ended. */
  #tagEnd = 0
  /** It is being told of elements that have been handed on already. */
  #isCatchingUp = false
  /** An element that begins like many before it and is cut, and its end tag. */
  #held: { readonly text: string; readonly end: string } | undefined
  readonly #documents: KnownDocuments | undefined
  /** The whole document, where it was one like an earlier one. */
  #whole: string | undefined
  /** A short document that looks like none before. */
  #fresh: string | undefined
  /** What the latest start tag said, and the scope around it. */
  #opened: { readonly outer: NamespaceScope; readonly start: XmlStart } | undefined

  /** @param vocabulary of documents with these limits; by default each document learns for itself */
  constructor(handler: XmlHandler, limits?: Partial<XmlLimits>, vocabulary?: Vocabulary) {
    this.#limits = limits === undefined ? DEFAULT_XML_LIMITS : { ...DEFAULT_XML_LIMITS, ...limits }
    this.#root = vocabulary?.root ?? NamespaceScope.root
    this.#guard = new Guard(handler, this.#limits, this.#root)
    this.#tags = vocabulary?.tags
    this.#documents = vocabulary?.documents
  }

  /** Where the events go; a handler may hand over to another at any time. */
  get handler(): XmlHandler {
    return this.#guard.handler
  }

  set handler(handler: XmlHandler) {
    this.#guard.handler = handler
  }

  /** @throws ProtocolError for what is not well-formed, forbidden in SOAP, or over a limit */
  write(bytes: Uint8Array): void {
    this.#feed(this.#chunks.decode(bytes))
  }

  /** @throws ProtocolError when the document is not complete */
  end(): void {
    this.#feed(this.#chunks.end())
    this.#tokenize(() => this.#release(NOTHING))
    if (!this.#started) throw malformed('it is empty')
    if (!this.#isOver) {
      this.#tokenize(() => {
        this.#handOver()
        this.#tokenizer().close()
      })
    }
    const { starts } = this.#guard
    if (this.#fresh !== undefined && starts) this.#documents?.learn(this.#fresh, starts)
  }

  /** Some services send white space before the XML declaration, where the grammar has no place for it. */
  #feed(chunk: TextChunk): void {
    const rest = this.#started ? chunk : chunk.trimStart()
    if (rest.text === '') return
    // What comes in pieces is not remembered as a whole.
    this.#fresh = this.#guard.starts = undefined
    this.#tokenize(() => {
      const at = this.#started ? this.#release(rest) : this.#begin(rest)
      this.#started = true
      this.#read(rest, at, true)
    })
  }

  /** @returns how much of the document has been read: all of it where it is like one before */
  #begin(chunk: TextChunk): number {
    const { text } = chunk
    if (this.#documents !== undefined && text.length <= MAX_DOCUMENT_LENGTH && !this.#chunks.isWide) {
      const known = this.#documents.find(chunk, this.#limits.maxTextLength)
      if (known !== undefined) {
        this.#whole = text
        tell(known, this.#guard)
        return text.length
      }
      this.#fresh = text
      this.#guard.starts = []
    }
    return this.#knownTags().begin(chunk, this.#root)
  }

  /** Whether the document was read to its end without the tokenizer. */
  get #isOver(): boolean {
    return this.#whole !== undefined || this.#known?.isOver === true
  }

  /**
   * Reads what was held back, together with what is missing of it.
   * @param next what has come now; where the end is not in it either, all of it is read, so that nothing is held twice
   * @returns where to go on in it
   */
  #release({ text }: TextChunk): number {
    if (this.#held === undefined) return 0
    const { text: held, end } = this.#held
    this.#held = undefined
    const found = text.indexOf(end)
    const at = found < 0 ? text.length : found + end.length
    this.#read(new TextChunk(held + text.slice(0, at)), 0, false)
    return at
  }

  #read(chunk: TextChunk, start: number, mayHold: boolean): void {
    const { text } = chunk
    let at = start
    for (let strays = 0; at < text.length;) {
      if (this.#isBetweenTags()) {
        // Long text that needs no look at each character.
        if (this.handler.checksText?.() === true) at += this.#passText(chunk, at)
        const known = this.#knownTags()
        at = known.take(chunk, at, this.#guard.scope, mayHold)
        const end = known.awaited
        if (end !== undefined) {
          this.#held = { text: text.slice(at), end }
          return
        }
        if (this.#guard.depth > 0) at += this.#passText(chunk, at)
        if (at === text.length) return
      }
      if (this.#isOver && isBlank(text, at)) return
      this.#handOver()
      const end = strays < MAX_STRAY_PIECES ? endOfTag(text, at) : text.length
      this.#give(text.slice(at, end))
      if (!this.#isBetweenTags()) strays += 1
      at = end
    }
  }

  /** Whether the tokenizer has just ended a tag inside of the root: it remembers nothing then but what is open. */
  #isBetweenTags(): boolean {
    return this.#tagEnd === this.#given && this.#guard.depth > 0
  }

  /**
   * Lets text go past the tokenizer that needs no closer look.
   * @returns its length
   */
  #passText({ text }: TextChunk, at: number): number {
    const next = text.indexOf('<', at)
    if (next === at) return 0
    const run = text.slice(at, next < 0 ? text.length : next)
    const isChecked = this.handler.checksText?.() ?? false
    const isPlain = isChecked ? !run.includes('&') && !run.includes(']') : endOfPlain(run, 0) === run.length
    if (!isPlain) return 0
    this.#guard.text(detached(run))
    return run.length
  }

  /** Gives a piece to the tokenizer; where it was one start tag, that is remembered. */
  #give(piece: string): void {
    const mayLearn = this.#given === 0 || this.#isBetweenTags()
    this.#opened = undefined
    this.#given += piece.length
    this.#tokenizer().write(piece)
    if (mayLearn && this.#isBetweenTags()) this.#learn(piece)
  }

  #learn(piece: string): void {
    if (this.#opened === undefined) return
    const { outer, start } = this.#opened
    this.#knownTags().learn(outer, piece.slice(piece.indexOf('<')), start)
  }

  /** Lets the tokenizer catch up with what was read without it. */
  #handOver(): void {
    const tags = this.#whole ?? this.#known?.handOver() ?? ''
    this.#whole = undefined
    if (tags === '') return
    this.#given += tags.length
    this.#isCatchingUp = true
    this.#tokenizer().write(tags)
    this.#isCatchingUp = false
  }

  #knownTags(): KnownTagReader {
    this.#known ??= new KnownTagReader(
      this.#tags ?? new KnownTags(new Budget()),
      this.#guard,
      this.#limits.maxTextLength,
    )
    return this.#known
  }

  /** Made when it is needed: making it costs as much as reading a short message. */
  #tokenizer(): SaxesParser {
    if (this.#parser) return this.#parser
    const parser = new SaxesParser({
      xmlns: false,
      position: false,
      defaultXMLVersion: '1.0',
      forceXMLVersion: true,
    })
    this.#parser = parser
    // Few handlers on purpose: with more than seven the tokenizer's object falls out of V8's fast mode, and everything
    // takes eight times as long.
    parser.on('opentag', (tag) => {
      this.#tagEnd = parser.position
      if (!this.#isCatchingUp) this.#open(tag, parser)
    })
    parser.on('closetag', () => {
      this.#tagEnd = parser.position
      if (!this.#isCatchingUp) this.#guard.endElement()
    })
    const text = (value: string): void => {
      this.#guard.text(detached(value))
    }
    parser.on('text', text)
    parser.on('cdata', text)
    parser.on('doctype', () => {
      throw malformed('it holds a document type definition')
    })
    parser.on('processinginstruction', () => {
      throw malformed('it holds a processing instruction')
    })
    return parser
  }

  /** The tokenizer throws plain errors; what the handlers throw is typed and passes. */
  #tokenize(step: () => unknown): void {
    try {
      step()
    } catch (error) {
      throw isWsmanError(error) ? error : malformed((error as Error).message.replace(/\.$/, ''))
    }
  }

  #open(tag: SaxesTagPlain, { xmlDecl }: SaxesParser): void {
    if (this.#guard.depth === 0) this.#checkDeclaration(xmlDecl.encoding)
    const outer = this.#guard.scope
    const scope = outer.extend(tag.attributes)
    const start = {
      name: scope.elementName(tag.name),
      attributes: this.#attributes(tag.attributes, scope),
      scope,
    }
    this.#opened = { outer, start }
    this.#guard.startElement(start.name, start.attributes, scope)
  }

  #attributes(attributes: Readonly<Record<string, string>>, scope: NamespaceScope): readonly XmlAttribute[] {
    let list: XmlAttribute[] | undefined
    let count = 0
    for (const name in attributes) {
      if (++count > this.#limits.maxAttributes) {
        throw tooLarge('the number of attributes', this.#limits.maxAttributes)
      }
      if (name === 'xmlns' || name.startsWith('xmlns:')) continue
      list ??= []
      list.push({ name: scope.attributeName(name), value: attributes[name] ?? '' })
    }
    return list ?? NO_ATTRIBUTES
  }

  #checkDeclaration(encoding = ''): void {
    if (/^utf-?16/i.test(encoding) && !this.#chunks.isWide)
      throw malformed(`it declares ${encoding} and is not`)
  }
}

/** Whether nothing but white space is left from here on. */
function isBlank(text: string, at: number): boolean {
  BLANK.lastIndex = at
  return BLANK.test(text)
}

const BLANK = /[ \t\r\n]*$/y

/** The end of the first tag from here on, or of the text. */
function endOfTag(text: string, at: number): number {
  const open = text.indexOf('<', at)
  const close = open < 0 ? -1 : text.indexOf('>', open)
  return close < 0 ? text.length : close + 1
}

function malformed(reason: string): ProtocolError {
  return new ProtocolError(`The message is not acceptable XML: ${reason}.`, {
    code: 'ERR_WSMAN_MALFORMED_XML',
  })
}
