import type { SealingProtocol } from '../auth/sealed-body.js'
import type { SecurityContext } from '../auth/security-context.js'
import type { AuthTrace } from '../diagnostics/channels.js'
import { AuthenticationError } from '../errors/errors.js'
import type { WireResponse } from '../http/message.js'
import { abortable } from '../util/abortable.js'
import { offeredBy, RECONNECT, type ChannelFacts, type RoundTrip, type SchemeOff } from './authenticator.js'
import type { AuthScheme } from './credentials.js'
import { brokenOff, endless, lostUnderway, notProven, unexpectedStatus } from './handshake-errors.js'
import type { Turn } from './handshake-turns.js'
import { redirected } from './redirect.js'
import { parseChallenges } from './www-authenticate.js'
import type { CallSignal } from '../util/signal.js'

/** A scheme whose handshake takes several legs and leaves a context that can seal. */
export interface HandshakeScheme {
  readonly scheme: AuthScheme
  /** What may stand in `Authorization`, best first; the service's offer decides. */
  readonly names: readonly string[]
  /** What seals the messages, by the name that was taken. */
  protocol(name: string): SealingProtocol
  /** Whether it proves the host to the client, or asks before it does without. */
  readonly provesHost: boolean
  /** What it means where the service offers none of the names. */
  readonly notOffered: SchemeOff
  /**
   * Begins an attempt, with the credential as it is now.
   * @throws PolicyError, AuthenticationError or UsageError when it cannot even begin
   */
  begin(channel: ChannelFacts, name: string): Promise<Attempt>
}

/** One attempt to authenticate one connection. */
export interface Attempt {
  readonly context: SecurityContext
  /** Why the preferred mechanism is not used, as far as that is known by now. */
  readonly fallbackReason?: string | undefined
  /** The service, or the KDC, refused. @returns the error to throw */
  refused(refusal: Refusal): AuthenticationError
}

export interface Refusal {
  /** What the service offers. */
  readonly offered: readonly string[]
  /** How many tokens had been sent: with none, it was not the service that refused. */
  readonly legs: number
  /** What the mechanism says about it. */
  readonly cause: AuthenticationError | undefined
  /** By how much the clock of the service is ahead of this one, in milliseconds, where it tells the time. */
  readonly clockAheadMs: number | undefined
}

export interface HandshakeOptions {
  readonly attempt: Attempt
  /** What stands in `Authorization`. */
  readonly name: string
  readonly host: string
  /** Of the message to come. */
  readonly contentType: string
  readonly roundTrip: RoundTrip
  readonly signal: CallSignal
  readonly trace: AuthTrace
  readonly turn: Turn
}

/** The service does not know the scheme by this name. */
export interface NotOffered {
  readonly offered: readonly string[]
  /** Whether the connection is over with that. */
  readonly closing: boolean
}

type Outcome = 'established' | NotOffered | typeof RECONNECT

/** More legs than any mechanism needs: a service that goes on is playing. */
const MAX_LEGS = 12

/** The legs of one attempt. Their bodies are empty: Windows takes a message on the last one, OMI's worker dies of it. */
export class Handshake {
  readonly #options: HandshakeOptions
  #legs = 0
  #offered: readonly string[] = []
  #clockAheadMs: number | undefined

  constructor(options: HandshakeOptions) {
    this.#options = options
  }

  /**
   * @returns how to go on: the connection may be over with its authentication
   * @throws AuthenticationError when one side refuses the other, ProtocolError for what must not be sent, TransportError
   */
  async run(): Promise<Outcome> {
    const { attempt, trace } = this.#options
    try {
      return await this.#exchangeTokens()
    } finally {
      trace.mechanism = attempt.context.mechanism
      trace.principal = attempt.context.principal
      trace.fallbackReason = attempt.fallbackReason
    }
  }

