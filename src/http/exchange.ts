import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { ProtocolError, TimeoutError, UsageError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { WsmanError } from '../errors/wsman-error.js'
import { abortReason } from '../util/abortable.js'
import type { HttpConnection } from './connection.js'
import type { ByteSink, ExchangeLimits, WireRequest } from './message.js'
import { endedUnused, exchangeError, socketError } from './socket-errors.js'
import type { CallSignal } from '../util/signal.js'

const ASCII = /^[\t\x20-\x7e]*$/

/**
 * One byte for each character, and no control characters (RFC 9110, 5.5): a line break in here would begin a header of
 * someone else's making, and so would a character that is one when cut to a byte.
 */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * One request on one connection, and its reply. The signal, the timers and the limits hold from the first byte to
 * the last; whatever ends the exchange early destroys the connection, because what else would arrive on it is unknown.
 */
export class Exchange {
  readonly #connection: HttpConnection
  readonly #signal: CallSignal
  readonly #limits: ExchangeLimits
  #outgoing: ClientRequest | undefined
  #message: IncomingMessage | undefined
  #failure: Error | undefined
  #over = false
  /** Whether the head is more than ASCII. */
  #beyondAscii = false
  #reject: ((error: Error) => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(connection: HttpConnection, { signal }: WireRequest, limits: ExchangeLimits) {
    this.#connection = connection
    this.#signal = signal
    this.#limits = limits
  }

  /** Why the exchange ended early. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Whether the peer ends the connection after its reply. */
  get closing(): boolean {
    return this.#outgoing?.shouldKeepAlive === false
  }

  /**
   * Sends the request; settles when the head of the reply has arrived.
   * @param accept makes the result of it
   */
  start<T>(
    { path, headers, body, replyTimeoutMs }: WireRequest,
    accept: (message: IncomingMessage) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      if (this.#signal.aborted) {
        this.#failure = abortReason(this.#signal)
        this.#over = true
        reject(this.#failure)
        return
      }
      if (!this.#connection.isOpen) {
        this.fail(endedUnused(this.#connection.target))
        return
      }
      const request = this.#open(path, headers, body)
      if (request === undefined) return
      this.#outgoing = request
      this.#signal.addEventListener('abort', this.#onAbort, { once: true })
      const bytesBefore = this.#connection.bytesRead
      this.#timer = setTimeout(() => this.#onReplyTimeout(bytesBefore, replyTimeoutMs), replyTimeoutMs)
      request.on('error', (error) => this.fail(exchangeError(error, this.#connection.target)))
      request.on('close', this.#onClose)
      request.on('finish', () => {
        if (this.#message === undefined && !this.#over) this.#timer?.refresh()
      })
      request.on('response', (message) => {
        clearTimeout(this.#timer)
        this.#message = message
        const error = this.#inspectHead(message)
        if (error === undefined) resolve(accept(message))
        else this.fail(error)
      })
      // Node.js writes a head together with a body of text, and then both as UTF-8.
      request.end(this.#beyondAscii ? Buffer.from(body) : body)
    })
  }

  /**
   * Feeds the body to `sink`.
   * @param source the message, or what an interceptor put in its place
   */
  read<T>(sink: ByteSink<T>, source: Readable): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      if (this.#failure !== undefined) {
        reject(this.#failure)
        return
      }
      if (source.destroyed) {
        this.fail(socketError(this.#connection.target))
        return
      }
      const { inactivityTimeoutMs } = this.#limits
      const timer = setTimeout(() => this.fail(this.#inactivity()), inactivityTimeoutMs)
      this.#timer = timer
      let size = 0
      source.on('data', (chunk: Uint8Array) => {
        if (this.#over) return
        timer.refresh()
        size += chunk.length
        if (size > this.#limits.maxResponseBytes) {
          this.fail(this.#tooLarge())
          return
        }
        try {
          sink.write(chunk)
        } catch (error) {
          this.fail(asError(error))
        }
      })
      source.on('end', () => {
        if (this.#over) return
        try {
          resolve(sink.end())
          this.#finish()
          if (!this.#clean) this.#connection.destroy()
        } catch (error) {
          this.fail(asError(error))
        }
      })
      source.on('error', (error) => this.fail(exchangeError(error, this.#connection.target)))
      source.on('close', () => {
        if (!this.#over) this.fail(socketError(this.#connection.target))
      })
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
    this.#finish()
    this.#connection.destroy(failure)
    this.#reject?.(failure)
  }

  /** Whether request and reply both went to their ends, so that the next request finds nothing in its way. */
  get #clean(): boolean {
    return this.#message?.readableEnded === true && this.#outgoing?.writableFinished === true
  }

  #finish(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#onAbort)
  }

  #open(path: string, headers: WireRequest['headers'], body: WireRequest['body']): ClientRequest | undefined {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const list = ['Host', this.#connection.hostHeader, 'Content-Length', String(length)]
    try {
      for (const name in headers) {
        const value = headers[name] ?? ''
        if (!ASCII.test(value)) {
          if (!HEADER_VALUE.test(value)) {
            throw new UsageError(
              `The HTTP header ${JSON.stringify(name)} holds a character that is not allowed.`,
            )
          }
          this.#beyondAscii = true
        }
        list.push(name, value)
      }
      return this.#connection.request({ method: 'POST', path, headers: list })
    } catch (error) {
      this.fail(
        error instanceof UsageError
          ? error
          : new UsageError(`The request cannot be written: ${asError(error).message}`, { cause: error }),
      )
      return undefined
    }
  }

  #inspectHead({ headers }: IncomingMessage): WsmanError | undefined {
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

  readonly #onClose = (): void => {
    if (!this.#over && this.#message?.complete !== true) this.fail(socketError(this.#connection.target))
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
