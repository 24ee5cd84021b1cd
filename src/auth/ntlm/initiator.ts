import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { ProtocolError } from '../../errors/errors.js'
import { Rc4 } from '../crypto/rc4.js'
import type { InitiatorOptions, ServicePrincipal } from '../security-context.js'
import { encodeAuthenticate, writeMic } from './authenticate-message.js'
import { AV, AV_FLAG_MIC, flagsOf, textOf, textPair, uint32Pair, valueOf, type AvPair } from './av-pairs.js'
import { type ChallengeMessage, decodeChallenge } from './challenge-message.js'
import { accountOf, hashOf, type NtlmCredential } from './credential.js'
import { FLAG, has, intersection, union } from './flags.js'
import { VERSION } from './message.js'
import { encodeNegotiate } from './negotiate-message.js'
import { type Conclusion, NtlmContext } from './ntlm-context.js'
import {
  channelBindingsHash,
  encodeClientChallenge,
  fileTime,
  lmResponse,
  messageIntegrityCode,
  ntProof,
  responseKey,
  sessionBaseKey,
} from './ntlmv2.js'
import { SessionSecurity } from './session-security.js'

export interface NtlmInitiatorOptions extends InitiatorOptions {
  readonly credential: NtlmCredential
  /** This computer's NetBIOS name, which domains can restrict accounts by. Default: the first part of the host name. */
  readonly workstation?: string
}

/**
 * What is made up for each exchange, in one place so that the specification's examples can be asked for.
 * @internal
 */
export interface NtlmSources {
  readonly random: (purpose: 'clientChallenge' | 'sessionKey', length: number) => Uint8Array
  readonly now: () => number
  readonly version: Uint8Array
}

const DEFAULT_SOURCES: NtlmSources = {
  random: (_purpose, length) => randomBytes(length),
  now: () => Date.now(),
  version: VERSION,
}

/** A server that grants less would be spoken to with weaker keys, or could not be answered with NTLMv2. */
const REQUIRED = {
  'text in Unicode': FLAG.unicode,
  signing: FLAG.sign,
  sealing: FLAG.seal,
  'extended session security': FLAG.extendedSessionSecurity,
  'keys of 128 bits': FLAG.key128,
} as const

const OFFERED = union(
  ...Object.values(REQUIRED),
  FLAG.requestTarget,
  FLAG.ntlm,
  FLAG.alwaysSign,
  FLAG.version,
  FLAG.keyExchange,
  FLAG.key56,
)

/** The client's side of NTLM: NTLMv2 and nothing older, with a MIC wherever the server can check one. */
export class NtlmInitiator extends NtlmContext {
  readonly #username: string
  readonly #ntHash: Uint8Array
  readonly #workstation: string
  readonly #target: ServicePrincipal
  readonly #channelBinding: Uint8Array | undefined
  readonly #sources: NtlmSources
  #negotiate: Uint8Array = new Uint8Array()
  #withMic = false

  /** @throws UsageError for a credential that cannot be one */
  constructor(options: NtlmInitiatorOptions, sources: NtlmSources = DEFAULT_SOURCES) {
    super()
    this.#username = options.credential.username
    this.#ntHash = hashOf(options.credential)
    this.#workstation = options.workstation ?? netBiosName(hostname())
    this.#target = options.target
    this.#channelBinding = options.channelBinding
    this.#sources = sources
  }

  /** The user name as it was given, once the handshake is over. */
  get principal(): string | undefined {
    return this.complete ? this.#username : undefined
  }

  get needsMechListMic(): boolean {
    return this.#withMic
  }

  protected begin(): Uint8Array {
    this.#negotiate = encodeNegotiate({ flags: OFFERED }, this.#sources.version)
    return this.#negotiate
  }

