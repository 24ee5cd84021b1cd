import { TransportError } from '../errors/errors.js'
import { FAULT, matchesFault } from '../errors/fault-codes.js'
import type { WsmanErrorCode } from '../errors/codes.js'
import { isWsmanError, type WsmanError } from '../errors/wsman-error.js'
import { isWsmanFault, type WsmanFault } from '../errors/fault.js'

/** When a failed request is sent again. Only what is idempotent, or was refused before it ran, ever is. */
export interface RetryOptions {
  /** Tries in all, the first included. Default 2. */
  readonly attempts?: number
  /** Pause before the second try, in milliseconds; it doubles with every further one. Default 200. */
  readonly baseDelayMs?: number
  /** Longest pause, in milliseconds. Default 5000. */
  readonly maxDelayMs?: number
}

export type RetryPolicy = Required<RetryOptions>

export const DEFAULT_RETRY: RetryPolicy = { attempts: 2, baseDelayMs: 200, maxDelayMs: 5000 }

/** Faults of a service that is too busy to begin, and may not be a little later. */
const TOO_BUSY = [FAULT.BUSY, FAULT.QUOTA_LIMIT, FAULT.QUOTA_USER, FAULT.QUOTA_SYSTEM]

/** Whether the service refused a request before it ran, for a reason that passes. */
export function isTooBusy(wsmanCode: number | undefined): boolean {
  return matchesFault(wsmanCode, ...TOO_BUSY)
}

/**
 * Whether to send a request again: where it surely did not run (no connection, no tunnel, a service that is too busy),
 * and, where saying it twice does what saying it once does, also where its reply was lost or the service was stopped.
 */
export function isRetryable(error: unknown, idempotent: boolean): boolean {
  if (!isWsmanError(error)) return false
  switch (error.code) {
    case 'ERR_WSMAN_CONNECT':
    case 'ERR_WSMAN_PROXY':
      return error.retryable
    case 'ERR_WSMAN_FAULT':
      return isTooBusy((error as WsmanFault).wsmanCode)
    case 'ERR_WSMAN_SOCKET':
      return idempotent
    case 'ERR_WSMAN_HTTP_STATUS':
      // A 503 comes from the service before it begins, and from proxies also after they passed the request on.
      return idempotent && error.retryable
    default:
      return false
  }
}

const NOTHING_SENT: ReadonlySet<string> = new Set<WsmanErrorCode>([
  'ERR_WSMAN_CONNECT',
  'ERR_WSMAN_CONNECT_TIMEOUT',
  'ERR_WSMAN_PROXY',
  'ERR_WSMAN_TLS',
])

function saysNothingRan(error: WsmanError): boolean {
  return NOTHING_SENT.has(error.code) || (isWsmanFault(error) && isTooBusy(error.wsmanCode))
}

/**
 * What to throw after the last try. Where an earlier one may have been carried out, its failure is the one that counts,
 * whatever kept the last one from being sent.
 * @param unknown the last failure of a request that may have been carried out, if there was one
 */
export function finalFailure(failure: unknown, unknown: unknown): unknown {
  if (!isWsmanError(unknown) || !isWsmanError(failure) || !saysNothingRan(failure)) return failure
  const { hint } = failure
  return new TransportError('ERR_WSMAN_SOCKET', `${unknown.message} Asked again: ${failure.message}`, {
    cause: failure,
    ...(hint === undefined ? {} : { hint }),
  })
}

/** Exponential, with up to a half taken off at random so that a fleet does not come back all at once. */
export function retryDelayMs(policy: RetryPolicy, attempt: number): number {
  const full = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1))
  return full * (1 - Math.random() / 2)
}
