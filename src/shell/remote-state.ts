import { AbortError, TimeoutError, type RemoteState } from '../errors/errors.js'
import { FAULT, matchesFault } from '../errors/fault-codes.js'
import { isWsmanFault } from '../errors/fault.js'
import { isWsmanError, type WsmanError } from '../errors/wsman-error.js'

/** The service knows the command, or its shell, no more. */
export function isGone(error: unknown): boolean {
  return isWsmanFault(error, FAULT.UNEXPECTED_SELECTORS)
}

/** ERROR_BROKEN_PIPE and ERROR_NO_DATA: a program that ended, or closed its input, without reading all of it. */
const CLOSED_PIPE = [109, 232]

/** Nobody reads what a command is sent any more, which is no failure of the command. */
export function isInputClosed(error: unknown): boolean {
  return isGone(error) || (isWsmanFault(error) && matchesFault(error.wsmanCode, ...CLOSED_PIPE))
}

/** Says what an error is about that comes from no request of its own, such as an abort. */
export function inContext(error: Error, context: Parameters<WsmanError['describe']>[0]): Error {
  return isWsmanError(error) ? error.describe(context) : error
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
