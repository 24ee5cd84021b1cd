import type { IncomingHttpHeaders } from 'node:http'
import type { CallSignal } from '../util/signal.js'

/** Takes a body as it arrives. Whatever `write` or `end` throws ends the exchange and its connection. */
export interface ByteSink<T> {
  /** @param chunk lies in memory that is used again as soon as this returns */
  write(chunk: Uint8Array): void
  end(): T
}

/** One HTTP POST, complete but for `Host` and `Content-Length`. */
export interface WireRequest {
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Text is sent as UTF-8. */
  readonly body: string | Uint8Array
  /** How long the first byte of the reply may take after the request was written, in milliseconds. */
  readonly replyTimeoutMs: number
  readonly signal: CallSignal
  /** Told of the reply's head as soon as that is there. */
  readonly onHead?: ((head: { readonly headers: IncomingHttpHeaders }) => void) | undefined
}

/** A reply whose head has arrived. One of `receive`, `discard` and `abandon` must be called. */
export interface WireResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
  /** Whether the peer ends the connection after this reply. */
  readonly closing: boolean
  /** Feeds the body to `sink`; settles when the body has ended. */
  receive<T>(sink: ByteSink<T>): Promise<T>
  /** Reads the body to its end without keeping it, so that the connection can carry the next request. */
  discard(): Promise<void>
  /** Gives the body up, and the connection with it. */
  abandon(): void
}

export interface ExchangeLimits {
  /** How long a reply that has begun may stall, in milliseconds. */
  readonly inactivityTimeoutMs: number
  /** Largest body taken, in bytes. */
  readonly maxResponseBytes: number
}
