import { inspect } from 'node:util'
import { UsageError } from '../errors/errors.js'
import type { WireResponse } from '../http/message.js'
import { abortable } from '../util/abortable.js'
import {
  offeredBy,
  schemeNotOffered,
  type Authenticator,
  type ChannelFacts,
  type Leg,
  type Mechanism,
  type RoundTrip,
} from './authenticator.js'
import type { PasswordSource, UserPassword } from './credentials.js'
import type { CallSignal } from '../util/signal.js'

/** HTTP Basic (RFC 7617), sent with the first request already: nothing is gained by asking for the 401. */
export class BasicMechanism implements Mechanism {
  readonly scheme = 'basic'
  readonly sealed = false
  readonly provesHost = false
  readonly #source: PasswordSource

  constructor(source: PasswordSource) {
    this.#source = source
  }

  ready(host: string): Promise<void> | undefined {
    return this.#source.assertNotRefused(host)
  }

  bind({ host }: ChannelFacts): Authenticator {
    return new BasicAuthenticator(this.#source, host)
  }

  [inspect.custom](): string {
    return 'BasicMechanism {}'
  }
}

class BasicAuthenticator implements Authenticator {
  readonly #source: PasswordSource
  readonly #host: string
  #credential: (UserPassword & { readonly header: string }) | undefined

  constructor(source: PasswordSource, host: string) {
    this.#source = source
    this.#host = host
  }

  exchange(message: Leg, roundTrip: RoundTrip, signal: CallSignal): Promise<WireResponse> {
    if (this.#credential !== undefined) return this.#send(message, roundTrip, this.#credential)
    return abortable(this.#source.read(this.#host), signal).then((read) => {
      this.#credential = withHeader(read)
      return this.#send(message, roundTrip, this.#credential)
    })
  }

  #send(
    { contentType, body }: Leg,
    roundTrip: RoundTrip,
    credential: UserPassword & { readonly header: string },
  ): Promise<WireResponse> {
    return roundTrip({ contentType, body, authorization: credential.header }).then((response) => {
      if (response.status === 401) this.#refused(response, credential)
      return response
    })
  }

  #refused(response: WireResponse, credential: UserPassword): never {
    const offered = offeredBy(response)
    response.abandon()
    if (offered.length > 0 && !offered.some((scheme) => scheme.toLowerCase() === 'basic')) {
      throw schemeNotOffered('Basic', this.#host, offered, 'basicOff')
    }
    throw this.#source.refuse(credential, this.#host, { offered })
  }

  [inspect.custom](): string {
    return 'BasicAuthenticator {}'
  }
}

function withHeader(credential: UserPassword): UserPassword & { header: string } {
  const { username, password } = credential
  if (username.includes(':')) throw new UsageError('A user name for Basic cannot hold a colon (RFC 7617, 2).')
  return { ...credential, header: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}
