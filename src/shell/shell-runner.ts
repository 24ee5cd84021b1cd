import type { CallOptions, Languages } from '../operations/call-options.js'
import type { Operation, OperationRunner } from '../operations/operation.js'
import type { Lifetime } from '../util/lifetime.js'

/** Sends the requests of one shell, all of them in the languages it was opened with (MS-WSMV 3.1.4.5.2). */
export class ShellRunner implements OperationRunner {
  readonly #runner: OperationRunner
  readonly #languages: Languages

  constructor(runner: OperationRunner, { locale, dataLocale }: Languages) {
    this.#runner = runner
    this.#languages = { locale, dataLocale }
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

  learnMaxEnvelopeSize(kilobytes: number): void {
    this.#runner.learnMaxEnvelopeSize(kilobytes)
  }

  run<T>(operation: Operation<T>, options: CallOptions = {}): Promise<T> {
    return this.#runner.run(operation, { ...options, ...this.#languages })
  }

  cleanUp(operation: Operation<unknown>): Promise<void> {
    return this.#runner.cleanUp(operation, this.#languages)
  }
}
