import { AbortError, TimeoutError, type RemoteState } from '../errors/errors.js'
import { FAULT } from '../errors/fault-codes.js'
import { isWsmanFault } from '../errors/fault.js'

/** The service knows the command, or its shell, no more. */
export function isGone(error: unknown): boolean {
  return isWsmanFault(error, FAULT.UNEXPECTED_SELECTORS)
}

/** The same error with what is known about the remote side. */
export function withRemote(reason: Error, remote: RemoteState): Error {
  const { message, cause } = reason
  if (reason instanceof AbortError) return new AbortError(message, { cause, remote })
  if (reason instanceof TimeoutError) {
    return new TimeoutError('ERR_WSMAN_TIMEOUT', message, { timeoutMs: reason.timeoutMs, remote })
  }
  return reason
}
