import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import type { ConnectionFacts } from '../transport/types.js'
import { CallScope } from '../util/call-scope.js'
import { platformSignal } from '../util/signal.js'
import { createLimiter } from '../util/limiter.js'

/** What the management of a host's configuration works with. */
export interface ConfigParts {
  readonly runner: OperationRunner
  readonly connection: ConnectionFacts
  /** The addresses the name of the host stands for; none where that cannot be known. */
  readonly addresses: () => Promise<readonly string[]>
  /** The name of the account the client comes as, where it is known before it is needed. */
  readonly username: string | undefined
  /** Runs a PowerShell script on the host; rejects where it fails. @returns what it wrote to its output */
  readonly runScript: (script: string, options: CallOptions) => Promise<string>
}

/** The parts, and what all calls have in common. */
export class ConfigContext {
  readonly parts: ConfigParts
  /** Writes read, merge and put back: what another one wrote in between would be lost. */
  readonly #writes = createLimiter(1)

  constructor(parts: ConfigParts) {
    this.parts = parts
  }

  get runner(): OperationRunner {
    return this.parts.runner
  }

  /** Several requests as one call: they share its signal and its deadline. */
  async within<T, Options extends CallOptions>(
    options: Options,
    use: (options: Options) => Promise<T>,
  ): Promise<T> {
    const { signal, timeoutMs } = options
    const scope = new CallScope({ signal, timeoutMs, lifetime: this.runner.lifetime })
    try {
      return await use({ ...options, signal: scope.signal, timeoutMs: undefined })
    } finally {
      scope.dispose()
    }
  }

  /** Like `within`, one call after another. */
  async exclusively<T>(options: CallOptions, use: (options: CallOptions) => Promise<T>): Promise<T> {
    return await this.within(options, async (bounds) => {
      const release = await this.#writes.acquire(bounds.signal && platformSignal(bounds.signal))
      try {
        return await use(bounds)
      } finally {
        release()
      }
    })
  }
}
