import { randomBytes } from 'node:crypto'
import { AuthenticationError, ProtocolError } from '../../errors/errors.js'
import { CredSspContext, type Answer, type Means } from './credssp-context.js'
import { malformed } from './der-fields.js'
import { sealOctets, unsealOctets, type InnerContext } from './inner-sealing.js'
import { FIRST_WITH_NONCE, keyBinding, NONCE_LENGTH, sameOctets, type CredSspVersion } from './key-binding.js'
import { subjectPublicKey } from './public-key.js'
import { TlsChannel, type TlsChannelOptions } from './tls-channel.js'
import { encodePasswordCredential } from './ts-credentials.js'
import type { TsRequest } from './ts-request.js'
import { agreeOnVersion, HIGHEST, type VersionRange } from './versions.js'

export interface CredSspInitiatorOptions {
  /** The account that is delegated. `domain` is empty where the server is to find out, as for `user@domain`. */
  readonly domain: string
  readonly user: string
  readonly password: string
  /** Makes the authentication inside of CredSSP: Negotiate, or one of its mechanisms. Called once. */
  readonly createInner: () => InnerContext
  /** Servers with a lower version are refused. Default 5: the older ones let someone in between use the credentials. */
  readonly minVersion?: CredSspVersion
  /** Default 6. */
  readonly maxVersion?: CredSspVersion
  readonly tls?: TlsChannelOptions
}

/**
 * The client's side of CredSSP (MS-CSSP 3.1.5): TLS, the inner authentication within it, a proof that the TLS ends at
 * the server that was authenticated, and only then the password.
 */
export class CredSspInitiator extends CredSspContext {
  readonly #account: { readonly domain: Buffer; readonly user: Buffer; readonly password: Buffer }
  readonly #versions: VersionRange
  #stage: 'beginning' | 'negotiating' | 'bound' = 'beginning'
  #version: number | undefined
  #expected: Uint8Array = new Uint8Array()
  #signatureLength = 0

  constructor(options: CredSspInitiatorOptions) {
    const { createInner, tls } = options
    super(createInner, () => TlsChannel.client(tls))
    this.#versions = { min: options.minVersion ?? FIRST_WITH_NONCE, max: options.maxVersion ?? HIGHEST }
    this.#account = {
      domain: Buffer.from(options.domain, 'utf16le'),
      user: Buffer.from(options.user, 'utf16le'),
      password: Buffer.from(options.password, 'utf16le'),
    }
  }

  override dispose(): void {
    super.dispose()
    this.#account.password.fill(0)
  }

  protected async answer(request: TsRequest | undefined, means: Means): Promise<Answer> {
    if (this.#stage === 'beginning') {
      if (request) throw malformed('comes before its turn')
      this.#stage = 'negotiating'
      return this.#negotiate(undefined, means)
    }
    if (!request) throw new ProtocolError('The service answered without a message of CredSSP.')
    this.#version = agreeOnVersion(request.version, this.#versions, this.#version)
    return this.#stage === 'negotiating'
      ? this.#negotiate(request, means)
      : this.#delegate(request, means.inner)
  }

  /** The binding goes with the last token of the inner authentication, as soon as the version is known. */
  async #negotiate(request: TsRequest | undefined, { inner, channel }: Means): Promise<Answer> {
    const negoToken = inner.complete ? undefined : await stepInner(inner, request)
    const isLast = inner.complete || inner.sealable === true
    if (!isLast || this.#version === undefined) return this.#say({ negoToken })
    const nonce = randomBytes(NONCE_LENGTH)
    const binding = keyBinding(this.#version, subjectPublicKey(channel.peerCertificate), nonce)
    const sealed = await sealOctets(inner, binding.fromClient)
    this.#expected = binding.fromServer
    this.#signatureLength = sealed.signatureLength
    this.#stage = 'bound'
    return this.#say({
      negoToken,
      pubKeyAuth: sealed.octets,
      clientNonce: this.#version < FIRST_WITH_NONCE ? undefined : nonce,
    })
  }

  async #delegate(request: TsRequest, inner: InnerContext): Promise<Answer> {
    const { pubKeyAuth } = request
    if (!pubKeyAuth) throw malformed('does not answer the binding to the public key')
    if (!inner.complete) await stepInner(inner, request)
    if (!inner.complete) throw malformed('does not end the authentication')
    const proof = await unsealOctets(inner, pubKeyAuth, this.#signatureLength)
    if (!sameOctets(proof, this.#expected)) throw someoneInBetween()
    const credential = encodePasswordCredential(this.#account)
    const { octets: authInfo } = await sealOctets(inner, credential)
    credential.fill(0)
    this.#account.password.fill(0)
    return { ...this.#say({ authInfo }), complete: true }
  }

  /** The version is always the highest we know: what is agreed on follows from both sides' first messages. */
  #say(content: Omit<TsRequest, 'version'>): Answer {
    return { message: { version: this.#versions.max, ...content }, complete: false }
  }
}

async function stepInner(
  inner: InnerContext,
  request: TsRequest | undefined,
): Promise<Uint8Array | undefined> {
  if (request && !request.negoToken) throw malformed('carries no token')
  return inner.step(request?.negoToken)
}

function someoneInBetween(): AuthenticationError {
  return new AuthenticationError(
    'ERR_WSMAN_UNAUTHORIZED',
    'The service did not prove that the TLS of CredSSP ends at it: someone may be in between. The password was not sent.',
    {
      hint: 'Look for a proxy that opens TLS, or another computer behind this name or address, before trying again.',
    },
  )
}
