import { isUtf8 } from 'node:buffer'
import { createHash, timingSafeEqual, type X509Certificate } from 'node:crypto'
import type { Settings } from '../settings/table.js'
import type { EndpointPrincipal } from './message.js'

/** What an acceptor may need to know about the connection it authenticates. */
export interface ConnectionFacts {
  /** Whether TLS protects it. */
  readonly encrypted: boolean
  /** What clients can bind themselves to, over TLS: `tls-server-end-point` of the listener's certificate. */
  readonly channelBinding?: Uint8Array | undefined
  /** The certificate whose key the client proved to have, over TLS. */
  readonly clientCertificate?: X509Certificate | undefined
}

/** A body with what its Content-Type says. */
export interface TypedBody {
  readonly contentType: string
  readonly body: Buffer
}

/**
 * The security context of a connection, where it seals messages (MS-WSMV 2.2.9.1). The messages of a connection come
 * one after the other, and contexts count them: each is opened or sealed once, in that order.
 */
export interface MessageSealing {
  /** Whether a message that is not sealed is refused (AllowUnencrypted). */
  readonly isRequired?: boolean
  /** @returns the message that was sealed; undefined for a body that this context did not seal */
  open(sealed: TypedBody): TypedBody | undefined | Promise<TypedBody | undefined>
  seal(message: TypedBody): TypedBody | Promise<TypedBody>
}

/** One HTTP authentication scheme that the endpoint accepts. */
export interface AuthenticationScheme {
  /** As it stands in `Authorization`. */
  readonly name: string
  /** Its line in `WWW-Authenticate`; undefined where it has none. */
  readonly challenge: string | undefined
  /** The security profiles that Identify names for it (MS-WSMV 3.1.4.1.23). */
  readonly profiles: readonly string[]
  /** Whether the settings switch it on. Asked whenever it matters. */
  isEnabled(): boolean
  /** Whether it may be used on this connection, where it is switched on. */
  isOffered(connection: ConnectionFacts): boolean
  /** One handshake; schemes of several legs keep their state in it. */
  newAcceptor(connection: ConnectionFacts): Acceptor
}

export interface Acceptor {
  /** @param token what follows the name of the scheme in `Authorization` */
  accept(token: string): AcceptorStep | Promise<AcceptorStep>
}

export type AcceptorStep =
  /** `forbidden` where another attempt on this connection is no use. */
  | { readonly state: 'rejected'; readonly forbidden?: boolean }
  /** Another leg is due: `token` goes back with the 401. */
  | { readonly state: 'continue'; readonly token: string }
  | {
      readonly state: 'accepted'
      readonly principal: EndpointPrincipal | MappedPrincipal
      /** Goes back with the reply, for mutual authentication. */
      readonly token?: string
      /** Whether it holds for the connection, so that later requests on it need no header. */
      readonly bound: boolean
      /** Opens and seals the messages of the connection from now on. */
      readonly sealing?: MessageSealing
    }

/** Whom a client certificate stands for depends on the resource that is asked for (MS-WSMV 3.1.4.1.35). */
export interface MappedPrincipal {
  /** @throws EndpointFault AccessDenied where it stands for nobody */
  principalFor(resourceUri: string): EndpointPrincipal
}

/** Who sent a request, and what protects it. */
export interface Authenticated {
  readonly principal: EndpointPrincipal | MappedPrincipal
  readonly sealing?: MessageSealing
  /** A handshake of several legs ended with this request, which need not carry a message. */
  readonly endsHandshake?: true
  /** For `WWW-Authenticate` of the reply. */
  readonly responseHeader?: string
}

export interface Refused {
  readonly status: 401 | 403
  /** The lines of `WWW-Authenticate`. */
  readonly challenges: readonly string[]
}

export type Verdict = Authenticated | Refused

