import type { IncomingHttpHeaders } from 'node:http'
import type { ByteSink } from '../http/message.js'
import type { Affinity } from './affinity.js'
import type { AuthScheme } from './credentials.js'
import type { CallSignal } from '../util/signal.js'

/**
 * Which sockets a request may use. `poll` requests (Receive, Pull) wait long and never hold the last socket;
 * `control` requests (Signal, Send, Release, Delete) never queue behind them.
 */
export type Lane = 'call' | 'poll' | 'control'

/** One SOAP message on its way out, before authentication and sealing. */
export interface TransportRequest {
  readonly body: string
  readonly lane: Lane
  /** How long the first byte of the reply may take after the request was written, in milliseconds. */
  readonly replyTimeoutMs: number
  /** Ends the exchange at once; its reason is the error the exchange rejects with. */
  readonly signal: CallSignal
  /** Told when a connection takes the request; before that, surely nothing of it was sent. */
  readonly onStart?: () => void
  /** Without credentials: the anonymous form of Identify (MS-WSMV 3.1.4.1.23). */
  readonly anonymous?: boolean
  /** Cookies of what the request belongs to; the reply may add to them. */
  readonly affinity?: Affinity | undefined
}

/** What the way to a service depends on, as far as the service's own settings can end it. */
export interface ConnectionFacts {
  readonly scheme: AuthScheme
  /** Whether messages are encrypted by the scheme itself. */
  readonly sealed: boolean
  /** HTTPS. */
  readonly secure: boolean
  /** Name or address of the host. */
  readonly hostname: string
  readonly port: number
  /** Path of the service, beginning with a slash. */
  readonly path: string
  /** Whether only one certificate of the host is accepted. */
  readonly pinned: boolean
  /** Whether a proxy stands in between, so that the name of the host may mean nothing here. */
  readonly proxied: boolean
}

/** The head of a reply, sealed bodies already opened. */
export interface ResponseHead {
  readonly status: number
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
}

/** Takes a reply's body as it arrives. Whatever `write` or `end` throws ends the exchange and its connection. */
export type BodySink<T> = ByteSink<T>

/** Sends messages to one host. Knows nothing of SOAP. */
export interface Transport {
  /** The host as errors name it. */
  readonly host: string
  /** The URL that goes into `wsa:To`. */
  readonly url: string
  /**
   * Sends one message and feeds the reply's body to the sink that `open` returns.
   * @throws PolicyError, TransportError, AuthenticationError, TimeoutError, or the signal's reason
   */
  send<T>(request: TransportRequest, open: (head: ResponseHead) => BodySink<T>): Promise<T>
  /**
   * Ends every exchange and destroys every socket.
   * @param reason makes an error for each call that has not ended
   */
  close(reason: () => Error): void
}
