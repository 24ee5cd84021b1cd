import { setMaxListeners } from 'node:events'
import { AbortError, TimeoutError } from '../errors/errors.js'
import { abortReason } from './abortable.js'
import type { Dependent, Lifetime } from './lifetime.js'
import { assertPositive } from './numbers.js'
import { OwnSignal, type CallSignal } from './signal.js'
import { timerDelay } from './timer.js'

export interface ScopeSources {
  /** The caller's signal. */
  readonly signal?: CallSignal | undefined
  /** Bounds the whole call, in milliseconds. */
  readonly timeoutMs?: number | undefined
  readonly lifetime?: Lifetime | undefined
}

/** A scope inside another one passes on the other's error; the reasons of all other signals are their owners'. */
class ScopeSignal extends OwnSignal {}

/**
 * Links the caller's signal, the deadline and the owner's end into one signal whose reason is the typed error to
 * throw. Everything below waits on that one signal. `dispose` takes every listener and timer away again.
 */
export class CallScope implements Dependent {
  readonly #own = new ScopeSignal()
  #leave: (() => void) | undefined
  #followed: CallSignal | undefined
  #timer: NodeJS.Timeout | undefined

  /** @throws UsageError for a time limit that is no positive number, or when the owner was closed */
  constructor({ signal, timeoutMs, lifetime }: ScopeSources) {
    assertPositive('timeoutMs', timeoutMs)
    this.#leave = lifetime?.enroll(this)
    if (signal) this.#follow(signal)
    if (timeoutMs !== undefined) this.#limit(timeoutMs)
  }

  /** Aborted when the call must end; `reason` is the error to reject with. */
  get signal(): CallSignal {
    return this.#own
  }

  end(reason: Error): undefined {
    this.#own.abort(reason)
    this.dispose()
  }

  dispose(): void {
    this.#leave?.()
    this.#followed?.removeEventListener('abort', this.#stop)
    clearTimeout(this.#timer)
  }

  readonly #stop = (): void => {
    const signal = this.#followed
    if (signal === undefined) return
    const inner = signal instanceof ScopeSignal ? abortReason(signal) : undefined
    this.end(inner ?? new AbortError('The call was aborted by its signal.', { cause: signal.reason }))
  }

  #follow(signal: CallSignal): void {
    this.#followed = signal
    if (signal.aborted) {
      this.#stop()
      return
    }
    // A fleet's calls may well hang on one signal; each takes its listener away again.
    if (signal instanceof EventTarget) setMaxListeners(0, signal)
    signal.addEventListener('abort', this.#stop, { once: true })
  }

  #limit(timeoutMs: number): void {
    this.#timer = setTimeout(() => {
      const message = `The call did not end within ${timeoutMs} ms (timeoutMs).`
      this.end(new TimeoutError('ERR_WSMAN_TIMEOUT', message, { timeoutMs }))
    }, timerDelay(timeoutMs))
  }
}

/** Several requests as one call: the signal and the time limit of its options bound all of them together. */
export function asOneCall<Options extends ScopeSources, T>(
  options: Options,
  work: (bounded: Options) => Promise<T>,
): Promise<T> {
  const isBounded = options.signal !== undefined || options.timeoutMs !== undefined
  return isBounded ? withinScope(options, work) : work(options)
}

async function withinScope<Options extends ScopeSources, T>(
  options: Options,
  work: (bounded: Options) => Promise<T>,
): Promise<T> {
  const scope = new CallScope({ signal: options.signal, timeoutMs: options.timeoutMs })
  try {
    return await work({ ...options, signal: scope.signal, timeoutMs: undefined })
  } finally {
    scope.dispose()
  }
}
