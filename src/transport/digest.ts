import { inspect } from 'node:util'
import { AuthenticationError } from '../errors/errors.js'
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
import type { PasswordSource, UserPassword } from './credentials.js'
import { selectDigest } from './digest-challenge.js'
import { DigestSession } from './digest-session.js'
import { parseChallenges } from './www-authenticate.js'
import type { CallSignal } from '../util/signal.js'

/** Asked, answered, too old and answered again; a server that goes on after that will go on forever. */
const MAX_LEGS = 4

/**
 * HTTP Digest (RFC 7616, and the older forms of RFC 2617 and RFC 2069). Its nonces belong to no connection, so all
 * connections share them, and a server that ends each connection with its reply asks only once.
 */
export class DigestMechanism implements Mechanism {
  readonly scheme = 'digest'
  readonly sealed = false
  readonly provesHost = false
  readonly #source: PasswordSource
  #current: { readonly session: DigestSession; readonly credential: UserPassword } | undefined
  /** Whether the server answers without asking for anything. */
  #unasked = false

  constructor(source: PasswordSource) {
    this.#source = source
  }

  ready(host: string): Promise<void> | undefined {
    return this.#source.assertNotRefused(host)
  }

  bind({ host, path }: ChannelFacts): Authenticator {
    return {
      exchange: (message, roundTrip, signal) => this.#exchange(message, roundTrip, signal, host, path),
    }
  }

  [inspect.custom](): string {
    return 'DigestMechanism {}'
  }

  async #exchange(
    message: Leg,
    roundTrip: RoundTrip,
    signal: CallSignal,
    host: string,
    uri: string,
  ): Promise<WireResponse | typeof RECONNECT> {
    for (let legs = 0; legs < MAX_LEGS; legs++) {
      const session = this.#current?.session
      const asking = session === undefined && !this.#unasked
      const response = await roundTrip(wordLeg(message, session, asking, uri))
      if (response.status === 401) await this.#challenged(response, session, signal, host)
      else if (asking) this.#unasked = true
      else {
        session?.accept(response.headers['authentication-info']?.toString())
        return response
      }
      if (response.closing) {
        response.abandon()
        return RECONNECT
      }
      await response.discard()
    }
    throw new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${host} keeps asking for Digest anew.`, { host })
  }

  /**
   * Makes the next answer possible.
   * @param answered what the server refused; undefined where nothing was said yet
   * @throws AuthenticationError where there is none
   */
  async #challenged(
    response: WireResponse,
    answered: DigestSession | undefined,
    signal: CallSignal,
    host: string,
  ): Promise<void> {
    try {
      const refused = this.#current
      // Another exchange may have got a newer nonce meanwhile.
      if (refused?.session !== answered) return
      const offered = offeredBy(response)
      const challenge = selectDigest(parseChallenges(response.headers['www-authenticate']))
      // A nonce that had been good may be too old, whether the server says so or not.
      const mayRetry =
        answered === undefined || answered.accepted || (challenge?.stale === true && !answered.second)
      if (refused !== undefined && (!mayRetry || challenge === undefined)) {
        this.#current = undefined
        throw this.#source.refuse(refused.credential, host, { offered })
      }
      if (challenge === undefined) throw digestNotOffered(host, offered)
      const credential = await abortable(this.#source.read(host), signal)
      if (this.#current !== refused) return
      const second = answered !== undefined
      this.#current = { session: new DigestSession(challenge, credential, { second }), credential }
    } catch (error) {
      response.abandon()
      throw error
    }
  }
}

/** The first leg asks for the challenge and carries no message, which would travel twice. */
function wordLeg(message: Leg, session: DigestSession | undefined, asking: boolean, uri: string): Leg {
  if (asking) return { ...message, body: '' }
  if (session === undefined) return message
  return { ...message, authorization: session.authorize({ method: 'POST', uri, body: message.body }) }
}

function digestNotOffered(host: string, offered: readonly string[]): AuthenticationError {
  const unknown = offered.some((scheme) => scheme.toLowerCase() === 'digest')
  return schemeNotOffered(
    unknown ? 'Digest in a form that this package knows' : 'Digest',
    host,
    offered,
    'digestNotOffered',
  )
}
