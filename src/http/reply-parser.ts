import type { IncomingHttpHeaders } from 'node:http'
import { CHUNK_EXTENSIONS, FIELD_TEXT, TOKEN } from './grammar.js'

/** What comes before the body of a reply. */
export interface ReplyHead {
  readonly status: number
  readonly statusText: string
  /** As in `node:http`: names in lower case, `set-cookie` as a list, other values that come again after a comma. */
  readonly headers: IncomingHttpHeaders
  /** Whether the peer ends the connection after this reply. */
  readonly closing: boolean
}

/** Is told what a reply consists of: its head, pieces of its body, its end. */
export interface ReplyListener {
  onHead(head: ReplyHead): void
  /** @param piece is part of what was given to the parser, not a copy of it */
  onBody(piece: Buffer): void
  onEnd(): void
}

/** The bytes are not a reply of HTTP/1.1, or have more lines than are taken. */
export class MalformedReply extends Error {
  override readonly name = 'MalformedReply'
  /** Whether nothing is wrong with the lines but how many there are. */
  readonly isTooLong: boolean

  constructor(message: string, isTooLong = false) {
    super(message)
    this.isTooLong = isTooLong
  }
}

export interface ReplyParserOptions {
  /** Bytes taken of lines in a row: those of the head, or of trailers. */
  readonly maxLineBytes: number
  /** False where the reply ends with its head, whatever that says, as the one to CONNECT does. Default true. */
  readonly hasBody?: boolean
}

type State = 'status' | 'field' | 'sized' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailer' | 'rest' | 'ended'

const BEGINNING = 'HTTP/1.'
const STATUS_LINE = new RegExp(`^HTTP/1\\.([01]) ([1-9]\\d\\d)(?: (${FIELD_TEXT}))?$`)
const FIELD_LINE = new RegExp(`^(${TOKEN}):(${FIELD_TEXT})$`)
/** No larger than what a number holds exactly. */
const CHUNK_SIZE = new RegExp(`^([\\dA-Fa-f]{1,13})${CHUNK_EXTENSIONS}$`)
const FRAMING = /^(?:content-length|transfer-encoding)$/i
const LENGTH = /^\d{1,15}$/

/** Of several fields with one of these names, the first one counts. */
const SINGLE = new Set(['content-type', 'location', 'retry-after', 'server'])

const LF = 0x0a

/**
 * Reads one reply of HTTP/1.1 (RFC 9112) out of the pieces in which it arrives. Strict: what could be understood in two
 * ways is refused, because something on the way may have understood it in the other.
 */
export class ReplyParser {
  readonly #listener: ReplyListener
  readonly #maxLineBytes: number
  readonly #hasBody: boolean
  #state: State = 'status'
  /** What has arrived of the line that is not whole yet. */
  #line = ''
  /** Bytes of lines since the last piece of the body. */
  #lineBytes = 0
  /** Bytes of the body, or of its chunk, that are still to come. */
  #left = 0
  #minorVersion = 1
  #status = 0
  #statusText = ''
  #headers = noHeaders()

  /** @param listener is told of the reply */
  constructor(listener: ReplyListener, { maxLineBytes, hasBody = true }: ReplyParserOptions) {
    this.#listener = listener
    this.#maxLineBytes = maxLineBytes
    this.#hasBody = hasBody
  }

  /** Whether the whole reply has been read. */
  get hasEnded(): boolean {
    return this.#state === 'ended'
  }

  /**
   * Reads on.
   * @returns how many of the bytes belong to the reply: all, unless it ends before they do
   * @throws MalformedReply
   */
  read(bytes: Buffer): number {
    let offset = 0
    while (offset < bytes.length && this.#state !== 'ended') {
      offset = this.#isInBody() ? this.#readBody(bytes, offset) : this.#readLine(bytes, offset)
    }
    return offset
  }

  /**
   * Nothing more comes, which is how a reply of unknown length ends.
   * @returns whether the reply is whole
   */
  finish(): boolean {
    if (this.#state === 'rest') this.#end()
    return this.#state === 'ended'
  }

  #isInBody(): boolean {
    return this.#state === 'sized' || this.#state === 'chunk' || this.#state === 'rest'
  }

