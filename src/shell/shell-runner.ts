import type { CallOptions, Languages, Whole } from '../operations/call-options.js'
import type { CleanUpOptions, Operation, OperationRunner, RunnerOptions } from '../operations/operation.js'
import { Affinity } from '../transport/affinity.js'
import type { Lifetime } from '../util/lifetime.js'

/**
 * Sends the requests of one shell, all of them in the languages it was opened with (MS-WSMV 3.1.4.5.2) and with the
 * cookies that lead to the server it was opened on (3.1.4.1.31.4).
 */
export class ShellRunner implements OperationRunner {
  readonly #runner: OperationRunner
  readonly #common: CleanUpOptions

  constructor(runner: OperationRunner, { locale, dataLocale }: Languages) {
    this.#runner = runner
    this.#common = { locale, dataLocale, affinity: new Affinity() }
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

  run<T>(operation: Operation<T>, options: CallOptions = {}): Promise<T> {
    const { signal, timeoutMs, operationTimeoutMs, maxEnvelopeSizeKb, optionSet } = options
    const { locale, dataLocale, affinity } = this.#common
    // Copying objects as a whole costs several times as much, and this is done for every request.
    const all: Whole<RunnerOptions> = {
      signal,
      timeoutMs,
      operationTimeoutMs,
      locale,
      dataLocale,
      maxEnvelopeSizeKb,
      optionSet,
      affinity,
    }
    return this.#runner.run(operation, all)
  }

  cleanUp(operation: Operation<unknown>): Promise<unknown> {
    return this.#runner.cleanUp(operation, this.#common)
  }
}
