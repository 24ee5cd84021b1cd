import type { ResourceLocator } from '../envelope/resource.js'
import { CommandError, type RemoteState } from '../errors/errors.js'
import { FAULT } from '../errors/fault-codes.js'
import { isWsmanFault } from '../errors/fault.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { receiveOperation, signalOperation, type SignalName } from '../operations/shell-verbs.js'
import { abortable, sleep } from '../util/abortable.js'
import type { CallScope } from '../util/call-scope.js'
import type { OutputSink } from './output-streams.js'
import { inContext, isGone, withRemote } from './remote-state.js'

/** How a command ended. */
export interface CommandExit {
  /** Unsigned, as Windows shows it. */
  readonly exitCode: number
}

export interface CommandRunOptions {
  readonly runner: OperationRunner
  readonly shell: ResourceLocator
  readonly commandId: string
  readonly commandLine: string
  readonly sink: OutputSink
  /** The caller's signal and deadline for the whole command. */
  readonly scope: CallScope
  readonly abortGraceMs: number
  readonly options: CallOptions
  /** Called once, when nothing more will be asked of the service for this command. */
  readonly finished: (settling: Promise<void>) => void
}

/** A command while it runs: asks for output until the end, and stops the remote side when the caller gives up. */
export class CommandRun {
  readonly completed: Promise<CommandExit>
  readonly #options: CommandRunOptions
  /** Ends the Receive under way; the caller's own signal must not, because stopping a command needs its last reply. */
  readonly #local = new AbortController()
  #phase: 'running' | 'stopping' | 'ended' = 'running'
  #resolve!: (exit: CommandExit) => void // set by the Promise executor below, which runs at once
  #reject!: (error: Error) => void

  constructor(options: CommandRunOptions) {
    this.#options = options
    this.completed = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // The exit may be nobody's concern; whoever waits for it still gets the error.
    this.completed.catch(() => undefined)
    const done = this.#receive()
    done.then(
      (exit) => {
        if (this.#phase === 'running') this.#succeed(exit)
      },
      (error: unknown) => {
        if (this.#phase === 'running') this.#fail(error as Error, this.#tell('terminate'))
      },
    )
    this.#watch(done)
  }

  get ended(): boolean {
    return this.#phase === 'ended'
  }

  async signal(name: SignalName, options: CallOptions = {}): Promise<void> {
    const { runner, shell, commandId } = this.#options
    await runner.run(signalOperation(shell, commandId, name), options)
  }

  /** Gives the command up from outside its own call, as when output has no taker any more. */
  stop(reason: Error): void {
    this.#options.scope.end(reason)
  }

  /** The shell is being deleted, and every command in it with it: from now on errors of the service are expected. */
  shellClosing(): void {
    if (this.#phase === 'running') this.#phase = 'stopping'
  }

  shellClosed(reason: Error, remote: RemoteState): void {
    if (this.#phase !== 'ended') this.#fail(withRemote(reason, remote), Promise.resolve())
  }

  #watch(done: Promise<CommandExit>): void {
    const { signal } = this.#options.scope
    const stop = (): void => {
      if (this.#phase === 'running') void this.#stop(signal.reason as Error, done)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  }

  async #receive(): Promise<CommandExit> {
    const { runner, shell, commandId, options, commandLine } = this.#options
    const receive = receiveOperation(shell, commandId)
    const receiveOptions = { ...options, timeoutMs: undefined, signal: this.#local.signal }
    let exitCode: number | undefined
    for (;;) {
      try {
        const result = await runner.run(receive, receiveOptions)
        exitCode = result.exitCode ?? exitCode
        for (const chunk of result.chunks) {
          const room = this.#phase === 'running' ? this.#options.sink.write(chunk) : undefined
          if (room) await this.#untilStopping(room)
        }
        if (result.done) break
      } catch (error) {
        // No output within the operation timeout: ask again (MS-WSMV 3.1.4.14).
        if (!isWsmanFault(error, FAULT.OPERATION_TIMEDOUT)) throw error
      }
    }
    if (exitCode !== undefined) return { exitCode }
    throw new CommandError('ERR_WSMAN_COMMAND', 'The command ended and the service told no exit code.', {
      command: commandLine,
      exitCode: undefined,
      ...this.#options.sink.kept,
    })
  }

  /** Back pressure ends when the caller gives up: what is still to come has no taker. */
  async #untilStopping(room: Promise<void>): Promise<void> {
    const { signal } = this.#options.scope
    await abortable(room, signal).catch(() => undefined)
  }

  /** ctrl_c first, terminate after half of the grace; the caller learns whether the remote side is known to be gone. */
  async #stop(reason: Error, done: Promise<CommandExit>): Promise<void> {
    this.#phase = 'stopping'
    const half = this.#options.abortGraceMs / 2
    const timer = new AbortController()
    const limit = async (): Promise<RemoteState> => {
      await sleep(half, timer.signal).catch(() => undefined)
      return 'unknown'
    }
    const gone = done.then(
      (): RemoteState => 'stopped',
      (error: unknown): RemoteState | Promise<RemoteState> => (isGone(error) ? 'stopped' : limit()),
    )
    void this.#tell('ctrl_c')
    let remote = await Promise.race([gone, limit()])
    const terminated = this.#tell('terminate')
    if (remote === 'unknown') remote = await Promise.race([gone, terminated, limit()])
    timer.abort()
    this.#fail(withRemote(reason, remote), terminated)
  }

  async #tell(name: SignalName): Promise<RemoteState> {
    const { runner, shell, commandId } = this.#options
    try {
      await runner.cleanUp(signalOperation(shell, commandId, name))
      return 'stopped'
    } catch (error) {
      return isGone(error) ? 'stopped' : 'unknown'
    }
  }

  /** A final terminate lets the service forget the command (MS-WSMV 3.1.4.14). */
  #succeed(exit: CommandExit): void {
    this.#finish(undefined, this.#tell('terminate'))
    this.#resolve(exit)
  }

  #fail(error: Error, settling: Promise<unknown>): void {
    const { runner, shell } = this.#options
    const context = { host: runner.host, operation: 'Shell.Command', resource: shell.resourceUri }
    this.#finish(inContext(error, context), settling)
    this.#reject(error)
  }

  #finish(error: Error | undefined, settling: Promise<unknown>): void {
    this.#phase = 'ended'
    this.#local.abort(error)
    this.#options.scope.dispose()
    this.#options.finished(settling.then(() => undefined))
    this.#options.sink.close(error)
  }
}
