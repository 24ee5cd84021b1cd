import { AuthenticationError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { WireResponse } from '../http/message.js'
import type { AuthScheme } from './credentials.js'
import { parseChallenges } from './www-authenticate.js'
import type { CallSignal } from '../util/signal.js'

/** One HTTP request as an authenticator words it. */
export interface Leg {
  readonly contentType: string
  readonly body: string | Uint8Array
  /** The `Authorization` header. */
  readonly authorization?: string
}

/** Sends one leg on the connection the authenticator belongs to. */
export type RoundTrip = (leg: Leg) => Promise<WireResponse>

/** What an exchange ends with when its next leg has to go over another connection: the peer ends this one. */
export const RECONNECT = Symbol('reconnect')

/** What a mechanism may bind itself to. */
export interface ChannelFacts {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  /** Path and query that requests go to. */
  readonly path: string
  /** The server's certificate in DER, over HTTPS. */
  readonly peerCertificate: Buffer | undefined
}

/**
 * The security context of one connection: created when the connection is, gone when it is gone. A mechanism of
 * several legs makes its round trips in `exchange`, seals the body it is given, and hands back a reply whose
 * `receive` opens what was sealed.
 */
export interface Authenticator {
  /**
   * Sends one message, authenticated.
   * @param signal ends waits other than those of `roundTrip`, which ends by itself
   * @returns `RECONNECT` where the mechanism, not this context, knows how to go on; the message was not processed
   * @throws AuthenticationError when the service refuses; whatever `roundTrip` throws
   */
  exchange(message: Leg, roundTrip: RoundTrip, signal: CallSignal): Promise<WireResponse | typeof RECONNECT>
  /** The connection is gone, and the context with it. */
  dispose?(): void
}

/** A scheme with its credential, shared by the connections of a transport. */
export interface Mechanism {
  readonly scheme: AuthScheme
  /** Whether the scheme encrypts messages itself. */
  readonly sealed: boolean
  /** Whether the scheme proves the host to the client, or asks before it does without. */
  readonly provesHost: boolean
  /**
   * Asked before a socket is taken.
   * @returns undefined, or a promise that rejects with AuthenticationError when the credential was refused before
   */
  ready(host: string): Promise<void> | undefined
  bind(channel: ChannelFacts): Authenticator
}

/** The schemes a 401 offers, in its order. */
export function offeredBy({ headers }: WireResponse): string[] {
  return parseChallenges(headers['www-authenticate']).map(({ scheme }) => scheme)
}

/** Why a scheme may be missing from what a service offers. */
export type SchemeOff = 'basicOff' | 'negotiateOff' | 'kerberosOff' | 'credSspOff' | 'digestNotOffered'

/** The service wants a scheme that was not the one asked for. */
export function schemeNotOffered(
  scheme: string,
  host: string,
  offered: readonly string[],
  situation: SchemeOff,
): AuthenticationError {
  const list = offered.join(', ') || 'nothing'
  return new AuthenticationError(
    'ERR_WSMAN_SCHEME_NOT_OFFERED',
    `${host} does not offer ${scheme}; it offers ${list}.`,
    { host, offered, hint: hintFor(situation, { offered: list }) },
  )
}

/** A request without credentials was not let in. */
export function authenticationDemanded(host: string, offered: readonly string[]): AuthenticationError {
  const list = offered.length === 0 ? '' : ` It offers ${offered.join(', ')}.`
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${host} demands authentication.${list}`, {
    host,
    offered,
    hint: hintFor('credentialWanted', { scheme: schemeFor(offered) }),
  })
}

/** The best of what is offered that a user name and a password are enough for. */
function schemeFor(offered: readonly string[]): string {
  const names = new Set(offered.map((name) => name.toLowerCase()))
  return ['negotiate', 'digest', 'basic'].find((scheme) => names.has(scheme)) ?? 'negotiate'
}
