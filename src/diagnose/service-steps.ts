import { hintFor } from '../errors/situations.js'
import { AuthenticationError } from '../errors/errors.js'
import type { CallOptions } from '../operations/call-options.js'
import { identifyOperation } from '../operations/identify.js'
import type { OperationRunner } from '../operations/operation.js'
import { getOperation } from '../operations/transfer.js'
import type { ShellContext } from '../shell/shell-context.js'
import { Shell } from '../shell/shell.js'
import type { ResponseHead } from '../transport/types.js'
import { parseChallenges } from '../transport/www-authenticate.js'
import { NS } from '../xml/namespaces.js'
import { listenToAuth } from './auth-listener.js'
import { failed, passed, skipped, type Finding } from './report.js'

export function schemesOffered({ status, headers }: ResponseHead): Finding {
  const offered = parseChallenges(headers['www-authenticate']).map(({ scheme }) => scheme)
  const facts = { status, offered, server: headers.server }
  if (status === 401) return passed(`${offered.join(', ') || 'None'}.`, facts)
  if (status === 404) return failed('HTTP status 404.', { hint: hintFor('wrongPath'), facts })
  return passed(`HTTP status ${status}: no authentication is demanded.`, facts)
}

/** Kerberos tolerates five minutes. */
const MAX_SKEW_MS = 5 * 60_000

export function clockDifference({ headers }: ResponseHead, now: number): Finding {
  const aheadMs = Date.parse(headers.date ?? '') - now
  if (Number.isNaN(aheadMs)) return skipped('The service does not tell the time.')
  const minutes = String(Math.round(Math.abs(aheadMs) / 60_000))
  const direction = aheadMs > 0 ? 'ahead of' : 'behind'
  const facts = { aheadMs }
  if (Math.abs(aheadMs) > MAX_SKEW_MS) {
    const hint = hintFor('clockSkew', { minutes, direction })
    return failed(`The clock of the host is ${minutes} minutes ${direction} this one.`, { hint, facts })
  }
  return passed(`The clocks differ by ${Math.round(Math.abs(aheadMs) / 1000)} seconds.`, facts)
}

export async function identifyAnonymously(runner: OperationRunner, call: CallOptions): Promise<Finding> {
  try {
    const { productVendor, productVersion, protocolVersion } = await runner.run(identifyOperation(true), call)
    const facts = { productVendor, productVersion, protocolVersion }
    return passed(`${productVendor ?? 'Unknown'} ${productVersion ?? ''}`.trim(), facts)
  } catch (error) {
    if (!(error instanceof AuthenticationError)) throw error
    return skipped('The service says what it is to those it knows only.')
  }
}

export async function authenticate(runner: OperationRunner, call: CallOptions): Promise<Finding> {
  const [identity, trace] = await listenToAuth(() => runner.run(identifyOperation(false), call))
  const { productVendor, productVersion, securityProfiles } = identity
  const { mechanism, principal, fallbackReason } = trace ?? {}
  const facts = { mechanism, principal, fallbackReason, productVendor, productVersion, securityProfiles }
  const who = principal === undefined ? '' : ` as ${principal}`
  const how = mechanism === undefined ? '' : ` by ${mechanism}`
  const why = fallbackReason === undefined ? '' : ` ${fallbackReason}`
  return passed(`Accepted${who}${how}.${why}`, facts)
}

/** @param sealed whether the scheme encrypts messages itself */
export function sealing(secure: boolean, sealed: boolean): Finding {
  if (secure) return passed('TLS encrypts the messages.')
  if (sealed) return passed('The messages are encrypted with the keys of the handshake.')
  return failed('The messages travel readably.', {
    hint: "Use transport: 'https', or Negotiate or Kerberos.",
  })
}

export function channelBinding(secure: boolean, bound: boolean): Finding {
  if (!secure) return skipped('Without TLS there is no channel to bind to.')
  if (bound) return passed('Authentication is bound to the TLS connection (tls-server-end-point).')
  return skipped('The scheme cannot be bound to the TLS connection.')
}

export async function tryShell(context: ShellContext, call: CallOptions): Promise<Finding> {
  const shell = await Shell.open(context, call)
  await shell.close()
  return passed('A shell was opened and deleted.')
}

export async function readConfiguration(runner: OperationRunner, call: CallOptions): Promise<Finding> {
  const config = await runner.run(getOperation({ resourceUri: NS.config }), call)
  const { MaxEnvelopeSizekb: maxEnvelopeSizeKb, MaxTimeoutms: maxTimeoutMs } = config
  return passed('winrm/config can be read.', { maxEnvelopeSizeKb, maxTimeoutMs })
}
