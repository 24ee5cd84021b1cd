import { PolicyError, ProtocolError, UsageError } from '../../errors/errors.js'
import type { InitiatorOptions, SealedMessage, SecurityContext } from '../security-context.js'
import { KerberosError, type KerberosFailure } from './failures.js'
import { servicePrincipalName } from './principal.js'
import { Turns } from './turns.js'
import { isSealed, splitWrapToken } from './wrap-token.js'

/** What is used of the npm package `kerberos`, as it is on Windows. Tokens and messages are base64. */
export interface KerberosModule {
  readonly GSS_MECH_OID_KRB5: number
  initializeClient(service: string, options: Readonly<Record<string, unknown>>): Promise<KerberosClient>
}

export interface KerberosClient {
  readonly username: string | null
  step(challenge: string): Promise<string | null>
  wrap(message: string, options: { readonly protect: boolean }): Promise<string>
  unwrap(token: string): Promise<string>
}

export interface SspiInitiatorOptions extends InitiatorOptions {
  /** Default: the user of this process. Needs `password`. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly realm?: string | undefined
  readonly delegate?: boolean | undefined
  /** `strict` says that the service wants the token bound to the TLS connection. */
  readonly hardening?: 'none' | 'relaxed' | 'strict' | undefined
}

/** InitializeSecurityContext's own flags; that for integrity differs from GSSAPI's. */
const ISC_REQ = {
  DELEGATE: 0x1,
  MUTUAL_AUTH: 0x2,
  REPLAY_DETECT: 0x4,
  SEQUENCE_DETECT: 0x8,
  CONFIDENTIALITY: 0x10,
  INTEGRITY: 0x10000,
} as const
const REQUIRED =
  ISC_REQ.MUTUAL_AUTH |
  ISC_REQ.REPLAY_DETECT |
  ISC_REQ.SEQUENCE_DETECT |
  ISC_REQ.CONFIDENTIALITY |
  ISC_REQ.INTEGRITY

/** No token of this length holds a SOAP message, and it may hold an empty one, at which the package ends the process. */
const MAX_OVERHEAD = 72

/**
 * The client's side of Kerberos on Windows, by the npm package `kerberos` (SSPI).
 * @experimental Never run against a domain. It cannot bind to the TLS connection: a service with CbtHardeningLevel Strict
 * refuses it.
 */
export class SspiInitiator implements SecurityContext {
  readonly mechanism = 'Kerberos'
  readonly #options: SspiInitiatorOptions
  readonly #load: () => Promise<KerberosModule>
  readonly #service: string
  readonly #turns = new Turns()
  #client: KerberosClient | undefined
  #complete = false
  #disposed = false

  /**
   * @param load how to get the package, for tests
   * @throws PolicyError where the connection would have to be bound
   * @throws UsageError for a user name without a password
   */
  constructor(options: SspiInitiatorOptions, load: () => Promise<KerberosModule> = loadKerberos) {
    if (options.hardening === 'strict') {
      throw new PolicyError(
        'ERR_WSMAN_SCHEME_DISABLED',
        'Kerberos on Windows cannot bind to the TLS connection.',
        {
          hint: 'Use ntlm, which can, or set CbtHardeningLevel of the service to Relaxed.',
        },
      )
    }
    if ((options.username === undefined) !== (options.password === undefined)) {
      throw new UsageError('On Windows give Kerberos both username and password, or neither.', {
        hint: 'With neither, the tickets of the user who runs this process are used.',
      })
    }
    this.#options = { ...options }
    this.#load = load
    this.#service = servicePrincipalName(options.target)
  }

  get complete(): boolean {
    return this.#complete && !this.#disposed
  }

  get principal(): string | undefined {
    return this.#complete ? (this.#client?.username ?? undefined) : undefined
  }

