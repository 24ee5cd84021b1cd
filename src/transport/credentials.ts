import { inspect } from 'node:util'
import type { InitiatorOptions, SecurityContext } from '../auth/security-context.js'
import { AuthenticationError, UsageError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'

/** A credential, or a function that fetches it when it is needed. */
export type CredentialValue<T = string> = T | (() => T | Promise<T>)

/** No authentication. */
export interface NoAuth {
  readonly scheme: 'none'
}

/** A user name and a password. */
export interface PasswordAuth {
  /** Default `negotiate`. */
  readonly scheme?: 'basic' | 'digest' | 'ntlm' | 'negotiate' | 'credssp'
  /** `DOMAIN\user`, `user@domain`, `.\user` or `user`. */
  readonly username: CredentialValue
  readonly password?: CredentialValue
  /** 32 hexadecimal digits in place of the password, for `ntlm` and `negotiate`. */
  readonly ntHash?: CredentialValue
  /** The Kerberos realm of the user. Default: the one in `username`, else the default realm of krb5.conf. */
  readonly realm?: string
  /** For `negotiate` with Kerberos: whether the service may act as the user in turn. Default `false`. */
  readonly delegate?: boolean
}

/** Kerberos. With nothing given, the tickets of the default credential cache are used. */
export interface KerberosAuth {
  readonly scheme: 'kerberos'
  readonly username?: CredentialValue
  readonly password?: CredentialValue
  /** Path of a keytab. */
  readonly keytab?: CredentialValue
  /** Name of a credential cache. */
  readonly ccache?: CredentialValue
  readonly realm?: string
  /** Whether the ticket may be used by the server in turn. Default `false`. */
  readonly delegate?: boolean
}

/** The client certificate given in `tls`. */
export interface CertificateAuth {
  readonly scheme: 'certificate'
}

/** What a context of your own is asked for: one for each connection, and one for each attempt on it. */
export interface ContextRequest extends InitiatorOptions {
  /**
   * What stands in `Authorization`: `Negotiate`, `Kerberos`, `CredSSP`, or `NTLM` where a service offers nothing else.
   * Under `Negotiate` services take SPNEGO, and Windows NTLM and Kerberos by themselves.
   */
  readonly name: string
}

/**
 * A mechanism of your own: what makes and takes the tokens, and seals. It takes the part of the scheme it speaks, which
 * decides what stands in `Authorization`, how sealed messages are framed and what `settings.client` says about it. Over
 * HTTP the host must be trusted, but for `kerberos`, whose contexts have to prove it (mutual authentication).
 *
 * What a service refuses is not tried again with that host by anything that shares the credential, so that no account is
 * locked out: make another client, or another `createCredential`, when something has changed.
 */
export interface MechanismAuth {
  readonly scheme: 'custom'
  readonly speaks: 'ntlm' | 'negotiate' | 'kerberos' | 'credssp'
  /** What it throws, a `WsmanError` apart, ends the call as a UsageError. */
  readonly createContext: (request: ContextRequest) => SecurityContext | Promise<SecurityContext>
}

/** How to authenticate: a scheme and what it needs. */
export type AuthOptions = NoAuth | PasswordAuth | KerberosAuth | CertificateAuth | MechanismAuth

/** The schemes that the package brings; `custom` is the word for one of the caller's own. */
export type AuthScheme =
  'none' | 'basic' | 'digest' | 'ntlm' | 'negotiate' | 'kerberos' | 'credssp' | 'certificate'

const SCHEMES: ReadonlySet<string> = new Set<AuthScheme | 'custom'>([
  'none',
  'basic',
  'digest',
  'ntlm',
  'negotiate',
  'kerberos',
  'credssp',
  'certificate',
  'custom',
])

/** @throws UsageError for a scheme that does not exist */
export function schemeOf(auth: AuthOptions): AuthScheme | 'custom' {
  const scheme = auth.scheme ?? 'negotiate'
  if (!SCHEMES.has(scheme)) {
    throw new UsageError(
      `auth.scheme must be one of ${[...SCHEMES].join(', ')}; it is ${JSON.stringify(scheme)}.`,
    )
  }
  return scheme
}

export interface UserPassword {
  readonly username: string
  readonly password: string
  /** Given in place of the password, which is empty then. */
  readonly ntHash?: string
}

/**
 * A user name and password, fetched when needed. It remembers what the service refused and does not hand that out
 * again, so that no account is locked out by repetition.
 */
export class PasswordSource {
  readonly #username: CredentialValue
  readonly #password: CredentialValue
  readonly #isHash: boolean
  /** What each host refused last, by host. */
  readonly #refused = new Map<string, Refusal>()

  /**
   * @param options.hash whether the scheme can do with an NT hash
   * @throws UsageError when one of both is missing
   */
  constructor(auth: AuthOptions, options: { readonly hash?: boolean } = {}) {
    const { username, password, ntHash } = auth as Partial<PasswordAuth>
    if (!isCredential(username))
      throw new UsageError('auth.username must be text or a function that returns it.')
    this.#isHash = password === undefined && ntHash !== undefined && options.hash === true
    const secret = this.#isHash ? ntHash : password
    if (!isCredential(secret))
      throw new UsageError('auth.password must be text or a function that returns it.')
    this.#username = username
    this.#password = secret
  }

  /**
   * @throws AuthenticationError when the service has refused this very credential before
   * @throws UsageError when a function fails or returns something else than text
   */
  async read(host: string): Promise<UserPassword> {
    const username = await resolveCredential('username', this.#username)
    const secret = await resolveCredential(this.#isHash ? 'ntHash' : 'password', this.#password)
    const refused = this.#refused.get(keyOf(host))
    if (refused?.username === username && (refused.ntHash ?? refused.password) === secret) {
      throw refusedCredential(host, refused)
    }
    return this.#isHash ? { username, password: '', ntHash: secret } : { username, password: secret }
  }

  /** Rejects like `read`; where nothing was refused yet, nothing is fetched and nothing to wait for. */
  assertNotRefused(host: string): Promise<void> | undefined {
    return this.#refused.has(keyOf(host)) ? this.read(host).then(() => undefined) : undefined
  }

  /** Remembers that the service refused the credential. */
  refuse(credential: UserPassword, host: string, circumstances: RefusalCircumstances): AuthenticationError {
    this.#refused.set(keyOf(host), { ...credential, ...circumstances })
    return refusedCredential(host, circumstances)
  }

  [inspect.custom](): string {
    return 'PasswordSource {}'
  }
}

/** What was seen when a credential was refused. */
export interface RefusalCircumstances {
  /** What the service offers. */
  readonly offered: readonly string[]
  /** What the mechanism says about it. */
  readonly cause?: AuthenticationError | undefined
  /** What else may be the reason. */
  readonly hints?: readonly string[]
}

type Refusal = UserPassword & RefusalCircumstances

const keyOf = (host: string): string => host.toLowerCase()

function isCredential(value: unknown): value is CredentialValue {
  return typeof value === 'string' || typeof value === 'function'
}

/** Text, or what a function gives. @throws UsageError when it fails or gives something else */
export async function resolveCredential(name: string, value: CredentialValue): Promise<string> {
  if (typeof value === 'string') return value
  let text: unknown
  try {
    text = await value()
  } catch (cause) {
    throw new UsageError(`The function given as auth.${name} failed.`, { cause })
  }
  if (typeof text !== 'string') throw new UsageError(`The function given as auth.${name} must return text.`)
  return text
}

function refusedCredential(
  host: string,
  { offered, cause, hints = [] }: RefusalCircumstances,
): AuthenticationError {
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${host} refused the user name or the password.`, {
    host,
    offered,
    hint: [...(cause?.hint === undefined ? [] : [cause.hint]), hintFor('wrongPassword'), ...hints].join(' '),
    ...(cause === undefined ? {} : { cause }),
  })
}
