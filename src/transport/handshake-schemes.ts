import { CredSspInitiator } from '../auth/credssp/initiator.js'
import { CredSspNegotiate } from '../auth/credssp/negotiate-initiator.js'
import { KerberosError } from '../auth/kerberos/failures.js'
import { accountOf } from '../auth/ntlm/credential.js'
import { SspiInitiator } from '../auth/kerberos/sspi-context.js'
import type { InitiatorOptions, SecurityContext } from '../auth/security-context.js'
import { SpnegoInitiator } from '../auth/spnego/initiator.js'
import { AuthenticationError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { ChannelFacts } from './authenticator.js'
import type { PasswordSource, UserPassword } from './credentials.js'
import type { HandshakeScheme, Refusal } from './handshake.js'
import type { KerberosSource } from './kerberos-source.js'
import {
  initiatorOptions,
  kerberosCandidate,
  negotiateCandidates,
  newNtlm,
  type SchemeSurroundings,
} from './mechanism-candidates.js'

/** NTLM without SPNEGO around it, which Windows takes after `Negotiate`. */
export function ntlmScheme(source: PasswordSource, surroundings: SchemeSurroundings): HandshakeScheme {
  return {
    scheme: 'ntlm',
    names: ['Negotiate', 'NTLM'],
    protocol: () => 'SPNEGO',
    notOffered: 'negotiateOff',
    async begin(channel) {
      surroundings.allowNtlm()
      const { host } = channel
      const credential = await source.read(host)
      const context = newNtlm(credential, initiatorOptions(channel, surroundings.spn))
      return {
        context,
        refused: (refusal) => refusedPassword({ source, credential, channel, context }, refusal),
      }
    },
  }
}

/** SPNEGO: Kerberos where a ticket is to be had, else NTLM. */
export function negotiateScheme(
  source: PasswordSource,
  kerberos: KerberosSource,
  surroundings: SchemeSurroundings,
): HandshakeScheme {
  return {
    scheme: 'negotiate',
    names: ['Negotiate'],
    protocol: () => 'SPNEGO',
    notOffered: 'negotiateOff',
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
        refused: (refusal) => refusedPassword({ source, credential, channel, context }, refusal),
      }
    },
  }
}

/** Kerberos, by its own name where the service offers that, else within SPNEGO. */
export function kerberosScheme(kerberos: KerberosSource, { spn }: SchemeSurroundings): HandshakeScheme {
  return {
    scheme: 'kerberos',
    names: ['Kerberos', 'Negotiate'],
    protocol: (name) => (name === 'Kerberos' ? 'Kerberos' : 'SPNEGO'),
    notOffered: 'kerberosOff',
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
    scheme: 'credssp',
    names: ['CredSSP'],
    protocol: () => 'CredSSP',
    notOffered: 'credSspOff',
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
        refused: (refusal) => refusedPassword({ source, credential, channel, context }, refusal),
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

/** Tells a password that was refused, which is not tried again, from everything else that may be in the way. */
function refusedPassword(
  { source, credential, channel, context }: PasswordAttempt,
  refusal: Refusal,
): AuthenticationError {
  const { host } = channel
  const { legs, offered, cause } = refusal
  if (cause !== undefined && cause.code !== 'ERR_WSMAN_UNAUTHORIZED') return cause
  const { mechanism } = context
  // Before that nothing was said about the password.
  if (legs > 0 && legs < (FIRST_PROOF[mechanism] ?? 0)) return refusedMechanism(host, mechanism, refusal)
  // A ticket was issued for the right one.
  if (legs > 0 && mechanism === 'Kerberos') return refusedTicket(channel, refusal)
  const refused = source.refuse(credential, host, { offered, cause, hints: suspicions(channel, refusal) })
  const knowsWhy = legs === 0 || mechanism === 'CredSSP'
  return knowsWhy ? (cause ?? refused) : refused
}

/** The leg that first carries what a wrong password would fail for; two of CredSSP's belong to TLS. */
const FIRST_PROOF: Readonly<Record<string, number>> = { NTLM: 2, CredSSP: 4 }

function refusedMechanism(host: string, mechanism: string, { offered, cause }: Refusal): AuthenticationError {
  const hint = hintFor(mechanism === 'NTLM' ? 'ntlmForbidden' : 'credSspForbidden')
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${host} does not go on with ${mechanism}.`, {
    host,
    offered,
    hint: cause?.hint ?? hint,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** What Kerberos says about it where it says something; SPNEGO only says no. */
function refusedTicket(channel: ChannelFacts, refusal: Refusal): AuthenticationError {
  const { host } = channel
  const { offered, cause } = refusal
  if (cause instanceof KerberosError || cause?.code === 'ERR_WSMAN_SCHEME_NOT_OFFERED') return cause
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${host} refused the Kerberos ticket.`, {
    host,
    offered,
    hint: [hintFor('ticketRefused'), ...suspicions(channel, refusal)].join(' '),
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Kerberos allows five minutes, and what services take of NTLM is no more than thirty. */
const TOLERATED_SKEW_MS = 5 * 60_000

/** What besides the credential may be the reason, although the service does not say so. */
function suspicions({ secure }: ChannelFacts, { clockAheadMs = 0 }: Refusal): string[] {
  const hints: string[] = []
  if (Math.abs(clockAheadMs) > TOLERATED_SKEW_MS) {
    const minutes = String(Math.round(Math.abs(clockAheadMs) / 60_000))
    hints.push(hintFor('clockSkew', { minutes, direction: clockAheadMs > 0 ? 'ahead of' : 'behind' }))
  }
  if (secure) hints.push(hintFor('channelBindingRequired'))
  return hints
}
