import { CredSspInitiator } from '../auth/credssp/initiator.js'
import { CredSspNegotiate } from '../auth/credssp/negotiate-initiator.js'
import { accountOf } from '../auth/ntlm/credential.js'
import { SspiInitiator } from '../auth/kerberos/sspi-context.js'
import type { InitiatorOptions, SecurityContext } from '../auth/security-context.js'
import { SpnegoInitiator } from '../auth/spnego/initiator.js'
import type { ChannelFacts } from './authenticator.js'
import type { PasswordSource, UserPassword } from './credentials.js'
import type { Attempt, HandshakeScheme } from './handshake.js'
import { refusedCredential, refusedTicket, type RefusedAttempt } from './handshake-refusals.js'
import type { KerberosSource } from './kerberos-source.js'
import {
  initiatorOptions,
  kerberosCandidate,
  negotiateCandidates,
  newNtlm,
  type SchemeSurroundings,
} from './mechanism-candidates.js'
import { SPOKEN } from './spoken-schemes.js'

/** NTLM by itself. */
export function ntlmScheme(source: PasswordSource, surroundings: SchemeSurroundings): HandshakeScheme {
  return {
    ...SPOKEN.ntlm,
    scheme: 'ntlm',
    provesHost: false,
    async begin(channel) {
      surroundings.allowNtlm()
      const { host } = channel
      const credential = await source.read(host)
      const context = newNtlm(credential, initiatorOptions(channel, surroundings.spn))
      return {
        context,
        refused: refusalsOf({ source, credential, channel, context }),
      }
    },
  }
}

/** SPNEGO: Kerberos where a ticket is to be had, else NTLM, after it has asked whether the host is trusted with that. */
export function negotiateScheme(
  source: PasswordSource,
  kerberos: KerberosSource,
  surroundings: SchemeSurroundings,
): HandshakeScheme {
  return {
    ...SPOKEN.negotiate,
    scheme: 'negotiate',
    provesHost: true,
    async begin(channel) {
      const { host } = channel
      const credential = await source.read(host)
      const options = initiatorOptions(channel, surroundings.spn)
      const context = new SpnegoInitiator(negotiateCandidates(credential, kerberos, options, surroundings))
      return {
        context,
        get fallbackReason() {
          return context.fallbackReason
        },
        refused: refusalsOf({ source, credential, channel, context }),
      }
    },
  }
}

/** Kerberos and nothing else. */
export function kerberosScheme(kerberos: KerberosSource, { spn }: SchemeSurroundings): HandshakeScheme {
  return {
    ...SPOKEN.kerberos,
    scheme: 'kerberos',
    provesHost: true,
    async begin(channel, name) {
      const options = initiatorOptions(channel, spn)
      return {
        context: await ticketContext(kerberos, options, name),
        refused: (refusal) => refusedTicket(channel, refusal),
      }
    },
  }
}

/** Windows' SSPI makes tokens that services take under either name; elsewhere `Negotiate` is SPNEGO around GSSAPI's. */
async function ticketContext(
  kerberos: KerberosSource,
  options: InitiatorOptions,
  name: string,
): Promise<SecurityContext> {
  if (process.platform === 'win32') {
    return new SspiInitiator({ ...options, ...(await kerberos.readForWindows()) })
  }
  const candidate = kerberosCandidate(kerberos, options)
  return name === 'Kerberos' ? await candidate.create(undefined) : new SpnegoInitiator([candidate])
}

/** CredSSP, which hands the password over: Negotiate goes on inside of it. */
export function credsspScheme(
  source: PasswordSource,
  kerberos: KerberosSource,
  surroundings: SchemeSurroundings,
): HandshakeScheme {
  return {
    ...SPOKEN.credssp,
    scheme: 'credssp',
    provesHost: false,
    async begin(channel) {
      const { host } = channel
      const credential = await source.read(host)
      // What is inside is bound to the TLS of CredSSP, and to no other.
      const { target } = initiatorOptions(channel, surroundings.spn)
      const inner = new CredSspNegotiate(negotiateCandidates(credential, kerberos, { target }, surroundings))
      const context = new CredSspInitiator({
        ...accountOf(credential.username, ''),
        password: credential.password,
        createInner: () => inner,
      })
      return {
        context,
        get fallbackReason() {
          return inner.fallbackReason
        },
        refused: refusalsOf({ source, credential, channel, context }),
      }
    },
  }
}

interface PasswordAttempt {
  readonly source: PasswordSource
  readonly credential: UserPassword
  readonly channel: ChannelFacts
  readonly context: SecurityContext
}

function refusalsOf({ source, credential, channel, context }: PasswordAttempt): Attempt['refused'] {
  const remember: RefusedAttempt['remember'] = (circumstances) =>
    source.refuse(credential, channel.host, circumstances)
  return (refusal) => refusedCredential({ channel, context, remember }, refusal)
}
