import { setMaxListeners } from 'node:events'
import { AbortError, TimeoutError } from '../errors/errors.js'
import { assertPositive } from './numbers.js'
import { abortReason } from './abortable.js'
import type { Dependent, Lifetime } from './lifetime.js'
import { timerDelay } from './timer.js'

export interface ScopeSources {
  /** The caller's signal. */
  readonly signal?: AbortSignal | undefined
  /** Bounds the whole call, in milliseconds. */
  readonly timeoutMs?: number | undefined
  readonly lifetime?: Lifetime | undefined
}

/** A scope inside another one passes on the other's error; the reasons of all other signals are their owners'. */
const scopes = new WeakSet<AbortSignal>()

/**
 * Links the caller's signal, the deadline and the owner's end into one signal whose reason is the typed error to
 * throw. Everything below waits on that one signal. `dispose` takes every listener and timer away again.
 */
export class CallScope implements Dependent {
  readonly #controller = new AbortController()
  readonly #cleanups: (() => void)[] = []

  /** @throws UsageError for a time limit that is no positive number, or when the owner was closed */
  constructor({ signal, timeoutMs, lifetime }: ScopeSources) {
    assertPositive('timeoutMs', timeoutMs)
    scopes.add(this.signal)
    if (lifetime) this.#cleanups.push(lifetime.enroll(this))
    if (signal) this.#follow(signal)
    if (timeoutMs !== undefined) this.#limit(timeoutMs)
  }

  /** Aborted when the call must end; `reason` is the error to reject with. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(reason: Error): undefined {
    this.#controller.abort(reason)
    this.dispose()
  }

  dispose(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup()
  }

  #follow(signal: AbortSignal): void {
    const stop = (): void => {
      const inner = scopes.has(signal) ? abortReason(signal) : undefined
      this.end(inner ?? new AbortError('The call was aborted by its signal.', { cause: signal.reason }))
    }
    if (signal.aborted) {
      stop()
      return
    }
    // A fleet's calls may well hang on one signal; each takes its listener away again.
    setMaxListeners(0, signal)
    signal.addEventListener('abort', stop, { once: true })
    this.#cleanups.push(() => {
      signal.removeEventListener('abort', stop)
    })
  }

  #limit(timeoutMs: number): void {
    const timer = setTimeout(() => {
      const message = `The call did not end within ${timeoutMs} ms (timeoutMs).`
      this.end(new TimeoutError('ERR_WSMAN_TIMEOUT', message, { timeoutMs }))
    }, timerDelay(timeoutMs))
    this.#cleanups.push(() => {
      clearTimeout(timer)
    })
  }
}

/** Several requests as one call: the signal and the time limit of its options bound all of them together. */
export async function asOneCall<Options extends ScopeSources, T>(
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