  #readBody(bytes: Buffer, offset: number): number {
    const isOpen = this.#state === 'rest'
    const end = isOpen ? bytes.length : Math.min(bytes.length, offset + this.#left)
    this.#lineBytes = 0
    this.#listener.onBody(bytes.subarray(offset, end))
    if (isOpen) return end
    this.#left -= end - offset
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.#state = 'chunkEnd'
      else this.#end()
    }
    return end
  }

  #readLine(bytes: Buffer, offset: number): number {
    const lf = bytes.indexOf(LF, offset)
    const end = lf < 0 ? bytes.length : lf + 1
    this.#lineBytes += end - offset
    if (this.#lineBytes > this.#maxLineBytes) {
      throw new MalformedReply(`more than ${this.#maxLineBytes} bytes of headers`, true)
    }
    const before = this.#line
    const line = before + bytes.toString('latin1', offset, end)
    if (lf < 0) {
      this.#line = line
      // A peer that speaks something else may wait for an answer before it ends its line.
      if (this.#state === 'status' && before.length < BEGINNING.length) {
        const seen = line.slice(0, BEGINNING.length)
        if (!BEGINNING.startsWith(seen)) throw new MalformedReply('no status line')
      }
    } else {
      this.#line = ''
      if (!line.endsWith('\r\n')) throw new MalformedReply('a line that ends without CR')
      this.#take(line.slice(0, -2))
    }
    return end
  }

  #take(line: string): void {
    if (this.#state === 'status') this.#takeStatus(line)
    else if (this.#state === 'field') {
      if (line === '') this.#endHead()
      else this.#takeField(line)
    } else if (this.#state === 'chunkSize') this.#takeChunkSize(line)
    else if (this.#state === 'chunkEnd') {
      if (line !== '') throw new MalformedReply('a chunk that is longer than its size')
      this.#state = 'chunkSize'
    } else if (line === '') this.#end()
    else this.#checkTrailer(line)
  }

  #takeStatus(line: string): void {
    const found = STATUS_LINE.exec(line)
    if (found === null) throw new MalformedReply('no status line')
    this.#minorVersion = Number(found[1])
    this.#status = Number(found[2])
    this.#statusText = found[3] ?? ''
    this.#state = 'field'
  }

  #takeField(line: string): void {
    const found = FIELD_LINE.exec(line)
    if (found === null) throw new MalformedReply('a line among the headers that is none')
    this.#add((found[1] ?? '').toLowerCase(), trimmed(found[2] ?? ''))
  }

  #add(name: string, value: string): void {
    const headers = this.#headers
    const before = headers[name]
    if (name === 'set-cookie') (headers[name] ??= []).push(value)
    else if (before === undefined) headers[name] = value
    else if (!SINGLE.has(name)) headers[name] = `${String(before)}, ${value}`
  }

  #endHead(): void {
    const status = this.#status
    const headers = this.#headers
    if (status < 200) {
      // Nobody asked for another protocol, and what follows would be in it.
      if (status === 101) throw new MalformedReply('a change of the protocol')
      const speaksOfBody = headers['content-length'] ?? headers['transfer-encoding']
      if (this.#minorVersion === 0 || speaksOfBody !== undefined) {
        throw new MalformedReply('an interim reply that is none')
      }
      this.#headers = noHeaders()
      this.#state = 'status'
      return
    }
    const framing = this.#hasBody ? this.#framing(headers) : 'ended'
    this.#state = status === 204 || status === 304 ? 'ended' : framing
    const closing = this.#state === 'rest' || !this.#staysOpen(headers.connection)
    this.#listener.onHead({ status, statusText: this.#statusText, headers, closing })
    if (this.hasEnded) this.#end()
  }

  /** How the end of the body is found (RFC 9112, 6.3). */
  #framing({ 'transfer-encoding': encoding, 'content-length': length }: IncomingHttpHeaders): State {
    if (encoding !== undefined) {
      if (length !== undefined) throw new MalformedReply('both a length and an encoding of the transfer')
      if (encoding.toLowerCase() !== 'chunked')
        throw new MalformedReply('an unknown encoding of the transfer')
      return 'chunkSize'
    }
    if (length === undefined) return 'rest'
    if (!LENGTH.test(length)) throw new MalformedReply('a length that is none')
    this.#left = Number(length)
    return this.#left === 0 ? 'ended' : 'sized'
  }

  #staysOpen(connection: string | undefined): boolean {
    if (connection === undefined) return this.#minorVersion > 0
    const options = connection.toLowerCase().split(',').map(trimmed)
    return this.#minorVersion === 0 ? options.includes('keep-alive') : !options.includes('close')
  }

  #takeChunkSize(line: string): void {
    const [, size] = CHUNK_SIZE.exec(line) ?? []
    if (size === undefined) throw new MalformedReply('a chunk without a size')
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'chunk'
  }

  /** What trailers say is of no use here, but none may speak of where the body has ended. */
  #checkTrailer(line: string): void {
    const [, name] = FIELD_LINE.exec(line) ?? []
    if (name === undefined || FRAMING.test(name))
      throw new MalformedReply('a line after the body that is no trailer')
  }

  #end(): void {
    this.#state = 'ended'
    this.#listener.onEnd()
  }
}

/** Without a prototype, so that no name means anything but itself. */
function noHeaders(): IncomingHttpHeaders {
  return Object.create(null) as IncomingHttpHeaders
}

/** Without the blanks around it. Expressions that find them take time that grows with the square of their number. */
function trimmed(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
