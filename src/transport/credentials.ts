import { inspect } from 'node:util'
import { AuthenticationError, UsageError } from '../errors/errors.js'

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
  readonly password: CredentialValue
  readonly realm?: string
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

/** How to authenticate: a scheme and what it needs. */
export type AuthOptions = NoAuth | PasswordAuth | KerberosAuth | CertificateAuth

export type AuthScheme =
  'none' | 'basic' | 'digest' | 'ntlm' | 'negotiate' | 'kerberos' | 'credssp' | 'certificate'

const SCHEMES: ReadonlySet<string> = new Set<AuthScheme>([
  'none',
  'basic',
  'digest',
  'ntlm',
  'negotiate',
  'kerberos',
  'credssp',
  'certificate',
])

/** @throws UsageError for a scheme that does not exist */
export function schemeOf(auth: AuthOptions): AuthScheme {
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
}

/**
 * A user name and password, fetched when needed. It remembers what the service refused and does not hand that out
 * again, so that no account is locked out by repetition.
 */
export class PasswordSource {
  readonly #username: CredentialValue
  readonly #password: CredentialValue
  #refused: (UserPassword & { readonly offered: readonly string[] }) | undefined

  /** @throws UsageError when one of both is missing */
  constructor(auth: AuthOptions) {
    const { username, password } = auth as Partial<PasswordAuth>
    if (!isCredential(username))
      throw new UsageError('auth.username must be text or a function that returns it.')
    if (!isCredential(password))
      throw new UsageError('auth.password must be text or a function that returns it.')
    this.#username = username
    this.#password = password
  }

  /**
   * @throws AuthenticationError when the service has refused this very credential before
   * @throws UsageError when a function fails or returns something else than text
   */
  async read(host: string): Promise<UserPassword> {
    const username = await resolve('username', this.#username)
    const password = await resolve('password', this.#password)
    const refused = this.#refused
    if (refused?.username === username && refused.password === password) {
      throw refusedCredential(host, refused.offered)
    }
    return { username, password }
  }

  /** Rejects like `read`; where nothing was refused yet, nothing is fetched and nothing to wait for. */
  assertNotRefused(host: string): Promise<void> | undefined {
    return this.#refused === undefined ? undefined : this.read(host).then(() => undefined)
  }

  /** Remembers that the service refused the credential. */
  refuse(credential: UserPassword, host: string, offered: readonly string[]): AuthenticationError {
    this.#refused = { ...credential, offered }
    return refusedCredential(host, offered)
  }

  [inspect.custom](): string {
    return 'PasswordSource {}'
  }
}

function isCredential(value: unknown): value is CredentialValue {
  return typeof value === 'string' || typeof value === 'function'
}

async function resolve(name: string, value: CredentialValue): Promise<string> {
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

function refusedCredential(host: string, offered: readonly string[]): AuthenticationError {
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${host} refused the user name or the password.`, {
    host,
    offered,
    hint: 'It is not tried again, so that the account is not locked out. Basic is for local accounts of the host; domain accounts need Negotiate or Kerberos.',
  })
}
