import type { CleanUpOptions, Operation, OperationRunner, RunnerOptions } from '../operations/operation.js'
import { CallScope } from '../util/call-scope.js'
import type { Lifetime } from '../util/lifetime.js'
import type { Limiter } from '../util/limiter.js'
import { platformSignal } from '../util/signal.js'
import { isWsmanError } from '../errors/wsman-error.js'
import { withRemote } from '../errors/with-remote.js'

/** Takes a place of the limiter for each request. What ends something never waits for one. */
export class LimitedRunner implements OperationRunner {
  readonly #runner: OperationRunner
  readonly #limiter: Limiter

  constructor(runner: OperationRunner, limiter: Limiter) {
    this.#runner = runner
    this.#limiter = limiter
  }

  get host(): string {
    return this.#runner.host
  }

  get lifetime(): Lifetime {
    return this.#runner.lifetime
  }

  get maxRequestSize(): number {
    return this.#runner.maxRequestSize
  }

  get maxBatchItems(): number {
    return this.#runner.maxBatchItems
  }

  learnMaxEnvelopeSize(kilobytes: number): void {
    this.#runner.learnMaxEnvelopeSize(kilobytes)
  }

  async run<T>(operation: Operation<T>, options: RunnerOptions = {}): Promise<T> {
    if (operation.lane === 'control') return await this.#runner.run(operation, options)
    const { signal, timeoutMs } = options
    const scope = new CallScope({ signal, timeoutMs, lifetime: this.lifetime })
    try {
      const release = await this.#limiter.acquire(platformSignal(scope.signal)).catch((error: unknown) => {
        const { host } = this
        if (!isWsmanError(error)) throw error
        throw withRemote(error, 'notStarted').describe({ host, operation: operation.name })
      })
      try {
        return await this.#runner.run(operation, { ...options, signal: scope.signal, timeoutMs: undefined })
      } finally {
        release()
      }
    } finally {
      scope.dispose()
    }
  }

  cleanUp(operation: Operation<unknown>, options?: CleanUpOptions): Promise<unknown> {
    return this.#runner.cleanUp(operation, options)
  }
}
