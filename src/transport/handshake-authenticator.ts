import { inspect } from 'node:util'
import { authChannel, traced, type AuthTrace } from '../diagnostics/channels.js'
import type { WireResponse } from '../http/message.js'
import { abortable } from '../util/abortable.js'
import {
  offeredBy,
  RECONNECT,
  schemeNotOffered,
  type Authenticator,
  type ChannelFacts,
  type Leg,
  type Mechanism,
  type RoundTrip,
} from './authenticator.js'
import type { AuthScheme } from './credentials.js'
import { Handshake, includes, type HandshakeOptions, type HandshakeScheme } from './handshake.js'
import { notLetIn } from './handshake-errors.js'
import type { HandshakeTurns } from './handshake-turns.js'
import { PLAIN_SESSION, SealedSession, type Session } from './sealed-session.js'
import type { CallSignal } from '../util/signal.js'

export interface HandshakeMechanismOptions {
  readonly scheme: HandshakeScheme
  /** @returns a promise that rejects when the credential was refused before; undefined where there is nothing to ask */
  readonly ready: (host: string) => Promise<void> | undefined
  /** The handshakes with a host that share the credential. */
  readonly turns: (host: string) => HandshakeTurns
}

/** A scheme of several legs, for all connections of a transport. */
export class HandshakeMechanism implements Mechanism {
  readonly scheme: AuthScheme
  readonly sealed = true
  readonly provesHost: boolean
  readonly ready: Mechanism['ready']
  readonly #options: HandshakeMechanismOptions
  #offered: readonly string[] | undefined

  constructor(options: HandshakeMechanismOptions) {
    this.scheme = options.scheme.scheme
    this.provesHost = options.scheme.provesHost
    this.ready = options.ready
    this.#options = options
  }

  bind(channel: ChannelFacts): Authenticator {
    return new HandshakeAuthenticator(this, channel)
  }

  [inspect.custom](): string {
    return `HandshakeMechanism { scheme: '${this.scheme}' }`
  }

  /** What was accepted before may be wrong by now. */
  doubt(host: string): void {
    this.#options.turns(host).doubt()
  }

  /** Authenticates a connection. */
  async establish(
    channel: ChannelFacts,
    { contentType }: Leg,
    roundTrip: RoundTrip,
    signal: CallSignal,
  ): Promise<Session | typeof RECONNECT> {
    const { host } = channel
    return await this.#options.turns(host).take(host, signal, (turn) => {
      const trace: AuthTrace = { host, scheme: this.scheme, legs: 0 }
      const options = { host, contentType, roundTrip, signal, trace, turn }
      return traced(authChannel, trace, () => this.#shakeHands(channel, options))
    })
  }

  /** Goes through the names that the service offers; without knowing, through all. */
  async #shakeHands(
    channel: ChannelFacts,
    options: Omit<HandshakeOptions, 'attempt' | 'name'>,
  ): Promise<Session | typeof RECONNECT> {
    const { scheme } = this.#options
    const { host, secure } = channel
    for (const name of scheme.names) {
      if (this.#offered !== undefined && !includes(this.#offered, name)) continue
      const attempt = await abortable(scheme.begin(channel, name), options.signal)
      const { context } = attempt
      let kept = false
      try {
        const outcome = await new Handshake({ ...options, attempt, name }).run()
        if (outcome === RECONNECT) return RECONNECT
        if (outcome === 'established') {
          if (secure) return PLAIN_SESSION
          kept = true
          return new SealedSession(context, scheme.protocol(name))
        }
        this.#offered = outcome.offered
        if (outcome.closing) return RECONNECT
      } finally {
        if (!kept) context.dispose()
      }
    }
    const offered = this.#offered ?? []
    // The service may be set up anew before the next call.
    this.#offered = undefined
    throw schemeNotOffered(scheme.names[0] ?? '', host, offered, scheme.notOffered)
  }
}

/**
 * Authenticates one connection, and seals what travels over it where TLS does not. The session belongs to the socket:
 * a new socket, or a 401 on this one, means a new handshake.
 */
class HandshakeAuthenticator implements Authenticator {
  readonly #mechanism: HandshakeMechanism
  readonly #channel: ChannelFacts
  #session: Session | undefined
  #isGone = false

  constructor(mechanism: HandshakeMechanism, channel: ChannelFacts) {
    this.#mechanism = mechanism
    this.#channel = channel
  }

  async exchange(
    message: Leg,
    roundTrip: RoundTrip,
    signal: CallSignal,
  ): Promise<WireResponse | typeof RECONNECT> {
    for (let attempt = 1; ; attempt++) {
      if (this.#session?.ended === true) this.#endSession()
      const session =
        this.#session ?? (await this.#mechanism.establish(this.#channel, message, roundTrip, signal))
      if (session === RECONNECT) return RECONNECT
      this.#session = session
      if (this.#isGone) {
        this.#endSession()
        return RECONNECT
      }
      const response = await session.exchange(message, roundTrip)
      if (response === RECONNECT || response.status !== 401) return response
      // A 401 on an authenticated socket means that the request was not looked at: authenticate again, seal again.
      this.#endSession()
      if (attempt === 2) {
        response.abandon()
        throw notLetIn(this.#channel.host, offeredBy(response))
      }
      if (response.closing) {
        response.abandon()
        return RECONNECT
      }
      await response.discard()
    }
  }

  dispose(): void {
    this.#isGone = true
    this.#endSession()
  }

  #endSession(): void {
    if (this.#session === undefined) return
    this.#session.end()
    this.#session = undefined
    this.#mechanism.doubt(this.#channel.host)
  }

  [inspect.custom](): string {
    return 'HandshakeAuthenticator {}'
  }
}
