import { TreeBuilder, type XmlElement } from '../xml/element.js'
import type { XmlAttribute, XmlHandler } from '../xml/handler.js'
import { XmlReader } from '../xml/reader.js'
import type { NamespaceScope, XmlName } from '../xml/scope.js'

/** Takes what a CLIXML stream holds, in its order. */
export interface CliXmlSink {
  /** Text that stood beside CLIXML, or was not acceptable as such. */
  text(text: string): void
  /** One serialized object: a child of `Objs` (MS-PSRP 2.2.5). */
  item(element: XmlElement): void
}

const MARK = '#< CLIXML'
/** The mark is a line of its own. */
const MARK_LINE = /#< CLIXML\r?\n/
const ROOT = /<Objs[\s>]/

/**
 * Finds CLIXML in the text PowerShell writes to standard error. A line `#< CLIXML` says that documents with the root
 * `Objs` follow; other programs write their own text before, between and inside of them, and a PowerShell started by
 * another one repeats the line. Text may be cut anywhere. What is not well-formed is handed on as the text it is.
 */
export class CliXmlDecoder {
  readonly #sink: CliXmlSink
  #rest = ''
  /** Whether the mark has been seen. */
  #marked = false
  #document: CliXmlDocument | undefined

  constructor(sink: CliXmlSink) {
    this.#sink = sink
  }

  write(text: string): void {
    this.#rest += text
    while (this.#rest !== '' && this.#step());
  }

  /** Nothing more comes: what was begun and not ended is text. */
  end(): void {
    const text = this.#document?.unfinished ?? ''
    this.#document = undefined
    const rest = this.#rest === MARK || this.#rest === `${MARK}\r` ? '' : this.#rest
    this.#rest = ''
    this.#tell(text + rest)
  }

  /** @returns whether there is more to do with what is there */
  #step(): boolean {
    return this.#document ? this.#read(this.#document) : this.#search()
  }

  /** In text: the mark goes, a root begins a document, all before it is text. */
  #search(): boolean {
    const mark = MARK_LINE.exec(this.#rest)
    const root = this.#marked ? ROOT.exec(this.#rest) : null
    const found = mark && root ? (mark.index < root.index ? mark : root) : (mark ?? root)
    if (found === null) {
      this.#tell(this.#cut(this.#settled()))
      return false
    }
    this.#tell(this.#cut(found.index))
    if (found === mark) {
      this.#cut(mark[0].length)
      this.#marked = true
    } else {
      this.#document = new CliXmlDocument()
    }
    return true
  }

  /** How much of the text can no longer become the beginning of anything. */
  #settled(): number {
    const mark = beginningOf(`${MARK}\r\n`, this.#rest)
    return this.#marked ? Math.min(mark, beginningOf('<Objs ', this.#rest)) : mark
  }

  /** In a document: one tag after the other, because only after a whole one is anything known. */
  #read(document: CliXmlDocument): boolean {
    const end = this.#rest.indexOf('>') + 1
    if (end === 0) {
      // Kept with the document, so that a long text is looked through once.
      document.keep(this.#cut(this.#rest.length))
      return false
    }
    const outcome = document.read(this.#cut(end))
    if (outcome === 'malformed') {
      // Its root must not begin a document again; a further mark does.
      this.#document = undefined
      this.#marked = false
      this.#rest = document.unfinished + this.#rest
      return true
    }
    for (const part of document.take()) this.#deliver(part)
    if (outcome === 'ended') this.#document = undefined
    return true
  }

  /** A PowerShell started by another one writes a stream of its own into that one's document. */
  #deliver(part: XmlElement | string): void {
    if (typeof part === 'string') this.#tell(isLayout(part) ? '' : part)
    else if (part.name.local === 'Objs') for (const child of part.children) this.#deliver(child)
    else this.#sink.item(part)
  }

  #cut(length: number): string {
    const head = this.#rest.slice(0, length)
    this.#rest = this.#rest.slice(length)
    return head
  }

  #tell(text: string): void {
    if (text !== '') this.#sink.text(text)
  }
}

/** White space between objects is layout; anything else is what another program wrote. */
const isLayout = (text: string): boolean => text.trim() === ''

/** One document, read tag by tag; what has not become whole yet is still there as text. */
class CliXmlDocument implements XmlHandler {
  readonly #reader = new XmlReader(this)
  readonly #builder = new TreeBuilder((element) => this.#parts.push(element))
  #parts: (XmlElement | string)[] = []
  #depth = 0
  #opened = false
  /** What was read since the last object. */
  #read = ''
  /** What no tag has ended yet. */
  #kept: string[] = []

  get unfinished(): string {
    return this.#read + this.#kept.join('')
  }

  keep(text: string): void {
    this.#kept.push(text)
  }

  /** @param text to the end of a tag */
  read(text: string): 'more' | 'ended' | 'malformed' {
    const piece = this.#kept.join('') + text
    this.#kept = []
    this.#read += piece
    try {
      // Of a stream inside of this one: in an object its angle bracket would be escaped.
      this.#reader.write(Buffer.from(piece.replace(MARK_LINE, '')))
    } catch {
      return 'malformed'
    }
    return this.#opened && this.#depth === 0 ? 'ended' : 'more'
  }

  /** The objects that are whole, and what other programs wrote between them. */
  take(): readonly (XmlElement | string)[] {
    if (this.#depth > 1 || this.#parts.length === 0) return []
    this.#read = ''
    return this.#parts.splice(0)
  }

  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void {
    this.#opened = true
    if (this.#depth++ > 0) this.#builder.startElement(name, attributes, scope)
  }

  endElement(): void {
    if (--this.#depth > 0) this.#builder.endElement()
  }

  text(text: string): void {
    if (this.#depth > 1) this.#builder.text(text)
    else if (!isLayout(text)) this.#parts.push(text)
  }
}

/** Where the end of the text may be the beginning of the word; the text's length where it is not. */
function beginningOf(word: string, text: string): number {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(word.slice(0, length))) return text.length - length
  }
  return text.length
}

/** Decodes `_xHHHH_`, one unit of UTF-16 each (MS-PSRP 2.2.5.3.2). */
export function unescapeCliXml(text: string): string {
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}
