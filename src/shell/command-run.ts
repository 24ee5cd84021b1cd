import type { ResourceLocator } from '../envelope/resource.js'
import { CommandError, TimeoutError, type RemoteState } from '../errors/errors.js'
import { isWsmanError } from '../errors/wsman-error.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import type { OutputChunk, ReceiveResult } from '../operations/receive-body.js'
import { signalOperation, type SignalName } from '../operations/shell-verbs.js'
import { abortable, within } from '../util/abortable.js'
import type { CallScope } from '../util/call-scope.js'
import { timerDelay } from '../util/timer.js'
import type { OutputSink } from './output-streams.js'
import { receiveAll } from './receive-loop.js'
import type { ReceiveTurns } from './receive-turns.js'
import { withRemote } from '../errors/with-remote.js'
import { inContext, isCommandGone, isGone, isReplyLost } from './remote-state.js'
import { type CallSignal, OwnSignal } from '../util/signal.js'

/** How a command ended. */
export interface CommandExit {
  /** Unsigned, as Windows shows it. */
  readonly exitCode: number
}

export interface CommandRunOptions {
  readonly runner: OperationRunner
  readonly turns: ReceiveTurns
  readonly shell: ResourceLocator
  readonly commandId: string
  readonly commandLine: string
  readonly sink: OutputSink
  /** The caller's signal and deadline for the whole command. */
  readonly scope: CallScope
  readonly abortGraceMs: number
  /** The command is stopped when it writes nothing for so long. */
  readonly inactivityTimeoutMs: number | undefined
  readonly options: CallOptions
  /** Called once, when nothing more will be asked of the service for this command. */
  readonly finished: (settling: Promise<unknown>) => void
}

/** Made once: without a reason, every abort makes an exception with a stack. */
const OVER = new Error('The command is over.')

