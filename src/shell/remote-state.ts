import type { WsmanErrorCode } from '../errors/codes.js'
import { FAULT, matchesFault } from '../errors/fault-codes.js'
import { isWsmanFault } from '../errors/fault.js'
import { isWsmanError, type WsmanError } from '../errors/wsman-error.js'

/** The service knows the command, or its shell, no more. */
export function isGone(error: unknown): boolean {
  return hasFault(error, FAULT.UNEXPECTED_SELECTORS, FAULT.KEY_DELETED)
}

/** The command was ended while the request waited, or is not known any more. */
export function isCommandGone(error: unknown): boolean {
  return isGone(error) || hasFault(error, FAULT.OPERATION_ABORTED)
}

/** ERROR_BROKEN_PIPE and ERROR_NO_DATA: a program that ended, or closed its input, without reading all of it. */
const CLOSED_PIPE = [109, 232]

/** Nobody reads what a command is sent any more, which is no failure of the command. */
export function isInputClosed(error: unknown): boolean {
  return isCommandGone(error) || hasFault(error, ...CLOSED_PIPE)
}

/** The service took the request and has nothing to say of it yet. */
export function isTimedOut(error: unknown): boolean {
  return hasFault(error, FAULT.OPERATION_TIMEDOUT, FAULT.TIMEOUT)
}

/** Something else of the same kind is under way. */
export function isBusy(error: unknown): boolean {
  return hasFault(error, FAULT.BUSY)
}

const HELD_UP = [
  FAULT.BUSY,
  FAULT.QUOTA_LIMIT,
  FAULT.QUOTA_USER,
  FAULT.QUOTA_SYSTEM,
  FAULT.QUOTA_MAX_OPERATIONS,
  FAULT.QUOTA_MAX_OPERATIONS_USER_PPQ,
  FAULT.QUOTA_MAX_PLUGINOPERATIONS_PPQ,
  FAULT.QUOTA_MIN_REQUIREMENT_NOT_AVAILABLE_PPQ,
]

/** The request surely was not carried out, and may well be a little later: no connection, or the service is full. */
export function isHeldUp(error: unknown): boolean {
  if (hasFault(error, ...HELD_UP)) return true
  if (!isWsmanError(error) || !error.retryable) return false
  return ['ERR_WSMAN_CONNECT', 'ERR_WSMAN_CONNECT_TIMEOUT', 'ERR_WSMAN_HTTP_STATUS'].includes(error.code)
}

const LOST: readonly WsmanErrorCode[] = [
  'ERR_WSMAN_SOCKET',
  'ERR_WSMAN_REPLY_TIMEOUT',
  'ERR_WSMAN_INACTIVITY',
]

/** The request may have been carried out, and what was said to it will never be known. */
export function isReplyLost(error: unknown): boolean {
  return isWsmanError(error) && LOST.includes(error.code)
}

function hasFault(error: unknown, ...codes: readonly number[]): boolean {
  return isWsmanFault(error) && matchesFault(error.wsmanCode, ...codes)
}

/** Says what an error is about that comes from no request of its own, such as an abort. */
export function inContext(error: Error, context: Parameters<WsmanError['describe']>[0]): Error {
  return isWsmanError(error) ? error.describe(context) : error
}
