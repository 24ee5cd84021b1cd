import { randomBytes, timingSafeEqual } from 'node:crypto'
import { AuthenticationError, ProtocolError } from '../../errors/errors.js'
import { Rc4 } from '../crypto/rc4.js'
import { type AuthenticateMessage, decodeAuthenticate, splitMic } from './authenticate-message.js'
import { AV, AV_FLAG_MIC, flagsOf, textPair, valueOf, type AvPair } from './av-pairs.js'
import { encodeChallenge } from './challenge-message.js'
import { FLAG, has, intersection, union } from './flags.js'
import { malformed, VERSION } from './message.js'
import { decodeNegotiate } from './negotiate-message.js'
import { type Conclusion, NtlmContext } from './ntlm-context.js'
import {
  channelBindingsHash,
  decodeNtlmv2Response,
  fileTime,
  messageIntegrityCode,
  ntProof,
  responseKey,
  sessionBaseKey,
  type Ntlmv2Response,
} from './ntlmv2.js'
import { SessionSecurity } from './session-security.js'

export interface NtlmAcceptorOptions {
  /**
   * Finds an account. `domain` is as the client sent it, empty where it named none; a user name may hold an `@`.
   * `ntHash` has 16 octets; `ntHash(password)` makes it.
   */
  readonly lookup: (
    domain: string,
    user: string,
  ) => KnownAccount | undefined | Promise<KnownAccount | undefined>
  /** NetBIOS name of this computer. */
  readonly computerName: string
  /** NetBIOS name of the domain this computer is in. Default: none. */
  readonly domainName?: string
  /** What clients on this connection must be bound to. Default: nothing. */
  readonly channelBinding?: ChannelBindingRule
}

export interface KnownAccount {
  readonly ntHash: Uint8Array
}

/** How `CbtHardeningLevel` judges (MS-WSMV 2.2.4.34): a wrong binding is refused by both levels, a missing one by `strict`. */
export interface ChannelBindingRule {
  readonly level: 'none' | 'relaxed' | 'strict'
  /** Application data of the channel binding; undefined without TLS, where there is nothing to be bound to. */
  readonly applicationData: Uint8Array | undefined
}

const SUPPORTED = union(
  FLAG.unicode,
  FLAG.oem,
  FLAG.requestTarget,
  FLAG.sign,
  FLAG.seal,
  FLAG.extendedSessionSecurity,
  FLAG.version,
  FLAG.key128,
  FLAG.keyExchange,
  FLAG.key56,
)

/** The server's side of NTLM: takes NTLMv2 with extended session security from accounts it knows, nobody anonymous. */
export class NtlmAcceptor extends NtlmContext {
  readonly #options: NtlmAcceptorOptions
  readonly #serverChallenge = randomBytes(8)
  #flags = 0
  #negotiate: Uint8Array = new Uint8Array()
  #challenge: Uint8Array = new Uint8Array()
  #principal: string | undefined
  #withMic = false

  constructor(options: NtlmAcceptorOptions) {
    super()
    this.#options = options
  }

  /** `DOMAIN\user` as the client spelled it. */
  get principal(): string | undefined {
    return this.#principal
  }

  get needsMechListMic(): boolean {
    return this.#withMic
  }