  async #exchangeTokens(): Promise<Outcome> {
    for (let token = await this.#step(); token !== undefined;) {
      const response = await this.#send(token)
      const next = await this.#judge(response).catch((error: unknown) => {
        // The service may wait in the middle of a handshake, and would take the next one for the rest of this.
        response.abandon()
        throw error
      })
      await this.#settle(response)
      if (!(next instanceof Uint8Array)) return next
      token = next
    }
    throw this.#refused()
  }

  /** @returns what to send next, or how it ends */
  async #judge(response: WireResponse): Promise<Outcome | Uint8Array> {
    const { status, closing } = response
    const { name, host, attempt, turn } = this.#options
    const answer = tokenOf(response, name)
    this.#offered = offeredBy(response)
    this.#clockAheadMs = clockAhead(response)
    if (status >= 200 && status < 300) {
      const unsaid = answer && (await this.#take(answer))
      // Whoever lets in before all was said does not know the other half of it.
      if (unsaid !== undefined || !attempt.context.complete) throw notProven(host)
      turn.wasAccepted = true
      return closing ? RECONNECT : 'established'
    }
    if (status !== 401) throw this.#unexpected(response)
    const isKnown = this.#offered.length === 0 || includes(this.#offered, name)
    if (this.#legs === 1 && !isKnown) return { offered: this.#offered, closing }
    const token = answer && (await this.#take(answer))
    if (token === undefined) throw this.#refused()
    if (closing) throw brokenOff(host)
    return token
  }

  async #send(token: Uint8Array): Promise<WireResponse> {
    const { name, host, contentType, roundTrip, trace, turn } = this.#options
    if (this.#legs === MAX_LEGS) throw endless(host)
    this.#legs++
    trace.legs++
    // The first token says nothing that could count as a failed logon.
    turn.wasTried ||= this.#legs > 1
    const authorization = `${name} ${Buffer.from(token).toString('base64')}`
    return await this.#unlessLost(roundTrip({ contentType, body: '', authorization }))
  }

  /** Makes the connection ready for what follows. The reply's body means nothing. */
  async #settle(response: WireResponse): Promise<void> {
    if (response.closing) response.abandon()
    else await this.#unlessLost(response.discard())
  }

  async #unlessLost<T>(work: Promise<T>): Promise<T> {
    const { host, turn } = this.#options
    try {
      return await work
    } catch (error) {
      throw lostUnderway(error, host, turn.isProven || !turn.wasTried)
    }
  }

  async #step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    const { attempt, signal } = this.#options
    try {
      return await abortable(attempt.context.step(token), signal)
    } catch (error) {
      throw error instanceof AuthenticationError ? this.#refused(error) : error
    }
  }

  /** After the end only CredSSP has something to hear: why the service refuses after all. */
  async #take(token: Uint8Array): Promise<Uint8Array | undefined> {
    const { context } = this.#options.attempt
    return context.complete && context.mechanism !== 'CredSSP' ? undefined : await this.#step(token)
  }

  #unexpected({ status, statusText, headers }: WireResponse): Error {
    const { attempt, host } = this.#options
    if (status < 400) return redirected(host, status, headers.location)
    // OMI answers some tokens that it does not accept with 400; what it refused must not be tried again.
    const isRefusal = status === 400 || status === 403
    const isAnswer = this.#legs > 1 || attempt.context.mechanism === 'Kerberos'
    return isRefusal && isAnswer ? this.#refused() : unexpectedStatus(host, status, statusText)
  }

  #refused(cause?: AuthenticationError): AuthenticationError {
    return this.#options.attempt.refused({
      offered: this.#offered,
      legs: this.#legs,
      cause,
      clockAheadMs: this.#clockAheadMs,
    })
  }
}

/** By how much the clock of the peer is ahead, to the second, as far as `Date` tells. */
function clockAhead({ headers }: WireResponse): number | undefined {
  const ahead = Date.parse(headers.date ?? '') - Date.now()
  return Number.isNaN(ahead) ? undefined : ahead
}

/** The token that follows the scheme in `WWW-Authenticate`. */
function tokenOf({ headers }: WireResponse, name: string): Buffer | undefined {
  const challenge = parseChallenges(headers['www-authenticate']).find(
    ({ scheme, token }) => token !== undefined && includes([scheme], name),
  )
  return challenge?.token === undefined ? undefined : Buffer.from(challenge.token, 'base64')
}

/** Whether one of the names is this one, in whatever letter case. */
export function includes(names: readonly string[], name: string): boolean {
  return names.some((candidate) => candidate.toLowerCase() === name.toLowerCase())
}
