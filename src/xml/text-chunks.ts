import { isAscii, isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { ProtocolError } from '../errors/errors.js'

/** V8 copies a part of a string that is shorter; a longer one keeps the whole string alive. */
const COPIED_LENGTH = 13

/** A text that is much longer than what it keeps alive needs no copy. */
const LONG = 4096

/** Whether V8 copies a part of a string that is so long. */
export const isCopied = (length: number): boolean => length < COPIED_LENGTH

/** Looks for something in a text; where the places asked for grow, at each part of it once. */
class Finder {
  readonly #text: string
  readonly #what: string
  #next = -1

  constructor(text: string, what: string) {
    this.#text = text
    this.#what = what
  }

  /** Where it stands next from this place on; infinite where it does not. */
  from(at: number): number {
    if (this.#next < at) {
      const next = this.#text.indexOf(this.#what, at)
      this.#next = next < 0 ? Infinity : next
    }
    return this.#next
  }
}

/** Text that has arrived. */
export class TextChunk {
  readonly text: string
  /** Where each character is one byte: the bytes. */
  readonly #bytes: Buffer | undefined
  #lastMarkup: number | undefined
  #references: Finder | undefined
  #sectionEnds: Finder | undefined

  constructor(text: string, bytes?: Buffer) {
    this.text = text
    this.#bytes = bytes
  }

  get references(): Finder {
    return (this.#references ??= new Finder(this.text, '&'))
  }

  get sectionEnds(): Finder {
    return (this.#sectionEnds ??= new Finder(this.text, ']]>'))
  }

  /** Where the last tag, or what else is markup, begins; -1 where none does. */
  get lastMarkup(): number {
    return (this.#lastMarkup ??= this.text.lastIndexOf('<'))
  }

  /** A part of the text that outlives the chunk without keeping it. */
  slice(start: number, end: number): string {
    const length = end - start
    if (isCopied(length)) return this.text.slice(start, end)
    return this.#bytes ? this.#bytes.toString('latin1', start, end) : detached(this.text.slice(start, end))
  }

  /** From the first character that is not white space on. */
  trimStart(): TextChunk {
    const text = this.text.replace(LEADING_SPACE, '')
    return text === this.text
      ? this
      : new TextChunk(text, this.#bytes?.subarray(this.text.length - text.length))
  }
}

/** A copy of text that is part of a longer one, which it would keep alive. */
export function detached(text: string): string {
  return isCopied(text.length) || text.length > LONG ? text : Buffer.from(text).toString()
}

const NO_BYTES: Buffer = Buffer.alloc(0)

/** Turns the bytes of an XML document into text as they arrive: UTF-8, or UTF-16 told by its mark or by its first `<`. */
export class TextChunks {
  #pending = NO_BYTES
  #encoding: 'unknown' | 'utf-8' | TextDecoder = 'unknown'

  /** Whether the document turned out to be UTF-16. */
  get isWide(): boolean {
    return typeof this.#encoding !== 'string'
  }

  decode(bytes: Uint8Array): TextChunk {
    let chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (this.#pending.length > 0) chunk = Buffer.concat([this.#pending, chunk])
    this.#pending = NO_BYTES
    if (this.#encoding === 'unknown') {
      if (chunk.length < 4) {
        this.#pending = Buffer.from(chunk)
        return NOTHING
      }
      this.#encoding = detect(chunk)
      // Looked at in two steps: a part of a buffer is an object, and few messages have a mark.
      if (chunk[0] === MARK[0] && chunk.subarray(0, 3).equals(MARK)) chunk = chunk.subarray(3)
    }
    return this.#encoding === 'utf-8' ? this.#utf8(chunk) : new TextChunk(decodeWith(this.#encoding, chunk))
  }

  /** What is left at the end. @throws ProtocolError when a character is cut */
  end(): TextChunk {
    const rest = this.#pending
    if (rest.length === 0 && this.#encoding === 'utf-8') return NOTHING
    this.#pending = NO_BYTES
    if (this.#encoding === 'unknown' || this.#encoding === 'utf-8') {
      if (!isUtf8(rest)) throw notText()
      return new TextChunk(rest.toString())
    }
    return new TextChunk(decodeWith(this.#encoding))
  }

  #utf8(chunk: Buffer): TextChunk {
    // ASCII as Latin-1 keeps one byte a character, which the tokenizer scans faster.
    if (isAscii(chunk)) return new TextChunk(chunk.toString('latin1'), chunk)
    const cut = chunk.length - incompleteTail(chunk)
    this.#pending = Buffer.from(chunk.subarray(cut))
    const whole = chunk.subarray(0, cut)
    if (!isUtf8(whole)) throw notText()
    return new TextChunk(whole.toString())
  }
}

export const NOTHING = new TextChunk('')

/** The byte order mark in UTF-8. */
const MARK = Buffer.of(0xef, 0xbb, 0xbf)

/** White space as XML knows it. */
const LEADING_SPACE = /^[ \t\r\n]+/

function detect(chunk: Buffer): 'utf-8' | TextDecoder {
  const first = chunk[0]
  const second = chunk[1]
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return utf16('utf-16le')
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return utf16('utf-16be')
  return 'utf-8'
}

const utf16 = (label: string): TextDecoder => new TextDecoder(label, { fatal: true })

function decodeWith(decoder: TextDecoder, chunk?: Buffer): string {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode()
  } catch {
    throw notText()
  }
}

/** Bytes at the end that begin a character and do not finish it. */
function incompleteTail(chunk: Buffer): number {
  for (let back = 1; back <= Math.min(3, chunk.length); back++) {
    const byte = chunk.readUInt8(chunk.length - back)
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

function notText(): ProtocolError {
  return new ProtocolError('The message is neither UTF-8 nor UTF-16.', { code: 'ERR_WSMAN_MALFORMED_XML' })
}
