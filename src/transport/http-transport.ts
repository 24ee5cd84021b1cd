import { inspect } from 'node:util'
import type { AxiosInstance } from 'axios'
import { AuthenticationError, UsageError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { ExchangeLimits, WireResponse } from '../http/message.js'
import { resolveProxy, type ProxyOptions } from '../http/proxy.js'
import { TlsProfile, type TlsOptions } from '../http/tls.js'
import type { ClientSettings } from '../settings/table.js'
import { abortable } from '../util/abortable.js'
import { ANONYMOUS, sendAnonymously } from './anonymous-identify.js'
import { RECONNECT, type Mechanism } from './authenticator.js'
import { certificateTls, withoutCertificate } from './certificate.js'
import { Channel } from './channel.js'
import type { CredentialGate } from './credential-gate.js'
import type { AuthOptions } from './credentials.js'
import type { SpnOptions } from './mechanism-candidates.js'
import { Dialer } from './dialer.js'
import type { EndpointUrl } from './endpoint-url.js'
import { createMechanism } from './mechanism.js'
import { checkPolicy } from './policy.js'
import { ConnectionPool } from './pool.js'
import { redirected } from './redirect.js'
import { SharedCredential } from './shared-credential.js'
import type { BodySink, ConnectionFacts, ResponseHead, Transport, TransportRequest } from './types.js'
import type { CallSignal } from '../util/signal.js'

export interface HttpTransportOptions {
  readonly endpoint: EndpointUrl
  readonly auth: AuthOptions | SharedCredential
  /** For Kerberos; default: `HTTP/<host>`. */
  readonly spn?: SpnOptions | undefined
  readonly tls?: TlsOptions | undefined
  /** URL of a proxy to tunnel through, or `env`. Default: none. */
  readonly proxy?: string | ProxyOptions | undefined
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

/** For the socket and TLS together. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 15_000

/** What an empty request may take to be answered. */
const ASK_TIMEOUT_MS = 15_000

/** Connections one exchange may go through: one for the challenge, one for the answer, one where that came too late. */
const MAX_RECONNECTS = 2

/** Sends messages over HTTP or HTTPS: policy, credential, connection and security context, in this order. */
export class HttpTransport implements Transport {
  readonly host: string
  readonly url: string
  readonly facts: ConnectionFacts
  readonly #endpoint: EndpointUrl
  readonly #settings: ClientSettings
  readonly #mechanism: Mechanism
  readonly #gate: CredentialGate | undefined
  readonly #pool: ConnectionPool<Channel>
  readonly #openAnonymous: (signal: CallSignal) => Promise<Channel>
  #anonymousPool: ConnectionPool<Channel> | undefined
  #closedBy: (() => Error) | undefined
  #permitted = false

  /** @throws UsageError when an option is not valid */
  constructor(options: HttpTransportOptions) {
    const { endpoint, settings, axios } = options
    this.#endpoint = endpoint
    this.#settings = settings
    this.host = endpoint.hostname
    this.url = endpoint.url
    const credential =
      options.auth instanceof SharedCredential ? options.auth : new SharedCredential(options.auth)
    const surroundings = { spn: options.spn ?? {}, allowNtlm: () => this.#allow(false) }
    const mechanism = createMechanism({ credential, tls: options.tls, surroundings })
    this.#mechanism = mechanism
    // Those that seal know better when a credential is proven: after the handshake, whatever the message then does.
    const isGated = mechanism.scheme !== 'none' && !mechanism.sealed
    this.#gate = isGated ? credential.gate(this.host) : undefined
    const limits: ExchangeLimits = {
      inactivityTimeoutMs: positive('inactivityTimeoutMs', options.inactivityTimeoutMs ?? 30_000),
      maxResponseBytes: positive('maxResponseBytes', options.maxResponseBytes ?? 64 * 1024 * 1024),
    }
    const proxy = resolveProxy(options.proxy, endpoint, process.env)
    const { secure, hostname, port, path } = endpoint
    const { scheme, sealed } = mechanism
    const pinned = options.tls?.fingerprint256 !== undefined
    this.facts = { scheme, sealed, secure, hostname, port, path, pinned, proxied: proxy !== undefined }
    const dialer = new Dialer({
      target: endpoint,
      proxy,
      connectTimeoutMs: positive('connectTimeoutMs', options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS),
    })
    const open = async (
      mechanism: Mechanism,
      tls: TlsProfile | undefined,
      signal: CallSignal,
    ): Promise<Channel> => {
      const connection = await dialer.open(tls, signal)
      return new Channel(connection, { mechanism, path: endpoint.path, limits, axios })
    }
    const profile = (tls: TlsOptions | undefined): TlsProfile | undefined =>
      endpoint.secure ? new TlsProfile(tls) : undefined
    const tls = profile(mechanism.scheme === 'certificate' ? certificateTls(options.tls) : options.tls)
    this.#pool = new ConnectionPool(positive('maxConnections', options.maxConnections ?? 4), (signal) =>
      open(mechanism, tls, signal),
    )
    this.#openAnonymous = (signal) => open(ANONYMOUS, profile(withoutCertificate(options.tls)), signal)
  }

  async send<T>(request: TransportRequest, open: (head: ResponseHead) => BodySink<T>): Promise<T> {
    if (request.anonymous === true) {
      return await sendAnonymously(this.#anonymous, request, this.host, (response) =>
        this.#receive(response, open),
      )
    }
    const { signal } = request
    this.#checkPolicy()
    const entering = this.#gate?.enter(signal)
    const pass = entering && (await entering)
    try {
      const ready = this.#mechanism.ready(this.host)
      if (ready) await abortable(ready, signal)
      for (let reconnects = 0; reconnects <= MAX_RECONNECTS; reconnects++) {
        const channel = await this.#pool.acquire(request.lane, signal)
        try {
          const response = await channel.send(request)
          if (response === RECONNECT) continue
          pass?.(true)
          return await this.#receive(response, open)
        } finally {
          this.#pool.release(channel)
        }
      }
      throw connectionsEnded(this.host)
    } catch (error) {
      if (error instanceof AuthenticationError) this.#gate?.close()
      throw error
    } finally {
      pass?.(false)
    }
  }

  /** `auth.scheme`. */
  get scheme(): string {
    return this.#mechanism.scheme
  }

  /** Whether the scheme encrypts messages itself, and is bound to the TLS connection where there is one. */
  get sealed(): boolean {
    return this.#mechanism.sealed
  }

  /**
   * Asks, without credentials and without a message, what the service wants to see.
   * @throws TransportError, TimeoutError, or the signal's reason
   */
  async ask(signal: CallSignal): Promise<ResponseHead> {
    const channel = await this.#anonymous.acquire('call', signal)
    try {
      const request = { body: '', lane: 'call', replyTimeoutMs: ASK_TIMEOUT_MS, signal } as const
      const response = await channel.send(request)
      if (response === RECONNECT) throw new UsageError('A request without credentials needs no handshake.')
      await response.discard()
      return response
    } finally {
      this.#anonymous.release(channel)
    }
  }

  close(reason: () => Error): void {
    this.#closedBy ??= reason
    this.#pool.close(reason)
    this.#anonymousPool?.close(reason)
  }

  /** A connection that never carries credentials. */
  get #anonymous(): ConnectionPool<Channel> {
    if (this.#anonymousPool === undefined) {
      this.#anonymousPool = new ConnectionPool(1, this.#openAnonymous)
      if (this.#closedBy) this.#anonymousPool.close(this.#closedBy)
    }
    return this.#anonymousPool
  }

  [inspect.custom](): string {
    return `HttpTransport { url: '${this.url}' }`
  }

  #checkPolicy(): void {
    if (this.#permitted) return
    this.#allow(this.#mechanism.provesHost)
    this.#permitted = true
  }

  #allow(mutual: boolean): void {
    const { scheme, sealed } = this.#mechanism
    const { secure } = this.#endpoint
    checkPolicy({ client: this.#settings, scheme, sealed, secure, host: this.host, mutual })
  }

  #receive<T>(response: WireResponse, open: (head: ResponseHead) => BodySink<T>): Promise<T> {
    const { status, headers } = response
    try {
      if (status >= 300 && status < 400) throw redirected(this.host, status, headers.location)
      return response.receive(open(response))
    } catch (error) {
      response.abandon()
      throw error
    }
  }
}

function connectionsEnded(host: string): AuthenticationError {
  const message = `${host} ended every connection before authentication was over.`
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', message, {
    host,
    hint: hintFor('connectionsEnded'),
  })
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new UsageError(`${name} must be a positive integer; it is ${String(value)}.`)
}
