import { AbortError, TimeoutError, type RemoteState } from './errors.js'

/** Limits of the caller's on a command; those on a request say themselves what they know. */
const OWN_LIMITS = ['ERR_WSMAN_TIMEOUT', 'ERR_WSMAN_INACTIVITY'] as const

/** The same error with what is known about the remote side. */
export function withRemote<E extends Error>(reason: E, remote: RemoteState): E | AbortError | TimeoutError {
  const { message, cause } = reason
  if (reason instanceof AbortError) return new AbortError(message, { cause, remote })
  if (!(reason instanceof TimeoutError)) return reason
  const { timeoutMs, hint } = reason
  const code = OWN_LIMITS.find((limit) => limit === reason.code)
  if (code === undefined) return reason
  const known = { ...(cause === undefined ? {} : { cause }), ...(hint === undefined ? {} : { hint }) }
  return new TimeoutError(code, message, { timeoutMs, remote, ...known })
}
