import { inspect } from 'node:util'
import { CredentialGate } from './credential-gate.js'
import { PasswordSource, schemeOf, type AuthOptions, type AuthScheme } from './credentials.js'
import { ContextSource } from './given-mechanism.js'
import { HandshakeTurns } from './handshake-turns.js'
import type { KerberosSource } from './kerberos-source.js'

/**
 * A credential that many clients share: one ticket, one first handshake at a time for each host, and a refusal that all
 * of them heed, so that no account is locked out by a fleet.
 */
export class SharedCredential {
  readonly #auth: AuthOptions
  readonly #gates = new Map<string, CredentialGate>()
  readonly #turns = new Map<string, HandshakeTurns>()
  #password: PasswordSource | undefined
  #kerberos: KerberosSource | undefined
  #contexts: ContextSource | undefined

  /** @throws UsageError for a scheme that does not exist */
  constructor(auth: AuthOptions) {
    schemeOf(auth)
    this.#auth = auth
  }

  /** `auth.scheme`. */
  get scheme(): AuthScheme | 'custom' {
    return schemeOf(this.#auth)
  }

  /** @internal */
  passwordSource(options: { readonly hash?: boolean } = {}): PasswordSource {
    return (this.#password ??= new PasswordSource(this.#auth, options))
  }

  /** @internal */
  kerberosSource(create: (auth: AuthOptions) => KerberosSource): KerberosSource {
    return (this.#kerberos ??= create(this.#auth))
  }

  /** @internal */
  contextSource(): ContextSource {
    return (this.#contexts ??= new ContextSource(this.#auth))
  }

  /**
   * Lets unproven requests to a host through one at a time.
   * @internal
   */
  gate(host: string): CredentialGate {
    return perHost(this.#gates, host, () => new CredentialGate())
  }

  /**
   * Lets unproven handshakes with a host through one at a time.
   * @internal
   */
  turns(host: string): HandshakeTurns {
    return perHost(this.#turns, host, () => new HandshakeTurns())
  }

  /** @internal */
  [inspect.custom](): string {
    return 'SharedCredential {}'
  }
}

/**
 * Makes a credential to pass as `auth` to several clients.
 * @throws UsageError for a scheme that does not exist
 */
export function createCredential(auth: AuthOptions): SharedCredential {
  return new SharedCredential(auth)
}

function perHost<T>(map: Map<string, T>, host: string, create: () => T): T {
  const key = host.toLowerCase()
  const known = map.get(key) ?? create()
  map.set(key, known)
  return known
}
