import { KerberosError } from '../auth/kerberos/failures.js'
import type { SecurityContext } from '../auth/security-context.js'
import { AuthenticationError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { ChannelFacts } from './authenticator.js'
import type { RefusalCircumstances } from './credentials.js'
import type { Refusal } from './handshake.js'

/** What was refused. */
export interface RefusedAttempt {
  readonly channel: ChannelFacts
  readonly context: SecurityContext
  /** Sees to it that the credential is not tried again. */
  readonly remember: (circumstances: RefusalCircumstances) => AuthenticationError
}

/** Tells a credential that was refused, which is not tried again, from everything else that may be in the way. */
export function refusedCredential(
  { channel, context, remember }: RefusedAttempt,
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
  const refused = remember({ offered, cause, hints: suspicions(channel, refusal) })
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
export function refusedTicket(channel: ChannelFacts, refusal: Refusal): AuthenticationError {
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
