import { isWsmanFault } from '../errors/fault.js'
import { getOperation } from '../operations/transfer.js'
import { NS } from '../xml/namespaces.js'
import { takePlace } from './own-shell.js'
import type { PoolLimits } from './pool-limits.js'
import { isReplyLost } from './remote-state.js'
import type { ShellContext } from './shell-context.js'
import type { ShellOptions } from './shell-options.js'
import { SESSION_VARIABLE, type ShellReaper } from './shell-reaper.js'
import { Shell } from './shell.js'

/** Reading the configuration is a help, and must not hold anything up for long. */
const CONFIG_TIMEOUT_MS = 10_000

/** Opens and deletes the shells of a pool, each marked as one of them. */
export class PoolShells {
  readonly #context: ShellContext
  readonly #options: ShellOptions
  readonly #limits: PoolLimits
  readonly #reaper: ShellReaper
  readonly #marks = new WeakMap<Shell, string>()
  #config: Promise<void> | undefined

  constructor(context: ShellContext, options: ShellOptions, limits: PoolLimits, reaper: ShellReaper) {
    this.#context = context
    this.#options = options
    this.#limits = limits
    this.#reaper = reaper
  }

  /** Never sent twice: a shell whose reply was lost is deleted as soon as it can be found. */
  async open(): Promise<Shell> {
    const mark = this.#reaper.mark()
    // Whoever runs a command holds a place for all that it takes.
    const context = { ...this.#context, limiter: undefined }
    const environment = { ...this.#options.environment, [SESSION_VARIABLE]: mark }
    try {
      const shell = await Shell.open(context, { ...this.#options, environment })
      this.#marks.set(shell, mark)
      return shell
    } catch (error) {
      this.#reaper.forget(mark)
      throw error
    }
  }

  /** @throws what deleting fails with; the shell then counts as lost */
  async delete(shell: Shell): Promise<void> {
    try {
      await shell.close()
    } finally {
      this.forget(shell)
    }
  }

  /** The shell is none of the pool's any more. */
  forget(shell: Shell): void {
    const mark = this.#marks.get(shell)
    if (mark !== undefined) this.#reaper.forget(mark)
  }

  /** Settles when the limits are known, as far as they can be read: who may not will run into them and learn. */
  ready(): Promise<void> {
    this.#config ??= this.#readConfig().catch((error: unknown) => {
      if (isWsmanFault(error) || isReplyLost(error)) return
      this.#config = undefined
      throw error
    })
    return this.#config
  }

  async #readConfig(): Promise<void> {
    const { runner, limiter } = this.#context
    const release = limiter && (await takePlace(limiter, runner))
    try {
      const operation = getOperation({ resourceUri: NS.config })
      const config = await runner.run(operation, { operationTimeoutMs: CONFIG_TIMEOUT_MS })
      this.#limits.readConfig(config)
      const size = config.MaxEnvelopeSizekb
      if (typeof size === 'string') runner.learnMaxEnvelopeSize(Number(size))
    } finally {
      release?.()
    }
  }
}
