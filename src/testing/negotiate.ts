import { KerberosAcceptor } from '../auth/kerberos/gssapi-acceptor.js'
import { CredSspAcceptor } from '../auth/credssp/acceptor.js'
import { NtlmAcceptor } from '../auth/ntlm/acceptor.js'
import { ntHash } from '../auth/ntlm/ntlmv2.js'
import { openBody, sealBody, type SealingProtocol } from '../auth/sealed-body.js'
import type { SecurityContext } from '../auth/security-context.js'
import { SpnegoAcceptor, type AcceptedMechanism } from '../auth/spnego/acceptor.js'
import { OID } from '../auth/spnego/oids.js'
import { isWsmanError } from '../errors/wsman-error.js'
import type { ServiceSettings } from '../settings/table.js'
import {
  PROFILE,
  type Acceptor,
  type AcceptorStep,
  type Accounts,
  type AuthenticationScheme,
  type ConnectionFacts,
  type MessageSealing,
} from './authentication.js'
import type { EndpointTls } from './certificate.js'
import type { EndpointPrincipal } from './message.js'

export interface HandshakeParts {
  readonly accounts: Accounts
  readonly settings: ServiceSettings
  /** The name of the machine. */
  readonly machine: string
  /** Path of the keytab of `HTTP/<host>`; without it there is no Kerberos. */
  readonly keytab: string | undefined
  /** What CredSSP's own TLS ends with. */
  readonly identity: EndpointTls | undefined
}

const SPNEGO_PROFILES = [`${PROFILE}/http/spnego-kerberos`, `${PROFILE}/https/spnego-kerberos`]

/** The schemes of several legs that the settings switch on and this machine is able to. */
export function handshakeSchemes(parts: HandshakeParts): readonly AuthenticationScheme[] {
  const { auth } = parts.settings
  const { keytab, identity } = parts
  const kerberos = auth.kerberos && keytab !== undefined
  return [
    ...(auth.negotiate ? [scheme('Negotiate', 'SPNEGO', SPNEGO_PROFILES, negotiation, parts)] : []),
    ...(kerberos ? [scheme('Kerberos', 'Kerberos', [], kerberosAcceptor, parts)] : []),
    ...(auth.credSsp && identity ? [scheme('CredSSP', 'CredSSP', [], credSsp, parts)] : []),
  ]
}

type NewContext = (parts: HandshakeParts, connection: ConnectionFacts) => SecurityContext

function scheme(
  name: string,
  protocol: SealingProtocol,
  profiles: readonly string[],
  newContext: NewContext,
  parts: HandshakeParts,
): AuthenticationScheme {
  return {
    name,
    challenge: name,
    profiles,
    isOffered: () => true,
    newAcceptor: (connection) => new Handshake(newContext(parts, connection), protocol, parts, connection),
  }
}

/** One handshake; what it establishes seals the messages of a connection that TLS does not protect. */
class Handshake implements Acceptor {
  readonly #context: SecurityContext
  readonly #protocol: SealingProtocol
  readonly #parts: HandshakeParts
  readonly #connection: ConnectionFacts

  constructor(
    context: SecurityContext,
    protocol: SealingProtocol,
    parts: HandshakeParts,
    connection: ConnectionFacts,
  ) {
    this.#context = context
    this.#protocol = protocol
    this.#parts = parts
    this.#connection = connection
  }

  async accept(text: string): Promise<AcceptorStep> {
    const context = this.#context
    try {
      const token = await context.step(Buffer.from(text, 'base64'))
      const answer = token && Buffer.from(token).toString('base64')
      if (!context.complete) {
        return answer === undefined ? { state: 'rejected' } : { state: 'continue', token: answer }
      }
      const principal = principalOf(context.principal ?? '', this.#parts.accounts)
      return {
        state: 'accepted',
        principal,
        bound: true,
        ...(answer === undefined ? {} : { token: answer }),
        ...(this.#connection.encrypted ? {} : { sealing: this.#sealing() }),
      }
    } catch (error) {
      context.dispose()
      if (!isWsmanError(error)) throw error
      return { state: 'rejected' }
    }
  }

  #sealing(): MessageSealing {
    const context = this.#context
    return {
      isRequired: !this.#parts.settings.allowUnencrypted,
      open: async ({ body }) => {
        try {
          return { contentType: 'application/soap+xml', body: await openBody(context, body) }
        } catch (error) {
          if (isWsmanError(error)) return undefined
          throw error
        }
      },
      seal: async ({ contentType, body }) => {
        const charset = /charset=([\w-]+)/i.exec(contentType)?.[1]
        const sealed = await sealBody(context, this.#protocol, body, { charset, indent: '\t' })
        return { contentType: sealed.contentType, body: Buffer.from(sealed.body) }
      },
    }
  }
}

function negotiation(parts: HandshakeParts, connection: ConnectionFacts): SpnegoAcceptor {
  const ntlm: AcceptedMechanism = { oids: [OID.ntlm], create: () => ntlmAcceptor(parts, connection) }
  const kerberos: AcceptedMechanism = {
    oids: [OID.kerberos, OID.microsoftKerberos],
    create: () => kerberosAcceptor(parts, connection),
  }
  const hasKerberos = parts.settings.auth.kerberos && parts.keytab !== undefined
  return new SpnegoAcceptor(hasKerberos ? [kerberos, ntlm] : [ntlm])
}

function ntlmAcceptor(
  { accounts, settings, machine }: HandshakeParts,
  connection: ConnectionFacts,
): NtlmAcceptor {
  const computerName = machine.split('.', 1).join('').toUpperCase().slice(0, 15)
  return new NtlmAcceptor({
    computerName,
    lookup: (domain, user) => {
      const isOwn = domain === '' || domain.toUpperCase() === computerName
      const account = accounts.find(isOwn ? user : `${domain}\\${user}`)
      return account && { ntHash: ntHash(account.password) }
    },
    channelBinding: { level: levelOf(settings), applicationData: connection.channelBinding },
  })
}

function kerberosAcceptor(
  { keytab, settings }: HandshakeParts,
  connection: ConnectionFacts,
): KerberosAcceptor {
  return new KerberosAcceptor({
    keytab,
    channelBinding: connection.channelBinding,
    hardening: levelOf(settings),
  })
}

/** Inside of CredSSP the channel is its own TLS, whose public key is what it binds. */
function credSsp(parts: HandshakeParts): CredSspAcceptor {
  const { cert = '', key = '', passphrase } = parts.identity ?? {}
  const inner: ConnectionFacts = { encrypted: false }
  return new CredSspAcceptor({
    cert,
    key,
    ...(passphrase === undefined ? {} : { passphrase }),
    createInner: () => negotiation(parts, inner),
  })
}

function levelOf({ auth }: ServiceSettings): 'none' | 'relaxed' | 'strict' {
  const level = auth.cbtHardeningLevel.toLowerCase()
  return level === 'none' || level === 'strict' ? level : 'relaxed'
}

/** A domain account that Kerberos vouches for need not be one of the endpoint's own. */
function principalOf(name: string, accounts: Accounts): EndpointPrincipal {
  const account = accounts.find(name)
  if (account) return { username: account.username, domain: account.domain }
  const [username = '', domain = ''] = name.includes('\\') ? name.split('\\').reverse() : name.split('@')
  return { username, domain }
}
