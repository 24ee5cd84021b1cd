import { X509Certificate } from 'node:crypto'
import { AuthenticationError, UsageError } from '../../errors/errors.js'
import type { SecurityContext } from '../security-context.js'
import { CredSspContext, type Answer, type Means } from './credssp-context.js'
import { malformed } from './der-fields.js'
import { sealOctets, unsealOctets } from './inner-sealing.js'
import { FIRST_WITH_NONCE, keyBinding, NONCE_LENGTH, sameOctets, type CredSspVersion } from './key-binding.js'
import { NT_STATUS } from './nt-status.js'
import { subjectPublicKey } from './public-key.js'
import { TlsChannel, type TlsChannelOptions, type TlsIdentity } from './tls-channel.js'
import { decodePasswordCredential } from './ts-credentials.js'
import { encodeTsRequest, type TsRequest } from './ts-request.js'
import { agreeOnVersion, HIGHEST, knowsErrorCode, LOWEST, type VersionRange } from './versions.js'

export interface CredSspAcceptorOptions extends TlsIdentity {
  /** Makes the accepting side of the authentication inside of CredSSP. Called once. */
  readonly createInner: () => SecurityContext
  /** Clients with a lower version are refused. Default 2. */
  readonly minVersion?: CredSspVersion
  /** Default 6. */
  readonly maxVersion?: CredSspVersion
  readonly tls?: TlsChannelOptions
}

/** The account a client delegated. */
export interface DelegatedAccount {
  /** Empty where the client named none. */
  readonly domain: string
  readonly user: string
}

/** The server's side of CredSSP (MS-CSSP 3.1.5). */
export class CredSspAcceptor extends CredSspContext {
  readonly #publicKey: Uint8Array
  readonly #versions: VersionRange
  #version: number | undefined
  /** Undefined until the client has proved that its TLS ends here. */
  #signatureLength: number | undefined
  #refusal: Uint8Array | undefined
  #delegated: DelegatedAccount | undefined
  #password: Buffer = Buffer.alloc(0)

  /** @throws UsageError when the certificate cannot be read; the first step does when the key does not go with it */
  constructor(options: CredSspAcceptorOptions) {
    const { createInner, tls } = options
    super(createInner, () => TlsChannel.server(options, tls))
    this.#publicKey = publicKeyOf(options.cert)
    this.#versions = { min: options.minVersion ?? LOWEST, max: options.maxVersion ?? HIGHEST }
  }

  /** The account whose password the client handed over, once the handshake is over. */
  get delegated(): DelegatedAccount | undefined {
    return this.#delegated
  }

  /** The password the client handed over; empty before that, and after `dispose`. */
  delegatedPassword(): string {
    return this.#password.toString('utf16le')
  }

  /** The token that tells the client why `step` threw, where its version of CredSSP knows one. */
  get refusal(): Uint8Array | undefined {
    return this.#refusal
  }

  override dispose(): void {
    super.dispose()
    this.#password.fill(0)
    this.#password = Buffer.alloc(0)
  }

  protected async answer(request: TsRequest | undefined, { inner, channel }: Means): Promise<Answer> {
    if (!request) return { complete: false }
    try {
      const version = agreeOnVersion(request.version, this.#versions, this.#version)
      this.#version = version
      return await (this.#signatureLength === undefined
        ? this.#negotiate(request, version, inner)
        : this.#takeCredential(request, this.#signatureLength, inner))
    } catch (error) {
      if (error instanceof AuthenticationError) await this.#refuse(request, channel)
      throw error
    }
  }

  async #negotiate(request: TsRequest, version: number, inner: SecurityContext): Promise<Answer> {
    const { negoToken, pubKeyAuth, clientNonce = new Uint8Array() } = request
    if (!negoToken && !pubKeyAuth) throw malformed('carries neither a token nor a binding')
    const reply = negoToken && !inner.complete ? await inner.step(negoToken) : undefined
    if (!pubKeyAuth) return this.#say({ negoToken: reply })
    if (!inner.complete) throw malformed('binds to the public key before the authentication is over')
    if (version >= FIRST_WITH_NONCE && clientNonce.length !== NONCE_LENGTH) throw malformed('has no nonce')
    const binding = keyBinding(version, this.#publicKey, clientNonce)
    // What is sealed is longer than what it hides by the signature.
    const signatureLength = pubKeyAuth.length - binding.fromClient.length
    const proof = await unsealOctets(inner, pubKeyAuth, signatureLength)
    if (!sameOctets(proof, binding.fromClient)) throw anotherTls()
    this.#signatureLength = signatureLength
    const sealed = await sealOctets(inner, binding.fromServer)
    return this.#say({ negoToken: reply, pubKeyAuth: sealed.octets })
  }

  async #takeCredential(
    { authInfo }: TsRequest,
    signatureLength: number,
    inner: SecurityContext,
  ): Promise<Answer> {
    if (!authInfo) throw malformed('does not delegate a credential')
    const octets = await unsealOctets(inner, authInfo, signatureLength)
    const { domain, user, password } = decodePasswordCredential(octets)
    this.#delegated = { domain: textOf(domain), user: textOf(user) }
    this.#password = Buffer.from(password)
    octets.fill(0)
    return { complete: true }
  }

  #say(content: Omit<TsRequest, 'version'>): Answer {
    return { message: { version: this.#versions.max, ...content }, complete: false }
  }

  async #refuse({ version }: TsRequest, channel: TlsChannel): Promise<void> {
    if (!knowsErrorCode(Math.min(version, this.#versions.max))) return
    const errorCode = this.#version === undefined ? NT_STATUS.notSupported : NT_STATUS.logonFailure
    this.#refusal = await channel.send(encodeTsRequest({ version: this.#versions.max, errorCode }))
  }
}

function anotherTls(): AuthenticationError {
  return new AuthenticationError(
    'ERR_WSMAN_UNAUTHORIZED',
    'The TLS of the client ends at another public key than ours: someone may be in between.',
  )
}

function publicKeyOf(certificate: string | Buffer): Uint8Array {
  try {
    return subjectPublicKey(new X509Certificate(certificate).raw)
  } catch (cause) {
    throw new UsageError('The certificate for CredSSP cannot be read; it must be in PEM.', { cause })
  }
}

const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString('utf16le')