/** Authenticates the requests of one connection: a handshake and what it establishes belong to its socket. */
export class ConnectionAuthentication {
  readonly #schemes: readonly AuthenticationScheme[]
  readonly #connection: ConnectionFacts
  #bound: Authenticated | undefined
  #handshake: { readonly scheme: AuthenticationScheme; readonly acceptor: Acceptor } | undefined

  constructor(schemes: readonly AuthenticationScheme[], connection: ConnectionFacts) {
    this.#schemes = schemes
    this.#connection = connection
  }

  /** The security profiles of every scheme that is switched on, offered here or not (MS-WSMV 3.1.4.1.23). */
  get profiles(): readonly string[] {
    return this.#schemes.filter((scheme) => scheme.isEnabled()).flatMap(({ profiles }) => profiles)
  }

  async authenticate(authorization: string | undefined): Promise<Verdict> {
    if (authorization === undefined) return this.#bound ?? this.#refuse()
    this.#bound = undefined
    const [name = '', token = ''] = authorization.trim().split(/\s+/, 2)
    const scheme = this.#offered.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
    if (!scheme) return this.#refuse()
    const step = await this.#acceptorOf(scheme).accept(token)
    if (step.state === 'continue') return { status: 401, challenges: [`${scheme.name} ${step.token}`] }
    this.#handshake = undefined
    if (step.state === 'rejected') return this.#refuse(step.forbidden)
    const { principal, sealing, token: proof } = step
    const authenticated = { principal, ...(sealing ? { sealing } : {}) }
    if (!step.bound) return authenticated
    this.#bound = authenticated
    const header = proof === undefined ? {} : { responseHeader: `${scheme.name} ${proof}` }
    return { ...authenticated, ...header, endsHandshake: true }
  }

  get #offered(): readonly AuthenticationScheme[] {
    return this.#schemes.filter((scheme) => scheme.isEnabled() && scheme.isOffered(this.#connection))
  }

  #acceptorOf(scheme: AuthenticationScheme): Acceptor {
    if (this.#handshake?.scheme !== scheme) {
      this.#handshake = { scheme, acceptor: scheme.newAcceptor(this.#connection) }
    }
    return this.#handshake.acceptor
  }

  #refuse(forbidden = false): Refused {
    this.#handshake = undefined
    if (forbidden) return { status: 403, challenges: [] }
    return { status: 401, challenges: this.#offered.flatMap(({ challenge }) => challenge ?? []) }
  }
}

/** A local account of the endpoint. */
export interface Account extends EndpointPrincipal {
  readonly password: string
  /** SIDs of the groups that it was given. */
  readonly groups: readonly string[]
  /** Whether a client certificate is the one that names this account. */
  readonly isNamedBy?: (certificate: X509Certificate) => boolean
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
    return account && matches ? principalOf(account) : undefined
  }

  byCertificate(certificate: X509Certificate): EndpointPrincipal | undefined {
    const account = this.#accounts.find(({ isNamedBy }) => isNamedBy?.(certificate))
    return account && principalOf(account)
  }

  #isDomainOf(account: Account, domain = ''): boolean {
    return domain === '' || domain === '.' || same(domain, account.domain) || same(domain, this.#machine)
  }
}

/** What the security profiles begin with (DSP0226 annex C). */
export const PROFILE = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile'

/**
 * Basic. Its requests are readable, so the service takes them over HTTP only where AllowUnencrypted says so
 * (MS-WSMV 3.1.4.1.29.1).
 */
export function basicScheme(accounts: Accounts, settings: Settings): AuthenticationScheme {
  return {
    name: 'Basic',
    challenge: 'Basic realm="WSMAN"',
    profiles: [`${PROFILE}/http/basic`, `${PROFILE}/https/basic`],
    isEnabled: () => settings.service.auth.basic,
    isOffered: ({ encrypted }) => encrypted || settings.service.allowUnencrypted,
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

const principalOf = ({ username, domain }: Account): EndpointPrincipal => ({ username, domain })
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const same = (one: string, other = ''): boolean => one.toLowerCase() === other.toLowerCase()
