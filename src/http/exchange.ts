import { Readable } from 'node:stream'
import { ProtocolError, TimeoutError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { WsmanError } from '../errors/wsman-error.js'
import { abortReason } from '../util/abortable.js'
import type { CallSignal } from '../util/signal.js'
import type { HttpConnection, SocketUser } from './connection.js'
import type { ByteSink, ExchangeLimits, WireRequest } from './message.js'
import { ReplyParser, type ReplyHead, type ReplyListener, type ReplyParserOptions } from './reply-parser.js'
import { requestHead } from './request-head.js'
import { endedUnused, exchangeError, socketClosed, socketError } from './socket-errors.js'

/** Replies to Kerberos requests carry tickets in their headers. */
const PARSER_OPTIONS: ReplyParserOptions = { maxLineBytes: 65_536 }

interface BodyReader {
  readonly take: (piece: Buffer) => void
  readonly end: () => void
}

/**
 * One request on one connection, and its reply. The signal, the timers and the limits hold from the first byte to
 * the last; whatever ends the exchange early destroys the connection, because what else would arrive on it is unknown.
 */
export class Exchange implements SocketUser, ReplyListener {
  readonly #connection: HttpConnection
  readonly #signal: CallSignal
  readonly #onHead: WireRequest['onHead']
  readonly #limits: ExchangeLimits
  readonly #parser: ReplyParser
  #head: ReplyHead | undefined
  #accept: ((head: ReplyHead) => void) | undefined
  #reject: ((error: Error) => void) | undefined
  /** Copies of what arrived of the body before somebody wanted to read it. */
  readonly #early: Buffer[] = []
  #reader: BodyReader | undefined
  #stream: Readable | undefined
  /** Whether more came than the reply. */
  #hasSurplus = false
  #timer: NodeJS.Timeout | undefined
  #failure: Error | undefined
  #over = false

  constructor(connection: HttpConnection, { signal, onHead }: WireRequest, limits: ExchangeLimits) {
    this.#connection = connection
    this.#signal = signal
    this.#onHead = onHead
    this.#limits = limits
    this.#parser = new ReplyParser(this, PARSER_OPTIONS)
  }

  /** Why the exchange ended early. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Sends the request; settles when the head of the reply has arrived. */
  start({ path, headers, body, replyTimeoutMs }: WireRequest): Promise<ReplyHead> {
    return new Promise((resolve, reject) => {
      this.#accept = resolve
      this.#reject = reject
      const connection = this.#connection
      if (this.#signal.aborted) {
        this.#failure = abortReason(this.#signal)
        this.#over = true
        reject(this.#failure)
        return
      }
      if (!connection.isOpen) {
        this.fail(endedUnused(connection.target))
        return
      }
      const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
      let head: string
      try {
        const own = { Host: connection.hostHeader, 'Content-Length': String(length) }
        head = requestHead('POST', path, own, headers)
      } catch (error) {
        this.fail(asError(error))
        return
      }
      this.#signal.addEventListener('abort', this.#onAbort, { once: true })
      const bytesBefore = connection.bytesRead
      this.#timer = setTimeout(() => this.#onReplyTimeout(bytesBefore, replyTimeoutMs), replyTimeoutMs)
      connection.begin(this)
      // What greets before it is asked may have been found to be no HTTP service.
      if (!this.#over) connection.write(head, body, length, this.#onSent)
    })
  }

  /** The body as a stream. */
  stream(): Readable {
    const connection = this.#connection
    const stream = new Readable({ read: () => connection.resume() })
    // Who reads it is told; where nobody does, the error must not end the process.
    stream.on('error', () => undefined)
    this.#stream = stream
    this.#deliver({
      take: (piece) => {
        if (!stream.push(Buffer.from(piece))) connection.pause()
      },
      end: () => stream.push(null),
    })
    return stream
  }

  /**
   * Feeds the body to `sink`.
   * @param source what an interceptor made of the body
   */
  read<T>(sink: ByteSink<T>, source?: Readable): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure)
        return
      }
      this.#reject = reject
      let size = 0
      const take = (piece: Buffer): void => {
        if (this.#over) return
        this.#timer?.refresh()
        size += piece.length
        if (size > this.#limits.maxResponseBytes) {
          this.fail(this.#tooLarge())
          return
        }
        try {
          sink.write(piece)
        } catch (error) {
          this.fail(asError(error))
        }
      }
      const end = (): void => {
        if (this.#over) return
        try {
          const result = sink.end()
          this.#finish()
          resolve(result)
        } catch (error) {
          this.fail(asError(error))
        }
      }
      if (source === undefined) this.#deliver({ take, end })
      else this.#readFrom(source, { take, end })
      if (this.#over) return
      const { inactivityTimeoutMs } = this.#limits
      this.#timer = setTimeout(() => this.fail(this.#inactivity()), inactivityTimeoutMs)
      // A stream reads from the socket by itself, as it has room.
      if (source === undefined) this.#connection.resume()
    })
  }

  /** Ends an exchange whose reply nobody wants. */
  abandon(): void {
    this.fail(socketError(this.#connection.target))
  }

  /** Ends the exchange and its connection; the first error given is the one that counts. */
  fail(error: Error): void {
    if (this.#over) return
    const failure = this.#connection.endedBy ?? error
    this.#failure = failure
    this.#release()
    this.#connection.destroy(failure)
    this.#stream?.destroy(failure)
    this.#reject?.(failure)
  }

  onData(bytes: Buffer): void {
    if (this.#over) return
    try {
      if (this.#parser.read(bytes) < bytes.length) this.#hasSurplus = true
    } catch (error) {
      this.fail(exchangeError(asError(error), this.#connection.target))
      return
    }
    if (this.#head !== undefined && this.#reader === undefined && !this.#parser.hasEnded) {
      this.#connection.pause()
    }
  }

  onSocketEnd(): void {
    if (!this.#parser.finish()) this.fail(socketError(this.#connection.target, socketClosed()))
  }

  onSocketError(error: Error): void {
    if (!this.#parser.hasEnded) this.fail(exchangeError(error, this.#connection.target))
  }

  onSocketClose(): void {
    if (!this.#parser.hasEnded) this.fail(socketError(this.#connection.target))
  }

  onHead(head: ReplyHead): void {
    clearTimeout(this.#timer)
    // One that is refreshed would run again.
    this.#timer = undefined
    this.#head = head
    const error = this.#inspectHead(head)
    if (error !== undefined) this.fail(error)
    else {
      this.#onHead?.(head)
      this.#accept?.(head)
    }
  }

  onBody(piece: Buffer): void {
    if (this.#reader === undefined) this.#early.push(Buffer.from(piece))
    else this.#reader.take(piece)
  }

  onEnd(): void {
    this.#reader?.end()
  }

  /** Gives `reader` what has arrived already, and then the rest. */
  #deliver(reader: BodyReader): void {
    this.#reader = reader
    for (const piece of this.#early.splice(0)) reader.take(piece)
    if (this.#parser.hasEnded) reader.end()
  }

  #readFrom(source: Readable, { take, end }: BodyReader): void {
    const { target } = this.#connection
    if (source.destroyed) {
      this.fail(socketError(target))
      return
    }
    source.on('data', take)
    source.on('end', end)
    source.on('error', (error) => this.fail(exchangeError(error, target)))
    source.on('close', () => this.fail(socketError(target)))
  }

  /** The reply has been read to its end; the connection stays where nothing is in the way of the next request. */
  #finish(): void {
    this.#release()
    const isClean = this.#parser.hasEnded && !this.#hasSurplus && this.#connection.isFlushed
    if (!isClean || this.#head?.closing === true) this.#connection.destroy()
  }

  #release(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#connection.end()
  }

  #inspectHead({ headers }: ReplyHead): WsmanError | undefined {
    const encoding = headers['content-encoding']
    const { hostname: host } = this.#connection.target
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      return new ProtocolError(
        `${host} sent a body with the encoding ${JSON.stringify(encoding)}, unasked.`,
        { host },
      )
    }
    return Number(headers['content-length'] ?? 0) > this.#limits.maxResponseBytes
      ? this.#tooLarge()
      : undefined
  }

  readonly #onAbort = (): void => this.fail(abortReason(this.#signal))

  readonly #onSent = (): void => {
    if (this.#head === undefined && !this.#over) this.#timer?.refresh()
  }

  #onReplyTimeout(bytesBefore: number, replyTimeoutMs: number): void {
    // A head that has begun has as long to end as a body may stall, however its bytes drip in.
    if (this.#connection.bytesRead > bytesBefore) {
      this.#timer = setTimeout(() => this.fail(this.#inactivity()), this.#limits.inactivityTimeoutMs)
      return
    }
    const { hostname: host } = this.#connection.target
    this.fail(
      new TimeoutError('ERR_WSMAN_REPLY_TIMEOUT', `${host} did not reply within ${replyTimeoutMs} ms.`, {
        host,
        timeoutMs: replyTimeoutMs,
        remote: 'unknown',
        hint: hintFor('noReply'),
      }),
    )
  }

  #inactivity(): TimeoutError {
    const { inactivityTimeoutMs } = this.#limits
    const { hostname: host } = this.#connection.target
    return new TimeoutError(
      'ERR_WSMAN_INACTIVITY',
      `The reply of ${host} stalled for longer than ${inactivityTimeoutMs} ms.`,
      { host, timeoutMs: inactivityTimeoutMs, remote: 'unknown' },
    )
  }

  #tooLarge(): ProtocolError {
    const { hostname: host } = this.#connection.target
    return new ProtocolError(`The reply of ${host} is larger than ${this.#limits.maxResponseBytes} bytes.`, {
      code: 'ERR_WSMAN_LIMIT',
      host,
    })
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error })
}
