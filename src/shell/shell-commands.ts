import type { ResourceLocator } from '../envelope/resource.js'
import { UsageError, type RemoteState } from '../errors/errors.js'
import { forOneRequest, type CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { commandOperation, signalOperation } from '../operations/shell-verbs.js'
import { abortable, throwIfAborted, within } from '../util/abortable.js'
import { CallScope } from '../util/call-scope.js'
import type { Limiter, Release } from '../util/limiter.js'
import type { CommandLine } from './command-line.js'
import { CommandRun } from './command-run.js'
import type { OutputSink } from './output-streams.js'
import type { ReceiveTurns } from './receive-turns.js'
import { withRemote } from '../errors/with-remote.js'
import { inContext, isGone } from './remote-state.js'
import type { SpawnOptions } from './shell-options.js'
import { CommandStdin } from './stdin.js'
import { platformSignal, type CallSignal } from '../util/signal.js'

const DEFAULT_GRACE_MS = 2000

const graceMs = ({ abortGraceMs }: SpawnOptions): number => abortGraceMs ?? DEFAULT_GRACE_MS

/** A command whose name is known. */
export interface StartedCommand {
  readonly run: CommandRun
  readonly commandId: string
}

interface CommandToStart {
  readonly line: CommandLine
  readonly sink: OutputSink
  readonly options: SpawnOptions
  readonly scope: CallScope
}

export interface ShellCommandsOptions {
  readonly runner: OperationRunner
  readonly shell: ResourceLocator
  readonly turns: ReceiveTurns
  readonly limiter: Limiter | undefined
}

/** The commands of one shell: those that are starting, those that run, and last words about those that ended. */
export class ShellCommands {
  readonly #options: ShellCommandsOptions
  /** Commands whose names are not known yet. */
  readonly #starting = new Set<CallScope>()
  readonly #runs = new Set<CommandRun>()
  /** Last words to the service about commands that have ended. */
  readonly #settling = new Set<Promise<void>>()
  #lastSend: Promise<unknown> = Promise.resolve()
  #closing = false

  constructor(options: ShellCommandsOptions) {
    this.#options = options
  }

  /** @param place how long the command counts as an operation under way: while it starts, or until it has ended */
  async start(
    line: CommandLine,
    sink: OutputSink,
    options: SpawnOptions,
    place: 'start' | 'run',
  ): Promise<StartedCommand> {
    if (this.#closing) throw new UsageError('The shell was closed.', { code: 'ERR_WSMAN_CLOSED' })
    const { runner, shell } = this.#options
    const scope = new CallScope({ signal: options.signal, timeoutMs: options.timeoutMs })
    let release: Release | undefined
    this.#starting.add(scope)
    try {
      if (!this.#isReady(scope.signal)) {
        release = await this.#ready(scope.signal).catch((error: unknown) => {
          throw withRemote(error as Error, 'notStarted')
        })
      }
      const commandId = await this.#command(line, options, scope.signal)
      const started = { commandId, run: this.#follow(commandId, { line, sink, options, scope }) }
      if (place === 'start') release?.()
      else if (release) void started.run.completed.catch(() => undefined).finally(release)
      return started
    } catch (error) {
      release?.()
      scope.dispose()
      throw inContext(error as Error, {
        host: runner.host,
        operation: 'Shell.Command',
        resource: shell.resourceUri,
      })
    } finally {
      this.#starting.delete(scope)
    }
  }

  /** The input of a command. */
  stdin({ run, commandId }: StartedCommand, options: CallOptions): CommandStdin {
    const { runner, shell } = this.#options
    return new CommandStdin({
      runner,
      shell,
      commandId,
      options,
      over: run.over,
      inTurn: (task) => this.#inTurn(task),
    })
  }

  /** Gives every command up; settles when each has ended. */
  async stop(reason: Error): Promise<void> {
    for (const scope of this.#starting) scope.end(reason)
    for (const run of this.#runs) run.stop(reason)
    await Promise.allSettled([...this.#runs].map(({ completed }) => completed))
  }

  /** The shell is being deleted: no command starts any more. Settles when the last words have been said. */
  closing(reason: () => Error): Promise<unknown> {
    this.#closing = true
    for (const scope of this.#starting) scope.end(reason())
    for (const run of this.#runs) run.shellClosing()
    return Promise.all(this.#settling)
  }

  /** Whether commands have not ended. */
  get areRunning(): boolean {
    return this.#runs.size > 0
  }

  /** The shell is gone, as far as can be known. */
  closed(reason: () => Error, remote: RemoteState): void {
    for (const run of this.#runs) run.shellClosed(reason(), remote)
  }

  /** Whether a command may start at once. */
  #isReady({ aborted }: CallSignal): boolean {
    return this.#options.limiter === undefined && this.#settling.size === 0 && !aborted
  }

  /** A new command is refused until the last one was given up (MS-WSMV 3.1.4.14, note 121). */
  async #ready(signal: CallSignal): Promise<Release | undefined> {
    throwIfAborted(signal)
    if (this.#settling.size > 0) await abortable(Promise.all(this.#settling), signal)
    return this.#options.limiter && (await this.#options.limiter.acquire(platformSignal(signal)))
  }

  /** Asks for the output of a command that was started. */
  #follow(commandId: string, { line, sink, options, scope }: CommandToStart): CommandRun {
    const { runner, shell, turns } = this.#options
    const run: CommandRun = new CommandRun({
      runner,
      turns,
      shell,
      commandId,
      commandLine: line.text,
      sink,
      scope,
      abortGraceMs: graceMs(options),
      inactivityTimeoutMs: options.inactivityTimeoutMs,
      options,
      finished: (settling) => {
        this.#settle(settling)
        this.#runs.delete(run)
      },
    })
    this.#runs.add(run)
    return run
  }

  /** An abort must not lose a command that is just starting: its reply is awaited, and the command terminated. */
  async #command(line: CommandLine, options: SpawnOptions, signal: CallSignal): Promise<string> {
    const { runner, shell } = this.#options
    const operation = commandOperation(shell, line.command, line.args, {
      WINRS_CONSOLEMODE_STDIN: 'TRUE',
      WINRS_SKIP_CMD_SHELL: 'FALSE',
    })
    const started = runner.run(operation, forOneRequest(options))
    try {
      return await abortable(started, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      const stopped = started.then(async (commandId): Promise<RemoteState> => {
        await runner.cleanUp(signalOperation(shell, commandId, 'terminate'))
        return 'stopped'
      })
      const gone = stopped.catch((failure: unknown): RemoteState => (isGone(failure) ? 'stopped' : 'unknown'))
      const remote = await within(gone, graceMs(options), 'unknown')
      throw withRemote(signal.reason as Error, remote)
    }
  }

  #settle(settling: Promise<unknown>): void {
    const over = (): void => void this.#settling.delete(settled)
    const settled = settling.then(over, over)
    this.#settling.add(settled)
  }

  /** Only one Send may be under way in a shell (MS-WSMV 3.1.4.13). */
  async #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const mine = this.#lastSend.then(task)
    this.#lastSend = mine.catch(() => undefined)
    return await mine
  }
}
