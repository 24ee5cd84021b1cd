import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { SHELL_RESOURCE } from '../envelope/resource.js'
import { AbortError, CommandError, TimeoutError, UsageError } from '../errors/errors.js'
import { abortable } from '../util/abortable.js'
import { CallScope } from '../util/call-scope.js'
import { Lifetime } from '../util/lifetime.js'
import { takePlace } from './own-shell.js'
import { Patience } from './patience.js'
import { PoolLimits } from './pool-limits.js'
import type { ShellPoolEvents, ShellPoolOptions } from './pool-options.js'
import { refusalOf, type Refusal } from './pool-refusals.js'
import { PoolRoster, type Seat } from './pool-roster.js'
import { PoolShells } from './pool-shells.js'
import { runPowerShell, type PowerShellOptions, type PowerShellResult } from './powershell.js'
import { withRemote } from '../errors/with-remote.js'
import { inContext, isReplyLost } from './remote-state.js'
import type { ShellContext } from './shell-context.js'
import type { CommandResult, RunOptions } from './shell-options.js'
import { ShellReaper } from './shell-reaper.js'
import type { Shell } from './shell.js'
import type { CallSignal } from '../util/signal.js'

const DEFAULT_MAX = 5
const DEFAULT_IDLE_MS = 30_000
/** The service must not delete a shell before the pool does. */
const IDLE_MARGIN_MS = 60_000

type DeleteReason = ShellPoolEvents['deleted'][0]['reason'] | 'recycled'

/** The service did not run the command. */
interface Refused {
  readonly refusal: Refusal
  readonly error: unknown
  /** Whether this pool can make room itself; else only others can. */
  readonly hopeful: boolean
}

/**
 * Runs many short commands over few shells (`client.shellPool`). A shell runs one command at a time, and is used again;
 * who comes when all are in use waits, first come, first served.
 *
 * The limits of the service are read from its configuration where the account may read it, and learnt when the service
 * refuses something. The counter of MaxConcurrentOperationsPerUser does not go down when a command of a text shell ends
 * (MS-WSMV note 118), so a shell is deleted, and another one opened, before its commands fill the quota. A command is
 * tried again only where the service refused it, so it never runs twice. Where the shells and commands of others of the
 * account fill a quota, it is tried for some twenty seconds.
 */
export class ShellSessionManager extends EventEmitter<ShellPoolEvents> implements AsyncDisposable {
  readonly #context: ShellContext
  readonly #limits = new PoolLimits()
  readonly #roster: PoolRoster
  readonly #reaper: ShellReaper
  readonly #shells: PoolShells
  readonly #life = new Lifetime()
  readonly #leave: () => void
  /** Shells that are being opened for somebody who may have given up. */
  readonly #opening = new Set<Promise<unknown>>()
  #closed: Promise<void> | undefined

