import { inspect } from 'node:util'
import type { AxiosInstance } from 'axios'
import { AuthenticationError, TransportError, UsageError } from '../errors/errors.js'
import { sendRequest } from '../http/adapter.js'
import { HttpConnection } from '../http/connection.js'
import type { ExchangeLimits, WireResponse } from '../http/message.js'
import { TlsProfile, type TlsOptions } from '../http/tls.js'
import type { ClientSettings } from '../settings/table.js'
import { abortable } from '../util/abortable.js'
import {
  authenticationDemanded,
  offeredBy,
  type Authenticator,
  type Leg,
  type Mechanism,
} from './authenticator.js'
import { CredentialGate } from './credential-gate.js'
import type { AuthOptions } from './credentials.js'
import type { EndpointUrl } from './endpoint-url.js'
import { createMechanism } from './mechanism.js'
import { checkPolicy } from './policy.js'
import { ConnectionPool, type Pooled } from './pool.js'
import type { BodySink, ResponseHead, Transport, TransportRequest } from './types.js'

export interface HttpTransportOptions {
  readonly endpoint: EndpointUrl
  readonly auth: AuthOptions
  readonly tls?: TlsOptions | undefined
  /** The policy to obey. */
  readonly settings: ClientSettings
  /** Sockets in use at the same time; one more may open for requests that must not wait. Default 4. */
  readonly maxConnections?: number | undefined
  /** For the socket and TLS together, in milliseconds. Default 15000. */
  readonly connectTimeoutMs?: number | undefined
  /** How long a reply that has begun may stall, in milliseconds. Default 30000. */
  readonly inactivityTimeoutMs?: number | undefined
  /** Largest reply taken, in bytes. Default 64 MiB. */
  readonly maxResponseBytes?: number | undefined
  /** Its interceptors see what is sent. */
  readonly axios?: AxiosInstance | undefined
}

const CONTENT_TYPE = 'application/soap+xml;charset=UTF-8'
const USER_AGENT = 'wsman-js'

/** Sends messages over HTTP or HTTPS: policy, credential, connection and security context, in this order. */
export class HttpTransport implements Transport {
  readonly host: string
  readonly url: string
  readonly #endpoint: EndpointUrl
  readonly #settings: ClientSettings
  readonly #mechanism: Mechanism
  readonly #gate: CredentialGate | undefined
  readonly #pool: ConnectionPool<Channel>
  #permitted = false

  /** @throws UsageError when an option is not valid */
  constructor(options: HttpTransportOptions) {
    const { endpoint, settings, axios } = options
    this.#endpoint = endpoint
    this.#settings = settings
    this.host = endpoint.hostname
    this.url = endpoint.url
    this.#mechanism = createMechanism(options.auth)
    this.#gate = this.#mechanism.scheme === 'none' ? undefined : new CredentialGate()
    const tls = endpoint.secure ? new TlsProfile(options.tls) : undefined
    const connectTimeoutMs = positive('connectTimeoutMs', options.connectTimeoutMs ?? 15_000)
    const limits: ExchangeLimits = {
      inactivityTimeoutMs: positive('inactivityTimeoutMs', options.inactivityTimeoutMs ?? 30_000),
      maxResponseBytes: positive('maxResponseBytes', options.maxResponseBytes ?? 64 * 1024 * 1024),
    }
    const connect = { target: endpoint, tls, connectTimeoutMs }
    this.#pool = new ConnectionPool(
      positive('maxConnections', options.maxConnections ?? 4),
      async (signal) => {
        const connection = await HttpConnection.open(connect, signal)
        return new Channel(connection, this.#mechanism, endpoint.path, limits, axios)
      },
    )
  }

