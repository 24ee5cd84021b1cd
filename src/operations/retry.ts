import { FAULT, matchesFault } from '../errors/fault-codes.js'
import { isWsmanError } from '../errors/wsman-error.js'
import type { WsmanFault } from '../errors/fault.js'

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

/** Exponential, with up to a half taken off at random so that a fleet does not come back all at once. */
export function retryDelayMs(policy: RetryPolicy, attempt: number): number {
  const full = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1))
  return full * (1 - Math.random() / 2)
}