  /**
   * @internal
   * @throws UsageError for options out of range
   */
  constructor(context: ShellContext, options: ShellPoolOptions) {
    super()
    const { max = DEFAULT_MAX, idleMs = DEFAULT_IDLE_MS, session = randomUUID(), shell = {}, reap } = options
    if (!Number.isInteger(max) || max < 1)
      throw new UsageError(`max must be a positive whole number; it is ${String(max)}.`)
    if (!(idleMs >= 0)) throw new UsageError(`idleMs must not be negative; it is ${String(idleMs)}.`)
    if (session === '') throw new UsageError('session must not be empty.')
    this.#context = context
    const limits = this.#limits
    this.#roster = new PoolRoster({
      max,
      idleMs,
      limits,
      retire: (seat, reason) => void this.#delete(seat, reason),
    })
    this.#reaper = new ShellReaper(context.runner, session, reap)
    const opened = { ...shell, idleTimeoutMs: shell.idleTimeoutMs ?? idleMs + IDLE_MARGIN_MS }
    this.#shells = new PoolShells(context, opened, limits, this.#reaper)
    this.#leave = context.runner.lifetime.enroll({ end: ({ message }) => this.#end(message) })
  }

  /** Shells that are open, being opened or being deleted. */
  get size(): number {
    return this.#roster.seats.length
  }

  /** Commands that wait for a shell. */
  get waiting(): number {
    return this.#roster.waiting
  }

  /**
   * Runs a command to its end in one of the shells. Resolves for any exit code.
   * @param args without them, `command` is the whole command line as cmd takes it
   * @throws CommandError as Shell.run does; AbortError with `remote: 'notStarted'` for one that was still waiting
   */
  async run(command: string, args?: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return await this.#use(options, (shell, signal) =>
      shell.run(command, args, { ...options, signal, timeoutMs: undefined }),
    )
  }

  /** Runs a PowerShell script in one of the shells; see `WsmanClient.runPowerShell`. */
  async runPowerShell<T = unknown>(
    script: string,
    options: PowerShellOptions = {},
  ): Promise<PowerShellResult<T>> {
    return await runPowerShell<T>((command, args, rest) => this.run(command, args, rest), script, options)
  }

  /** Deletes the shells and ends the commands in them; who waits is refused. */
  close(): Promise<void> {
    return this.#end('The pool was closed.')
  }

  /** The same as `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #use<T>(options: RunOptions, run: (shell: Shell, signal: CallSignal) => Promise<T>): Promise<T> {
    const { signal, timeoutMs } = options
    const scope = new CallScope({ signal, timeoutMs, lifetime: this.#life })
    const patience = new Patience()
    let notBefore = 0
    try {
      await abortable(this.#shells.ready(), scope.signal).catch((error: unknown) => {
        throw withRemote(error as Error, 'notStarted')
      })
      for (let again = false; ; again = true) {
        const seat = await this.#seat(scope.signal, notBefore, again)
        const outcome = await this.#attempt(seat, scope.signal, run)
        if ('value' in outcome) return outcome.value
        const { refusal, error, hopeful } = outcome
        if (refusal === 'gone') {
          // Once, in a shell that is opened now: any other may be as old.
          if (notBefore > 0) throw error
          notBefore = this.#roster.nextOrder
        } else if (!hopeful) {
          this.#tell('waiting', { waiting: this.waiting, reason: 'quota' })
          await patience.pause(error, scope.signal).catch((reason: unknown) => {
            throw withRemote(reason as Error, 'notStarted')
          })
        }
      }
    } catch (error) {
      throw this.#explain(error, scope.signal)
    } finally {
      scope.dispose()
    }
  }

  /** A command that ends because its shell is deleted does so for the reason that the shell is. */
  #explain(error: unknown, { aborted, reason }: CallSignal): Error {
    const { host } = this.#context.runner
    const why = aborted && error instanceof AbortError ? withRemote(reason as Error, error.remote) : error
    return inContext(why as Error, { host, operation: 'Shell.Command', resource: SHELL_RESOURCE })
  }

  async #seat(signal: CallSignal, notBefore: number, again: boolean): Promise<Seat> {
    const before = this.waiting
    const seat = this.#roster.acquire(signal, notBefore, again)
    if (this.waiting > before) this.#tell('waiting', { waiting: this.waiting, reason: 'shell' })
    return await seat.catch((error: unknown) => {
      throw withRemote(error as Error, 'notStarted')
    })
  }

  async #attempt<T>(
    seat: Seat,
    signal: CallSignal,
    run: (shell: Shell, signal: CallSignal) => Promise<T>,
  ): Promise<{ readonly value: T } | Refused> {
    const release = await this.#place(seat, signal)
    try {
      const shell = seat.shell ?? (await this.#open(seat, signal))
      if ('refusal' in shell) return shell
      try {
        const value = await run(shell, signal)
        this.#roster.release(seat)
        return { value }
      } catch (error) {
        return this.#afterFailure(seat, shell, error)
      }
    } finally {
      release?.()
    }
  }

  async #place(seat: Seat, signal: CallSignal): Promise<(() => void) | undefined> {
    const { limiter, runner } = this.#context
    if (!limiter) return undefined
    try {
      return await takePlace(limiter, runner, signal)
    } catch (error) {
      if (seat.shell) this.#roster.giveBack(seat)
      else this.#roster.drop(seat)
      throw error
    }
  }

  async #open(seat: Seat, signal: CallSignal): Promise<Shell | Refused> {
    const opening = this.#shells.open()
    try {
      const shell = await abortable(opening, signal)
      seat.shell = shell
      this.#tell('opened', { shellId: shell.shellId })
      return shell
    } catch (error) {
      if (signal.aborted) {
        this.#adopt(seat, opening)
        throw withRemote(error as Error, 'notStarted')
      }
      return await this.#notOpened(seat, error)
    }
  }

  /** Whoever waited for the shell gave up; the next one can have it. */
  #adopt(seat: Seat, opening: Promise<Shell>): void {
    const adopted = opening
      .then(async (shell) => {
        seat.shell = shell
        if (this.#life.ended) await this.#delete(seat, 'closed')
        else {
          this.#tell('opened', { shellId: shell.shellId })
          this.#roster.giveBack(seat)
        }
      })
      .catch(() => this.#roster.drop(seat))
      .finally(() => this.#opening.delete(adopted))
    this.#opening.add(adopted)
  }

  async #notOpened(seat: Seat, error: unknown): Promise<Refused> {
    const refusal = refusalOf(error, 'Shell.Create')
    let hopeful = false
    if (refusal === 'shells') {
      hopeful = (await this.#reap()) > 0
      const others = this.size - 1
      if (!hopeful && others > 0) {
        this.#limits.learn('shells', others)
        hopeful = true
      }
    } else if (refusal === 'operations') {
      const others = this.#roster.operations - 1 - seat.commands
      this.#limits.learn('operations', others)
      hopeful = others > 0
    }
    this.#roster.drop(seat)
    if (refusal) return { refusal, error, hopeful }
    if (isReplyLost(error)) void this.#reap()
    throw error
  }

  #afterFailure(seat: Seat, { shellId }: Shell, error: unknown): Refused {
    const refusal = refusalOf(error, 'Shell.Command')
    switch (refusal) {
      case undefined:
        if (wasHarmless(error)) this.#roster.release(seat)
        else if (wasNotStarted(error)) this.#roster.giveBack(seat)
        else void this.#delete(seat, 'failed')
        throw error
      case 'gone':
        if (seat.shell) this.#shells.forget(seat.shell)
        this.#roster.drop(seat)
        this.#tell('deleted', { shellId, reason: 'gone' })
        return { refusal, error, hopeful: true }
      case 'operations': {
        const others = this.#roster.operations - 1
        this.#limits.learn('operations', others)
        this.#roster.giveBack(seat)
        // One is this shell: without a command in it there is nothing to give back.
        return { refusal, error, hopeful: others > 1 }
      }
      case 'commands':
        this.#limits.learn('commandsPerShell', seat.commands - 1)
        this.#roster.giveBack(seat)
        return { refusal, error, hopeful: seat.commands > 0 }
      default:
        void this.#delete(seat, 'failed')
        return { refusal, error, hopeful: false }
    }
  }

  async #delete(seat: Seat, reason: DeleteReason): Promise<void> {
    const { shell, commands } = seat
    if (!shell) return
    this.#roster.close(seat)
    const { shellId } = shell
    try {
      await this.#shells.delete(shell)
      if (reason === 'recycled') this.#tell('recycled', { shellId, commands })
      else this.#tell('deleted', { shellId, reason })
    } catch {
      // It is lost: it dies by its idle timeout, or is found when the next one cannot be opened.
    } finally {
      this.#roster.drop(seat)
    }
  }

  async #reap(): Promise<number> {
    const shellIds = await this.#reaper.reap()
    if (shellIds.length > 0) this.#tell('reaped', { shellIds })
    return shellIds.length
  }

  #end(message: string): Promise<void> {
    this.#closed ??= this.#close(message)
    return this.#closed
  }

  async #close(message: string): Promise<void> {
    this.#leave()
    // A shell that is deleted takes its command with it, which need not be interrupted first.
    const deleted = this.#roster.seats
      .filter(({ state }) => state !== 'closing')
      .map((seat) => this.#delete(seat, 'closed'))
    await Promise.all([...deleted, this.#life.end(message)])
    await Promise.all(this.#opening)
  }

  /** Not in the middle of what is going on: what a listener throws is nobody's here. */
  #tell<Name extends keyof ShellPoolEvents>(name: Name, event: ShellPoolEvents[Name][0]): void {
    // The types of emit cannot follow a name that is itself a parameter.
    queueMicrotask(() => (this as EventEmitter).emit(name, event))
  }
}

/** The command ran to its end. */
function wasHarmless(error: unknown): boolean {
  return error instanceof CommandError && error.exitCode !== undefined
}

/** Nothing was sent. */
function wasNotStarted(error: unknown): boolean {
  if (error instanceof UsageError) return true
  return (error instanceof AbortError || error instanceof TimeoutError) && error.remote === 'notStarted'
}