/** A command while it runs: asks for output until the end, and stops the remote side when the caller gives up. */
export class CommandRun {
  readonly completed: Promise<CommandExit>
  readonly #options: CommandRunOptions
  /** Ends the Receive under way; the caller's own signal must not, because stopping a command needs its last reply. */
  readonly #local = new OwnSignal()
  /** Aborted as soon as nothing more will be read of what the command is sent. */
  readonly #over = new OwnSignal()
  #quiet: NodeJS.Timeout | undefined
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
    this.#watchQuiet()
    const done = receiveAll(options, this.#local, (result) => this.#deliver(result))
    done.then(
      (exitCode) => {
        if (this.#phase !== 'running') return
        if (exitCode !== undefined) this.#succeed({ exitCode })
        else void this.#giveUp(this.#error('The command ended and the service told no exit code.'))
      },
      (error: unknown) => {
        if (this.#phase === 'running') void this.#giveUp(error as Error)
      },
    )
    this.#watch(done)
  }

  /** Aborted when the command ends or is being stopped. */
  get over(): CallSignal {
    return this.#over
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
    if (this.#phase === 'running') this.#beginStopping()
  }

  shellClosed(reason: Error, remote: RemoteState): void {
    if (this.#phase !== 'ended') this.#fail(withRemote(reason, remote), Promise.resolve())
  }

  #watch(done: Promise<unknown>): void {
    const { signal } = this.#options.scope
    const stop = (): void => {
      if (this.#phase === 'running') void this.#stop(signal.reason as Error, done)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  }

  #deliver({ chunks }: ReceiveResult): Promise<void> | undefined {
    if (chunks.length === 0) return undefined
    clearTimeout(this.#quiet)
    return this.#handOver(chunks)
  }

  /** @returns a promise where the taker has no room for all of it yet */
  #handOver(chunks: readonly OutputChunk[]): Promise<void> | undefined {
    for (let index = 0; index < chunks.length; index++) {
      const chunk = chunks[index]
      const room = chunk && this.#phase === 'running' ? this.#options.sink.write(chunk) : undefined
      if (room) return this.#untilStopping(room).then(() => this.#handOver(chunks.slice(index + 1)))
    }
    this.#watchQuiet()
    return undefined
  }

  #watchQuiet(): void {
    const { inactivityTimeoutMs, scope } = this.#options
    if (inactivityTimeoutMs === undefined || this.#phase !== 'running') return
    const message = `The command wrote nothing for ${inactivityTimeoutMs} ms (inactivityTimeoutMs).`
    this.#quiet = setTimeout(() => {
      scope.end(new TimeoutError('ERR_WSMAN_INACTIVITY', message, { timeoutMs: inactivityTimeoutMs }))
    }, timerDelay(inactivityTimeoutMs))
  }

  /** Back pressure ends when the caller gives up: what is still to come has no taker. */
  async #untilStopping(room: Promise<void>): Promise<void> {
    const { signal } = this.#options.scope
    await abortable(room, signal).catch(() => undefined)
  }

  /** ctrl_c first, terminate after half of the grace; the caller learns whether the remote side is known to be gone. */
  async #stop(reason: Error, done: Promise<unknown>): Promise<void> {
    this.#beginStopping()
    const half = this.#options.abortGraceMs / 2
    const gone = new Promise<RemoteState>((resolve) => {
      done.then(
        () => resolve('stopped'),
        (error: unknown) => {
          // Another failure tells nothing about the command.
          if (isCommandGone(error)) resolve('stopped')
        },
      )
    })
    void this.#tell('ctrl_c')
    let remote = await within(gone, half, 'unknown')
    const terminated = this.#tell('terminate')
    if (remote === 'unknown') remote = await within(Promise.race([gone, terminated]), half, 'unknown')
    this.#fail(withRemote(reason, remote), terminated)
  }

  /** The output cannot be had any more. The command must not run on unseen, so it is terminated first. */
  async #giveUp(error: Error): Promise<void> {
    this.#beginStopping()
    if (isGone(error)) {
      const message = 'The command is gone: the service does not know it, or its shell, any more.'
      this.#fail(this.#error(message, error), Promise.resolve())
      return
    }
    const terminated = this.#tell('terminate')
    const remote = await within(terminated, this.#options.abortGraceMs, 'unknown')
    this.#fail(this.#explain(error, remote), terminated)
  }

  /** A lost reply may have held output, and the service does not say it twice. */
  #explain(error: Error, remote: RemoteState): Error {
    if (isCommandGone(error)) return this.#error('The command is gone: the service ended it.', error)
    if (!isReplyLost(error)) return error
    const then =
      remote === 'stopped' ? 'The command was terminated.' : 'Whether the command still runs is unknown.'
    return this.#error(`A reply with output of the command was lost, and the output in it. ${then}`, error)
  }

  #error(message: string, cause?: Error): CommandError {
    const { commandLine, sink } = this.#options
    return new CommandError('ERR_WSMAN_COMMAND', message, {
      command: commandLine,
      exitCode: undefined,
      ...sink.kept,
      ...(cause === undefined ? {} : { cause }),
      ...(isWsmanError(cause) && cause.hint !== undefined ? { hint: cause.hint } : {}),
    })
  }

  #beginStopping(): void {
    this.#phase = 'stopping'
    this.#over.abort(OVER)
    clearTimeout(this.#quiet)
  }

  #tell(name: SignalName): Promise<RemoteState> {
    const { runner, shell, commandId } = this.#options
    return runner.cleanUp(signalOperation(shell, commandId, name)).then(
      () => 'stopped',
      (error: unknown) => (isCommandGone(error) ? 'stopped' : 'unknown'),
    )
  }

  /** A final terminate lets the service forget the command (MS-WSMV 3.1.4.14). */
  #succeed(exit: CommandExit): void {
    this.#finish(undefined, this.#tell('terminate'))
    this.#resolve(exit)
  }

  #fail(error: Error, settling: Promise<unknown>): void {
    if (this.#phase === 'ended') return
    const { runner, shell } = this.#options
    const context = { host: runner.host, operation: 'Shell.Command', resource: shell.resourceUri }
    this.#finish(inContext(error, context), settling)
    this.#reject(error)
  }

  #finish(error: Error | undefined, settling: Promise<unknown>): void {
    this.#phase = 'ended'
    this.#over.abort(OVER)
    clearTimeout(this.#quiet)
    this.#local.abort(error ?? OVER)
    this.#options.scope.dispose()
    this.#options.finished(settling)
    this.#options.sink.close(error)
  }
}