  step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#inTurn(async () => {
      if (this.#complete) throw new UsageError('The Kerberos handshake is over.')
      if (this.#client === undefined) return this.#first(token)
      if (token === undefined) throw notMutual(this.#service)
      const reply = await this.#step(this.#client, base64(token))
      this.#complete = reply === undefined
      return reply
    })
  }

  seal(message: Uint8Array): Promise<SealedMessage> {
    return this.#established(async (client) => {
      const token = await sspi(
        'encrypting a message',
        'other',
        client.wrap(base64(message), { protect: true }),
      )
      return splitWrapToken(Buffer.from(token, 'base64'), message.length)
    })
  }

  unseal({ signature, data }: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array> {
    return this.#established(async (client) => {
      const token = Buffer.concat([signature, data])
      if (!isSealed(token)) throw new ProtocolError('The peer signed a message and did not encrypt it.')
      if (token.length <= MAX_OVERHEAD) throw new ProtocolError('The peer sent no message.')
      try {
        return Buffer.from(await client.unwrap(base64(token)), 'base64')
      } catch (cause) {
        throw new ProtocolError("The message is not the peer's, or was changed on its way.", { cause })
      }
    })
  }

  dispose(): void {
    this.#disposed = true
    this.#client = undefined // the package frees it when it is collected
  }

  async #first(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (token) throw new UsageError('The first leg of a Kerberos client takes no token.')
    const kerberos = await this.#load()
    const creating = kerberos.initializeClient(this.#service, {
      mechOID: kerberos.GSS_MECH_OID_KRB5,
      flags: REQUIRED | (this.#options.delegate === true ? ISC_REQ.DELEGATE : 0),
      ...identity(this.#options),
    })
    this.#client = await this.#authenticating(creating)
    return this.#step(this.#client, '')
  }

  async #step(client: KerberosClient, challenge: string): Promise<Uint8Array | undefined> {
    const reply = await this.#authenticating(client.step(challenge))
    return reply ? Buffer.from(reply, 'base64') : undefined
  }

  /** Windows tells why only in the user's language. A password that may have been the reason counts as refused. */
  #authenticating<T>(result: Promise<T>): Promise<T> {
    const failure = this.#options.password === undefined ? 'other' : 'refused'
    return sspi(`authenticating to ${this.#service}`, failure, result)
  }

  #established<T>(call: (client: KerberosClient) => Promise<T>): Promise<T> {
    return this.#inTurn(() => {
      if (this.#client === undefined || !this.#complete)
        throw new UsageError('The Kerberos handshake is not over.')
      return call(this.#client)
    })
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      if (this.#disposed) {
        throw new UsageError('The Kerberos context was disposed of.', { code: 'ERR_WSMAN_CLOSED' })
      }
      return call()
    })
  }
}

/** @throws UsageError where the package is not installed */
async function loadKerberos(): Promise<KerberosModule> {
  const name = 'kerberos' // not a literal below: types and bundlers would want the package, which is optional
  try {
    const module = (await import(name)) as { readonly default: KerberosModule }
    return module.default
  } catch (cause) {
    throw new UsageError('Kerberos on Windows needs the npm package kerberos, which is not installed.', {
      code: 'ERR_WSMAN_UNSUPPORTED',
      hint: 'Run: npm install kerberos',
      cause,
    })
  }
}

/** The package takes the account and its domain apart; a `user@domain` stays whole. */
function identity({ username, password, realm }: SspiInitiatorOptions): Record<string, string> {
  if (username === undefined || password === undefined) return {}
  const backslash = username.indexOf('\\')
  const domain = realm ?? username.slice(0, Math.max(0, backslash))
  return { user: username.slice(backslash + 1), domain, password }
}

async function sspi<T>(doing: string, failure: KerberosFailure, result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new KerberosError(failure, `Kerberos failed ${doing} (${text.trim()}).`, { cause })
  }
}

function notMutual(service: string): KerberosError {
  return new KerberosError('notMutual', `${service} did not prove its identity.`)
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64')
}
