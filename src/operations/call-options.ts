import type { OptionSet } from '../envelope/options.js'
import { assertPositive } from '../util/numbers.js'
import type { CallSignal } from '../util/signal.js'

/** The languages of a call. All requests of one shell must have the same (MS-WSMV 3.1.4.5.2). */
export type Languages = Pick<CallOptions, 'locale' | 'dataLocale'>

/** What every call takes as its last argument. */
export interface CallOptions {
  /** Ends the call at once. */
  readonly signal?: CallSignal | undefined
  /** Bounds the whole call, retries and repeated polls included, in milliseconds. Default: no bound. */
  readonly timeoutMs?: number | undefined
  /**
   * How long the service may work on one request, in milliseconds (`w:OperationTimeout`). The socket waits that long
   * plus `settings.client.networkDelayMs`. Default: `settings.protocol.maxTimeoutMs`, 60 seconds.
   */
  readonly operationTimeoutMs?: number | undefined
  /** The language of messages, as in `en-US`. */
  readonly locale?: string | undefined
  /** The language of numbers and dates. */
  readonly dataLocale?: string | undefined
  /** Largest reply taken, in kilobytes. Default: `settings.protocol.maxEnvelopeSizeKb`. */
  readonly maxEnvelopeSizeKb?: number | undefined
  /** Switches for the service (`w:OptionSet`). */
  readonly optionSet?: OptionSet | undefined
}

/** With every member said, so that none can be forgotten where options are passed on member by member. */
export type Whole<Options> = { readonly [Name in keyof Options]-?: Options[Name] }

/** What one request of a call is sent with: the call itself stays bounded by whoever made it. */
export function forOneRequest(
  { operationTimeoutMs, locale, dataLocale, maxEnvelopeSizeKb, optionSet }: CallOptions,
  own: Pick<CallOptions, 'signal' | 'operationTimeoutMs'> = {},
): Whole<Omit<CallOptions, 'timeoutMs'>> {
  return {
    signal: own.signal,
    operationTimeoutMs: own.operationTimeoutMs ?? operationTimeoutMs,
    locale,
    dataLocale,
    maxEnvelopeSizeKb,
    optionSet,
  }
}

/** @throws UsageError for a limit that is no positive number */
export function assertCallOptions({ operationTimeoutMs, maxEnvelopeSizeKb }: CallOptions): void {
  assertPositive('operationTimeoutMs', operationTimeoutMs)
  assertPositive('maxEnvelopeSizeKb', maxEnvelopeSizeKb)
}
