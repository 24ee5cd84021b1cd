import { isUtf8 } from 'node:buffer'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { EndpointPrincipal } from './message.js'

/** What an acceptor may need to know about the connection it authenticates. */
export interface ConnectionFacts {
  /** Whether TLS protects it. */
  readonly encrypted: boolean
}

/** One HTTP authentication scheme that the endpoint accepts. */
export interface AuthenticationScheme {
  /** As it stands in `Authorization`. */
  readonly name: string
  /** Its line in `WWW-Authenticate`. */
  readonly challenge: string
  /** The security profiles that Identify names for it (MS-WSMV 3.1.4.1.23). */
  readonly profiles: readonly string[]
  /** Whether it may be used on this connection. */
  isOffered(connection: ConnectionFacts): boolean
  /** One handshake; schemes of several legs keep their state in it. */
  newAcceptor(connection: ConnectionFacts): Acceptor
}

export interface Acceptor {
  /** @param token what follows the name of the scheme in `Authorization` */
  accept(token: string): AcceptorStep | Promise<AcceptorStep>
}

export type AcceptorStep =
  | { readonly state: 'rejected' }
  /** Another leg is due: `token` goes back with the 401. */
  | { readonly state: 'continue'; readonly token: string }
  | {
      readonly state: 'accepted'
      readonly principal: EndpointPrincipal
      /** Goes back with the reply, for mutual authentication. */
      readonly token?: string
      /** Whether it holds for the connection, so that later requests on it need no header. */
      readonly bound: boolean
    }

export type Verdict =
  | { readonly principal: EndpointPrincipal; readonly responseHeader?: string }
  /** The lines of `WWW-Authenticate` for the 401. */
  | { readonly challenges: readonly string[] }

/** Authenticates the requests of one connection: a handshake and what it establishes belong to its socket. */
export class ConnectionAuthentication {
  readonly #schemes: readonly AuthenticationScheme[]
  readonly #connection: ConnectionFacts
  #bound: EndpointPrincipal | undefined
  #handshake: { readonly scheme: AuthenticationScheme; readonly acceptor: Acceptor } | undefined

  constructor(schemes: readonly AuthenticationScheme[], connection: ConnectionFacts) {
    this.#schemes = schemes.filter((scheme) => scheme.isOffered(connection))
    this.#connection = connection
  }

  get profiles(): readonly string[] {
    return this.#schemes.flatMap(({ profiles }) => profiles)
  }

  async authenticate(authorization: string | undefined): Promise<Verdict> {
    if (authorization === undefined) return this.#bound ? { principal: this.#bound } : this.#refuse()
    this.#bound = undefined
    const [name = '', token = ''] = authorization.trim().split(/\s+/, 2)
    const scheme = this.#schemes.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
    if (!scheme) return this.#refuse()
    const step = await this.#acceptorOf(scheme).accept(token)
    if (step.state === 'continue') return { challenges: [`${scheme.name} ${step.token}`] }
    this.#handshake = undefined
    if (step.state === 'rejected') return this.#refuse()
    if (step.bound) this.#bound = step.principal
    const { principal } = step
    return step.token === undefined
      ? { principal }
      : { principal, responseHeader: `${scheme.name} ${step.token}` }
  }

  #acceptorOf(scheme: AuthenticationScheme): Acceptor {
    if (this.#handshake?.scheme !== scheme) {
      this.#handshake = { scheme, acceptor: scheme.newAcceptor(this.#connection) }
    }
    return this.#handshake.acceptor
  }

  #refuse(): Verdict {
    this.#handshake = undefined
    return { challenges: this.#schemes.map(({ challenge }) => challenge) }
  }
}

/** A local account of the endpoint. */
export interface Account extends EndpointPrincipal {
  readonly password: string
}

/** The accounts by name. `alice`, `.\alice`, `DOMAIN\alice`, `MACHINE\alice` and `alice@DOMAIN` name the same one. */
export class Accounts {
  readonly #accounts: readonly Account[]
  readonly #machine: string

  constructor(accounts: readonly Account[], machine: string) {
    this.#accounts = accounts
    this.#machine = machine
  }

  find(name: string): Account | undefined {
    const [, domain, user] = /^([^\\]*)\\(.*)$/.exec(name) ?? /^()(.*)$/.exec(name) ?? []
    return this.#accounts.find(
      (account) =>
        (same(account.username, user) && this.#isDomainOf(account, domain)) ||
        same(`${account.username}@${account.domain}`, name),
    )
  }

  /** Takes the same time whether the account exists or not. */
  verify(name: string, password: string): EndpointPrincipal | undefined {
    const account = this.find(name)
    const matches = timingSafeEqual(digest(password), digest(account?.password ?? ''))
    if (!account || !matches) return undefined
    return { username: account.username, domain: account.domain }
  }

  #isDomainOf(account: Account, domain = ''): boolean {
    return domain === '' || domain === '.' || same(domain, account.domain) || same(domain, this.#machine)
  }
}

/**
 * Basic. Its requests are readable, so the service takes them over HTTP only where AllowUnencrypted says so
 * (MS-WSMV 3.1.4.1.29.1).
 */
export function basicScheme(accounts: Accounts, allowUnencrypted: boolean): AuthenticationScheme {
  const profile = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile'
  return {
    name: 'Basic',
    challenge: 'Basic realm="WSMAN"',
    profiles: [`${profile}/http/basic`, `${profile}/https/basic`],
    isOffered: ({ encrypted }) => encrypted || allowUnencrypted,
    newAcceptor: () => ({
      accept: (token) => {
        const bytes = Buffer.from(token, 'base64')
        // Nothing says which encoding is meant, and clients send both (RFC 7617, 2.1).
        const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
        const colon = text.indexOf(':')
        const principal = colon < 0 ? undefined : accounts.verify(text.slice(0, colon), text.slice(colon + 1))
        return principal ? { state: 'accepted', principal, bound: false } : { state: 'rejected' }
      },
    }),
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const same = (one: string, other = ''): boolean => one.toLowerCase() === other.toLowerCase()
