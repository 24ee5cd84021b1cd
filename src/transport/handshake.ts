import { inspect } from 'node:util'
import type { SecurityContext } from '../auth/security-context.js'
import { AuthenticationError, TransportError } from '../errors/errors.js'
import type { WireResponse } from '../http/message.js'
import { abortable } from '../util/abortable.js'
import {
  offeredBy,
  schemeNotOffered,
  type Authenticator,
  type ChannelFacts,
  type Leg,
  type RoundTrip,
} from './authenticator.js'
import { sealBody, type SealingProtocol } from '../auth/sealed-body.js'
import { openResponse } from './sealed-response.js'
import { parseChallenges } from './www-authenticate.js'

/** A scheme whose handshake takes several legs and leaves a context that can seal. */
export interface HandshakeScheme {
  /** What may stand in `Authorization`, best first; the service's offer decides. */
  readonly names: readonly string[]
  /** What seals the messages, by the name that was taken. */
  protocol(name: string): SealingProtocol
  /** What to do where the service offers none of the names. */
  readonly notOfferedHint: string
  /**
   * One handshake, on one connection.
   * @throws PolicyError, AuthenticationError or UsageError when it cannot even begin
   */
  newContext(channel: ChannelFacts, name: string, signal: AbortSignal): Promise<SecurityContext>
  /** The service refused what the last context was made with. @returns the error to throw */
  refused(
    host: string,
    offered: readonly string[],
    cause: AuthenticationError | undefined,
  ): AuthenticationError
}

interface Session {
  readonly context: SecurityContext
  readonly protocol: SealingProtocol
}

/** More legs than any mechanism needs: a service that goes on is playing. */
const MAX_LEGS = 12

/**
 * Authenticates one connection in several legs, and seals what travels over it where TLS does not. The context
 * belongs to the socket: a new socket, or a 401 on this one, means a new handshake.
 */
export class HandshakeAuthenticator implements Authenticator {
  readonly #scheme: HandshakeScheme
  readonly #channel: ChannelFacts
  #session: Session | undefined

  constructor(scheme: HandshakeScheme, channel: ChannelFacts) {
    this.#scheme = scheme
    this.#channel = channel
  }

  async exchange(message: Leg, roundTrip: RoundTrip, signal: AbortSignal): Promise<WireResponse> {
    const session = this.#session ?? (await this.#establish(message, roundTrip, signal))
    const response = await this.#send(session, message, roundTrip)
    if (response.status !== 401) return this.#open(session, response)
    // A 401 on an authenticated socket means that the request was not looked at: authenticate again, seal again.
    await response.discard()
    const renewed = await this.#establish(message, roundTrip, signal)
    const second = await this.#send(renewed, message, roundTrip)
    if (second.status !== 401) return this.#open(renewed, second)
    const offered = offeredBy(second)
    second.abandon()
    throw this.#scheme.refused(this.#channel.host, offered, undefined)
  }

  dispose(): void {
    this.#session?.context.dispose()
    this.#session = undefined
  }

  [inspect.custom](): string {
    return 'HandshakeAuthenticator {}'
  }

  async #send({ context, protocol }: Session, message: Leg, roundTrip: RoundTrip): Promise<WireResponse> {
    if (this.#channel.secure) return await roundTrip(message)
    const { body, contentType } = await sealBody(context, protocol, Buffer.from(message.body))
    return await roundTrip({ ...message, body, contentType })
  }

  #open({ context }: Session, response: WireResponse): WireResponse {
    if (this.#channel.secure) return response
    return openResponse(context, response, () => {
      this.dispose()
    })
  }

  async #establish(message: Leg, roundTrip: RoundTrip, signal: AbortSignal): Promise<Session> {
    this.dispose()
    let offered: readonly string[] = []
    for (const name of this.#scheme.names) {
      if (offered.length > 0 && !includes(offered, name)) continue
      const context = await abortable(this.#scheme.newContext(this.#channel, name, signal), signal)
      try {
        const outcome = await this.#handshake(context, name, message, roundTrip, signal)
        if (outcome === 'established') {
          return (this.#session = { context, protocol: this.#scheme.protocol(name) })
        }
        offered = outcome.offered
      } catch (error) {
        context.dispose()
        throw error instanceof AuthenticationError
          ? this.#scheme.refused(this.#channel.host, offered, error)
          : error
      }
      context.dispose()
    }
    throw schemeNotOffered(
      this.#scheme.names[0] ?? '',
      this.#channel.host,
      offered,
      this.#scheme.notOfferedHint,
    )
  }

  /** @returns the schemes the service offers instead, where it does not know this one */
  async #handshake(
    context: SecurityContext,
    name: string,
    { contentType }: Leg,
    roundTrip: RoundTrip,
    signal: AbortSignal,
  ): Promise<'established' | { readonly offered: readonly string[] }> {
    let token = await abortable(context.step(), signal)
    for (let leg = 1; leg <= MAX_LEGS; leg++) {
      if (token === undefined) throw refusedEarly(this.#channel.host)
      // Empty bodies all the way: Windows takes one on the last leg, OMI's worker dies of it.
      const authorization = `${name} ${Buffer.from(token).toString('base64')}`
      const response = await roundTrip({ contentType, body: '', authorization })
      const answer = tokenOf(response, name)
      if (response.status === 401) {
        const offered = offeredBy(response)
        await response.discard()
        if (answer === undefined) {
          if (leg === 1 && !includes(offered, name)) return { offered }
          throw this.#refusal(offered)
        }
        token = await abortable(context.step(answer), signal)
      } else if (response.status >= 200 && response.status < 300) {
        await response.discard()
        if (answer !== undefined) await abortable(context.step(answer), signal)
        if (!context.complete) throw notProven(this.#channel.host)
        return 'established'
      } else {
        response.abandon()
        throw unexpectedStatus(this.#channel.host, response)
      }
    }
    throw new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${this.#channel.host} never ends the handshake.`)
  }

  #refusal(offered: readonly string[]): AuthenticationError {
    return new AuthenticationError(
      'ERR_WSMAN_UNAUTHORIZED',
      `${this.#channel.host} refused the credential.`,
      { offered },
    )
  }
}

/** The token that follows the scheme in `WWW-Authenticate`. */
function tokenOf({ headers }: WireResponse, name: string): Buffer | undefined {
  const challenge = parseChallenges(headers['www-authenticate']).find(
    ({ scheme, token }) => token !== undefined && includes([scheme], name),
  )
  return challenge?.token === undefined ? undefined : Buffer.from(challenge.token, 'base64')
}

function includes(names: readonly string[], name: string): boolean {
  return names.some((candidate) => candidate.toLowerCase() === name.toLowerCase())
}

function refusedEarly(host: string): AuthenticationError {
  return new AuthenticationError(
    'ERR_WSMAN_UNAUTHORIZED',
    `${host} refuses although the handshake is over.`,
    { host },
  )
}

function notProven(host: string): AuthenticationError {
  return new AuthenticationError(
    'ERR_WSMAN_UNAUTHORIZED',
    `${host} ended the handshake before it had proved who it is.`,
    { host, hint: 'Something between the client and the host may be answering in its place.' },
  )
}

function unexpectedStatus(host: string, { status, statusText }: WireResponse): TransportError {
  return new TransportError(
    'ERR_WSMAN_HTTP_STATUS',
    `${host} answered the handshake with HTTP status ${status}${statusText === '' ? '' : ` ${statusText}`}.`,
    { host, status, retryable: status === 503 },
  )
}
