import { KerberosCredential } from '../auth/kerberos/kerberos-credential.js'
import { UsageError } from '../errors/errors.js'
import { resolveCredential, type AuthOptions, type KerberosAuth } from './credentials.js'

/** What Windows' own Kerberos is told; a keytab or cache it has no use for. */
export interface WindowsTicketOptions {
  readonly username: string | undefined
  readonly password: string | undefined
  readonly realm: string | undefined
  readonly delegate: boolean
}

/** The Kerberos credential of some auth options, made anew when what they say has changed. */
export class KerberosSource {
  readonly #auth: KerberosAuth
  #current: { readonly key: string; readonly credential: KerberosCredential } | undefined

  constructor(auth: AuthOptions) {
    this.#auth = auth as KerberosAuth
  }

  get delegate(): boolean {
    return this.#auth.delegate ?? false
  }

  /** The realm that the options name. */
  get realm(): string | undefined {
    return this.#auth.realm
  }

  /**
   * For SSPI, which keeps tickets itself.
   * @throws UsageError for what Windows cannot use, or a function that fails
   */
  async readForWindows(): Promise<WindowsTicketOptions> {
    const { username, password, keytab, ccache, realm } = this.#auth
    if (keytab !== undefined || ccache !== undefined) {
      throw new UsageError(
        'On Windows Kerberos takes a user name and password, or the tickets of the current user.',
      )
    }
    return {
      username: await optional('username', username),
      password: await optional('password', password),
      realm,
      delegate: this.delegate,
    }
  }

  /**
   * @param given user name and password where they were fetched already
   * @throws UsageError for values that contradict each other, or a function that fails
   */
  async read(given?: { readonly username: string; readonly password: string }): Promise<KerberosCredential> {
    const { username, password, keytab, ccache, realm } = this.#auth
    const values = given
      ? { username: given.username, password: given.password, realm }
      : {
          username: await optional('username', username),
          password: await optional('password', password),
          keytab: await optional('keytab', keytab),
          ccache: await optional('ccache', ccache),
          realm,
        }
    const key = JSON.stringify(values)
    if (this.#current?.key !== key) {
      // The one before is not disposed of: a handshake may be about to use it. It ends as garbage.
      this.#current = { key, credential: new KerberosCredential(values) }
    }
    return this.#current.credential
  }
}

async function optional(name: string, value: KerberosAuth['username']): Promise<string | undefined> {
  return value === undefined ? undefined : await resolveCredential(name, value)
}