  protected conclude(token: Uint8Array | undefined): Conclusion {
    if (!token) throw new ProtocolError('The service did not answer with an NTLM challenge.')
    const challenge = decodeChallenge(token)
    requireStrength(challenge.flags)
    this.#withMic = timestampOf(challenge.targetInfo) !== undefined
    const { baseKey, ...proof } = this.#prove(challenge)
    const keyExchange = has(challenge.flags, FLAG.keyExchange)
    const exportedKey = keyExchange ? this.#sources.random('sessionKey', 16) : Buffer.from(baseKey)
    const cipher = new Rc4(baseKey)
    const message = encodeAuthenticate(
      {
        ...proof,
        flags: intersection(union(OFFERED, FLAG.targetInfo), union(challenge.flags, FLAG.requestTarget)),
        workstation: this.#workstation,
        encryptedSessionKey: keyExchange ? cipher.apply(exportedKey) : new Uint8Array(),
      },
      this.#sources.version,
      this.#withMic,
    )
    if (this.#withMic) writeMic(message, messageIntegrityCode(exportedKey, this.#negotiate, token, message))
    const session = new SessionSecurity(exportedKey, 'client', keyExchange)
    cipher.dispose()
    baseKey.fill(0)
    exportedKey.fill(0)
    return { token: message, session }
  }

  protected override forget(): void {
    this.#ntHash.fill(0)
  }

  /** Who we are and the two responses: MS-NLMP 3.1.5.1.2 and 3.3.2. */
  #prove({ serverChallenge, targetInfo, targetName }: ChallengeMessage) {
    const account = accountOf(this.#username, textOf(targetInfo, AV.computerName) ?? targetName)
    const key = responseKey(this.#ntHash, account.user, account.domain)
    const clientChallenge = this.#sources.random('clientChallenge', 8)
    const timestamp = timestampOf(targetInfo)
    const time = timestamp ?? fileTime(this.#sources.now())
    const temp = encodeClientChallenge(clientChallenge, time, this.#answer(targetInfo))
    const proof = ntProof(key, serverChallenge, temp)
    const baseKey = sessionBaseKey(key, proof)
    const lm = timestamp ? new Uint8Array(24) : lmResponse(key, { serverChallenge, clientChallenge })
    key.fill(0)
    return { ...account, ntResponse: Buffer.concat([proof, temp]), lmResponse: lm, baseKey }
  }

  /**
   * The server's attributes with ours. A server that sends no timestamp is older than the kinds that we add, and gets
   * only a channel binding, where there is one.
   */
  #answer(targetInfo: readonly AvPair[]): AvPair[] {
    const theirs = targetInfo.filter(({ id }) => !OURS.has(id))
    const binding = this.#channelBinding && channelBindingsHash(this.#channelBinding)
    if (!this.#withMic) {
      return binding ? [...theirs, { id: AV.channelBindings, value: binding }] : theirs
    }
    return [
      ...theirs.filter(({ id }) => id !== AV.flags),
      uint32Pair(AV.flags, union(flagsOf(theirs), AV_FLAG_MIC)),
      { id: AV.channelBindings, value: binding ?? new Uint8Array(16) },
      textPair(AV.targetName, spn(this.#target)),
    ]
  }
}

const OURS: ReadonlySet<number> = new Set([AV.targetName, AV.channelBindings])

function requireStrength(flags: number): void {
  const missing = Object.entries(REQUIRED).flatMap(([name, flag]) => (has(flags, flag) ? [] : [name]))
  if (missing.length === 0) return
  throw new ProtocolError(`The service does not grant what NTLM needs here: ${missing.join(', ')}.`, {
    hint: 'The service must take NTLMv2 with session security of 128 bits, as Windows does; Kerberos, or HTTPS with Basic or a certificate, do without NTLM.',
  })
}

function timestampOf(targetInfo: readonly AvPair[]): Uint8Array | undefined {
  const timestamp = valueOf(targetInfo, AV.timestamp)
  return timestamp?.length === 8 ? timestamp : undefined
}

const spn = ({ service, host, port }: ServicePrincipal): string =>
  `${service}/${host}${port === undefined ? '' : `:${port}`}`

/** NetBIOS names have up to 15 letters. */
const netBiosName = (host: string): string => (host.split('.')[0] ?? '').slice(0, 15).toUpperCase()
