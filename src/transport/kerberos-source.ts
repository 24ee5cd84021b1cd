import { KerberosCredential } from '../auth/kerberos/kerberos-credential.js'
import { resolveCredential, type AuthOptions, type KerberosAuth } from './credentials.js'

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