  async send<T>(request: TransportRequest, open: (head: ResponseHead) => BodySink<T>): Promise<T> {
    const { signal, lane } = request
    const anonymous = request.anonymous === true
    if (!anonymous) this.#checkPolicy()
    const pass = anonymous ? undefined : await this.#gate?.enter(signal)
    let proven = false
    try {
      if (!anonymous) await this.#credentialReady(signal)
      const channel = await this.#pool.acquire(lane, signal)
      try {
        const response = await channel.send(request)
        proven = true
        pass?.(true)
        return await this.#receive(response, open)
      } finally {
        this.#pool.release(channel)
      }
    } catch (error) {
      if (error instanceof AuthenticationError && !anonymous) this.#gate?.close()
      throw error
    } finally {
      if (!proven) pass?.(false)
    }
  }

  close(reason: Error): void {
    this.#pool.close(reason)
  }

  [inspect.custom](): string {
    return `HttpTransport { url: '${this.url}' }`
  }

  #credentialReady(signal: AbortSignal): Promise<void> | undefined {
    const ready = this.#mechanism.ready(this.host)
    return ready && abortable(ready, signal)
  }

  #checkPolicy(): void {
    if (this.#permitted) return
    const { scheme, sealed } = this.#mechanism
    const { secure } = this.#endpoint
    checkPolicy({ client: this.#settings, scheme, sealed, secure, host: this.host })
    this.#permitted = true
  }

  #receive<T>(response: WireResponse, open: (head: ResponseHead) => BodySink<T>): Promise<T> {
    const { status, headers } = response
    try {
      if (status >= 300 && status < 400) throw this.#redirected(status, headers.location)
      return response.receive(open(response))
    } catch (error) {
      response.abandon()
      throw error
    }
  }

  #redirected(status: number, location: string | undefined): TransportError {
    const to = location === undefined ? '' : ` to ${location}`
    return new TransportError('ERR_WSMAN_REDIRECT', `${this.host} redirects${to} (HTTP ${status}).`, {
      host: this.host,
      status,
      ...(location === undefined ? {} : { location }),
      hint: 'Redirects are not followed, because the credential would follow too: give the right host or url.',
    })
  }
}

/** A connection with the security context that lives on it. */
class Channel implements Pooled {
  readonly #connection: HttpConnection
  readonly #authenticator: Authenticator
  readonly #path: string
  readonly #limits: ExchangeLimits
  readonly #axios: AxiosInstance | undefined

  constructor(
    connection: HttpConnection,
    mechanism: Mechanism,
    path: string,
    limits: ExchangeLimits,
    axios: AxiosInstance | undefined,
  ) {
    const { hostname: host, port, secure } = connection.target
    this.#connection = connection
    this.#authenticator = mechanism.bind({ host, port, secure, peerCertificate: connection.peerCertificate })
    this.#path = path
    this.#limits = limits
    this.#axios = axios
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

  send(request: TransportRequest): Promise<WireResponse> {
    const message: Leg = { contentType: CONTENT_TYPE, body: request.body }
    if (request.anonymous === true) return this.#sendAnonymous(message, request)
    return this.#authenticator.exchange(message, (leg) => this.#roundTrip(leg, request), request.signal)
  }

  async #sendAnonymous(message: Leg, request: TransportRequest): Promise<WireResponse> {
    const response = await this.#roundTrip(message, request, { WSMANIDENTIFY: 'unauthenticated' })
    if (response.status !== 401) return response
    const offered = offeredBy(response)
    response.abandon()
    throw authenticationDemanded(this.#connection.target.hostname, offered)
  }

  #roundTrip(
    { contentType, body, authorization }: Leg,
    { replyTimeoutMs, signal }: TransportRequest,
    extra?: Record<string, string>,
  ): Promise<WireResponse> {
    const headers = {
      'Content-Type': contentType,
      'User-Agent': USER_AGENT,
      ...(authorization === undefined ? undefined : { Authorization: authorization }),
      ...extra,
    }
    const wire = { path: this.#path, headers, body, replyTimeoutMs, signal }
    return sendRequest(this.#connection, wire, this.#limits, this.#axios)
  }
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new UsageError(`${name} must be a positive integer; it is ${String(value)}.`)
}