  protected begin(token: Uint8Array | undefined): Uint8Array {
    if (!token) throw new ProtocolError('The client sent no NTLM message.')
    const { flags: requested } = decodeNegotiate(token)
    requireStrength(requested)
    const { computerName, domainName } = this.#options
    const granted = intersection(requested, SUPPORTED)
    this.#flags = union(
      has(granted, FLAG.unicode) ? granted & ~FLAG.oem : granted,
      FLAG.requestTarget,
      FLAG.ntlm,
      FLAG.alwaysSign,
      FLAG.targetInfo,
      domainName === undefined ? FLAG.targetTypeServer : FLAG.targetTypeDomain,
    )
    this.#negotiate = Buffer.from(token)
    this.#challenge = encodeChallenge(
      {
        flags: this.#flags,
        serverChallenge: this.#serverChallenge,
        targetName: domainName ?? computerName,
        targetInfo: this.#targetInfo(),
      },
      VERSION,
    )
    return this.#challenge
  }

  protected async conclude(token: Uint8Array | undefined): Promise<Conclusion> {
    if (!token) throw new ProtocolError('The client sent no proof of who it is.')
    const received = Buffer.from(token)
    const message = decodeAuthenticate(received)
    const flags = intersection(message.flags, this.#flags)
    requireStrength(flags)
    const response = decodeNtlmv2Response(message.ntResponse)
    if (message.user === '') throw refused('Nobody is let in anonymously.')
    if (!response) throw refused('Only NTLMv2 is taken.')
    const baseKey = await this.#verify(message, response)
    const signing = has(flags, FLAG.sign) || has(flags, FLAG.seal)
    const keyExchange = signing && has(flags, FLAG.keyExchange)
    const exportedKey = keyExchange ? decryptKey(baseKey, message.encryptedSessionKey) : baseKey
    this.#verifyMic(response, exportedKey, received)
    this.#verifyChannelBinding(response)
    const session = signing ? new SessionSecurity(exportedKey, 'server', keyExchange) : undefined
    baseKey.fill(0)
    exportedKey.fill(0)
    this.#principal = message.domain === '' ? message.user : `${message.domain}\\${message.user}`
    return { token: undefined, session }
  }

  #targetInfo(): AvPair[] {
    const { computerName, domainName = computerName } = this.#options
    return [
      textPair(AV.domainName, domainName),
      textPair(AV.computerName, computerName),
      textPair(AV.dnsDomainName, domainName.toLowerCase()),
      textPair(AV.dnsComputerName, computerName.toLowerCase()),
      { id: AV.timestamp, value: fileTime(Date.now()) },
    ]
  }

  /**
   * An unknown account costs the same work as a known one. Some clients leave the domain out of the key although they
   * name it, and are to be served too (MS-NLMP 3.2.5.1.2).
   * @returns the key that only those have who know the password
   */
  async #verify({ domain, user }: AuthenticateMessage, { proof, temp }: Ntlmv2Response): Promise<Buffer> {
    const account = await this.#options.lookup(domain, user)
    const hash = account?.ntHash ?? randomBytes(16)
    for (const keyDomain of new Set([domain, ''])) {
      const key = responseKey(hash, user, keyDomain)
      if (timingSafeEqual(ntProof(key, this.#serverChallenge, temp), proof)) return sessionBaseKey(key, proof)
    }
    throw refused('The account is not known or the password is wrong.')
  }

  #verifyMic({ pairs }: Ntlmv2Response, exportedKey: Uint8Array, token: Uint8Array): void {
    this.#withMic = (flagsOf(pairs) & AV_FLAG_MIC) !== 0
    if (!this.#withMic) return
    const { mic, withoutMic } = splitMic(token)
    const expected = messageIntegrityCode(exportedKey, this.#negotiate, this.#challenge, withoutMic)
    if (!timingSafeEqual(mic, expected))
      throw refused('The messages of the handshake were changed on their way.')
  }

  #verifyChannelBinding({ pairs }: Ntlmv2Response): void {
    const { level = 'none', applicationData } = this.#options.channelBinding ?? {}
    if (level === 'none' || !applicationData) return
    const sent = Buffer.from(valueOf(pairs, AV.channelBindings) ?? [])
    const missing = sent.every((octet) => octet === 0)
    if (missing ? level === 'strict' : !sent.equals(channelBindingsHash(applicationData))) {
      throw refused(`The client is ${missing ? 'not bound to a' : 'bound to another'} TLS channel.`)
    }
  }
}

/** Clients that neither sign nor seal need no key, and none of the strength of one. */
function requireStrength(flags: number): void {
  if (!has(flags, FLAG.unicode) && !has(flags, FLAG.oem)) throw malformed('names no character set')
  if (!has(flags, FLAG.extendedSessionSecurity)) throw refused('Only NTLMv2 is taken.')
  if ((has(flags, FLAG.sign) || has(flags, FLAG.seal)) && !has(flags, FLAG.key128)) {
    throw refused('Only keys of 128 bits are taken.')
  }
}

function decryptKey(baseKey: Uint8Array, encrypted: Uint8Array): Uint8Array {
  if (encrypted.length !== 16) throw malformed('holds no session key')
  const cipher = new Rc4(baseKey)
  const key = cipher.apply(encrypted)
  cipher.dispose()
  return key
}

const refused = (message: string): AuthenticationError =>
  new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', message)
