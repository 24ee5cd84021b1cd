import type { AxiosInstance } from 'axios'
import { sendRequest } from '../http/adapter.js'
import type { HttpConnection } from '../http/connection.js'
import type { ExchangeLimits, WireRequest, WireResponse } from '../http/message.js'
import type { Authenticator, Leg, Mechanism, RECONNECT } from './authenticator.js'
import type { Pooled } from './pool.js'
import type { TransportRequest } from './types.js'

const CONTENT_TYPE = 'application/soap+xml;charset=UTF-8'
const USER_AGENT = 'wsman-js'

/** What the channels of a transport have in common. */
export interface ChannelOptions {
  readonly mechanism: Mechanism
  /** Path and query of the service. */
  readonly path: string
  readonly limits: ExchangeLimits
  readonly axios: AxiosInstance | undefined
}

/** Where a request goes and what it says besides, if it is not as usual. */
export interface Variation {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A connection with the security context that lives on it. */
export class Channel implements Pooled {
  readonly #connection: HttpConnection
  readonly #authenticator: Authenticator
  readonly #options: ChannelOptions

  constructor(connection: HttpConnection, options: ChannelOptions) {
    const { hostname: host, port, secure } = connection.target
    const { path, mechanism } = options
    const { peerCertificate } = connection
    this.#connection = connection
    this.#authenticator = mechanism.bind({ host, port, secure, path, peerCertificate })
    this.#options = options
    connection.onClose(() => this.#authenticator.dispose?.())
  }

  get usable(): boolean {
    return this.#connection.usable
  }

  take(): void {
    this.#connection.take()
  }

  release(): void {
    this.#connection.release()
  }

  destroy(reason?: Error): void {
    this.#connection.destroy(reason)
  }

  /** Sends a message, authenticated. */
  send(request: TransportRequest, variation?: Variation): Promise<WireResponse | typeof RECONNECT> {
    const message: Leg = { contentType: CONTENT_TYPE, body: request.body }
    const roundTrip = (leg: Leg): Promise<WireResponse> => this.#roundTrip(leg, request, variation)
    return this.#authenticator.exchange(message, roundTrip, request.signal)
  }

  #roundTrip(
    { contentType, body, authorization }: Leg,
    { replyTimeoutMs, signal, affinity, onStart }: TransportRequest,
    variation: Variation | undefined,
  ): Promise<WireResponse> {
    // The legs of a handshake carry nothing of the message.
    if (body.length > 0) onStart?.()
    const { path, limits, axios } = this.#options
    const cookie = affinity?.header
    const headers: Record<string, string> = { 'Content-Type': contentType, 'User-Agent': USER_AGENT }
    if (authorization !== undefined) headers.Authorization = authorization
    if (cookie !== undefined) headers.Cookie = cookie
    Object.assign(headers, variation?.headers)
    const onHead: WireRequest['onHead'] = affinity && ((head) => affinity.learn(head.headers['set-cookie']))
    const wire = { path: variation?.path ?? path, headers, body, replyTimeoutMs, signal, onHead }
    return sendRequest(this.#connection, wire, limits, axios)
  }
}
