import { KerberosAcceptor } from '../auth/kerberos/gssapi-acceptor.js'
import { CredSspAcceptor } from '../auth/credssp/acceptor.js'
import { NtlmAcceptor } from '../auth/ntlm/acceptor.js'
import { ntHash } from '../auth/ntlm/ntlmv2.js'
import { openBody, sealBody, type SealingProtocol } from '../auth/sealed-body.js'
import type { SecurityContext } from '../auth/security-context.js'
import { SpnegoAcceptor, type AcceptedMechanism } from '../auth/spnego/acceptor.js'
import { OID } from '../auth/spnego/oids.js'
import { isWsmanError } from '../errors/wsman-error.js'
import type { ServiceSettings, Settings } from '../settings/table.js'
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
  /** Read whenever they matter. */
  readonly settings: Settings
  /** The name of the machine. */
  readonly machine: string
  /** Path of the keytab of `HTTP/<host>`; without it there is no Kerberos. */
  readonly keytab: string | undefined
  /** What CredSSP's own TLS ends with. */
  readonly identity: () => EndpointTls | Promise<EndpointTls>
}

const SPNEGO_PROFILES = [`${PROFILE}/http/spnego-kerberos`, `${PROFILE}/https/spnego-kerberos`]

/** The schemes of several legs that this machine is able to. */
export function handshakeSchemes(parts: HandshakeParts): readonly AuthenticationScheme[] {
  const { settings } = parts
  return [
    scheme('Negotiate', 'SPNEGO', () => settings.service.auth.negotiate, negotiation, parts, SPNEGO_PROFILES),
    scheme('Kerberos', 'Kerberos', () => hasKerberos(parts), kerberosAcceptor, parts),
    scheme('CredSSP', 'CredSSP', () => settings.service.auth.credSsp, credSsp, parts),
  ]
}

const hasKerberos = ({ settings, keytab }: HandshakeParts): boolean =>
  settings.service.auth.kerberos && keytab !== undefined

type NewContext = (
  parts: HandshakeParts,
  connection: ConnectionFacts,
) => SecurityContext | Promise<SecurityContext>

function scheme(
  name: string,
  protocol: SealingProtocol,
  isEnabled: () => boolean,
  newContext: NewContext,
  parts: HandshakeParts,
  profiles: readonly string[] = [],
): AuthenticationScheme {
  return {
    name,
    challenge: name,
    profiles,
    isEnabled,
    isOffered: () => true,
    newAcceptor: (connection) => new Handshake(newContext, protocol, parts, connection),
  }
}

/** One handshake; what it establishes seals the messages of a connection that TLS does not protect. */
class Handshake implements Acceptor {
  readonly #newContext: NewContext
  readonly #protocol: SealingProtocol
  readonly #parts: HandshakeParts
  readonly #connection: ConnectionFacts
  #context: SecurityContext | undefined

  constructor(
    newContext: NewContext,
    protocol: SealingProtocol,
    parts: HandshakeParts,
    connection: ConnectionFacts,
  ) {
    this.#newContext = newContext
    this.#protocol = protocol
    this.#parts = parts
    this.#connection = connection
  }

  async accept(text: string): Promise<AcceptorStep> {
    const context = (this.#context ??= await this.#newContext(this.#parts, this.#connection))
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
        ...(this.#connection.encrypted ? {} : { sealing: this.#sealing(context) }),
      }
    } catch (error) {
      context.dispose()
      if (!isWsmanError(error)) throw error
      return { state: 'rejected' }
    }
  }

  #sealing(context: SecurityContext): MessageSealing {
    const { settings } = this.#parts
    return {
      get isRequired() {
        return !settings.service.allowUnencrypted
      },
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
  return new SpnegoAcceptor(hasKerberos(parts) ? [kerberos, ntlm] : [ntlm])
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
    channelBinding: { level: levelOf(settings.service), applicationData: connection.channelBinding },
  })
}

function kerberosAcceptor(
  { keytab, settings }: HandshakeParts,
  connection: ConnectionFacts,
): KerberosAcceptor {
  return new KerberosAcceptor({
    keytab,
    channelBinding: connection.channelBinding,
    hardening: levelOf(settings.service),
  })
}

/** Inside of CredSSP the channel is its own TLS, whose public key is what it binds. */
async function credSsp(parts: HandshakeParts): Promise<CredSspAcceptor> {
  const { cert, key, passphrase } = await parts.identity()
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
