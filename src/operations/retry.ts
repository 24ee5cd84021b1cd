import { isWsmanError } from '../errors/wsman-error.js'

/** When a failed request is sent again. Only what is idempotent, or surely did not run, ever is. */
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

/** A connection that was never made ran nothing; a reply that was lost matters only if the request may not run twice. */
export function isRetryable(error: unknown, idempotent: boolean): boolean {
  if (!isWsmanError(error)) return false
  if (error.code === 'ERR_WSMAN_CONNECT') return error.retryable
  return idempotent && error.code === 'ERR_WSMAN_SOCKET'
}

/** Exponential, with up to a half taken off at random so that a fleet does not come back all at once. */
export function retryDelayMs(policy: RetryPolicy, attempt: number): number {
  const full = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1))
  return full * (1 - Math.random() / 2)
}
