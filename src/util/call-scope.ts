import { AbortError, TimeoutError, UsageError } from '../errors/errors.js'

/** Everything that lives as long as its owner (a client, a shell): `end` gives up all of it at once. */
export class Lifetime {
  readonly #scopes = new Set<CallScope>()
  #endedBy: string | undefined

  get ended(): boolean {
    return this.#endedBy !== undefined
  }

  /** @throws UsageError when the owner was closed */
  assertAlive(): void {
    if (this.#endedBy !== undefined) throw new UsageError(this.#endedBy, { code: 'ERR_WSMAN_CLOSED' })
  }

  /** Aborts every scope that is open; later scopes cannot be opened. */
  end(message: string): void {
    this.#endedBy ??= message
    for (const scope of [...this.#scopes]) {
      scope.abort(new AbortError(message, { cause: new Error(message) }))
    }
  }

  /** @internal */
  enroll(scope: CallScope): () => void {
    this.#scopes.add(scope)
    return () => this.#scopes.delete(scope)
  }
}

export interface ScopeSources {
  /** The caller's signal. */
  readonly signal?: AbortSignal | undefined
  /** Bounds the whole call, in milliseconds. */
  readonly timeoutMs?: number | undefined
  readonly lifetime?: Lifetime | undefined
}

/**
 * Links the caller's signal, the deadline and the owner's end into one signal whose reason is the typed error to
 * throw. Everything below waits on that one signal. `dispose` takes every listener and timer away again.
 */
export class CallScope {
  readonly #controller = new AbortController()
  readonly #cleanups: (() => void)[] = []

  constructor({ signal, timeoutMs, lifetime }: ScopeSources) {
    if (lifetime) {
      lifetime.assertAlive()
      this.#cleanups.push(lifetime.enroll(this))
    }
    if (signal) this.#follow(signal)
    if (timeoutMs !== undefined) this.#limit(timeoutMs)
  }

  /** Aborted when the call must end; `reason` is the error to reject with. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(error: Error): void {
    this.#controller.abort(error)
    this.dispose()
  }

  dispose(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup()
  }

  #follow(signal: AbortSignal): void {
    const stop = (): void => {
      this.abort(new AbortError('The call was aborted by its signal.', { cause: signal.reason }))
    }
    if (signal.aborted) {
      stop()
      return
    }
    signal.addEventListener('abort', stop, { once: true })
    this.#cleanups.push(() => {
      signal.removeEventListener('abort', stop)
    })
  }

  #limit(timeoutMs: number): void {
    const timer = setTimeout(() => {
      const message = `The call did not end within ${timeoutMs} ms (timeoutMs).`
      this.abort(new TimeoutError('ERR_WSMAN_TIMEOUT', message, { timeoutMs }))
    }, timeoutMs)
    this.#cleanups.push(() => {
      clearTimeout(timer)
    })
  }
}
