import type { Enumeration } from '../enumeration/enumeration.js'
import { EndpointReference } from '../envelope/endpoint-reference.js'
import { locate, SHELL_RESOURCE, type ResourceLocator } from '../envelope/resource.js'
import { AbortError, CommandError, UsageError, type RemoteState } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import { forOneRequest, type CallOptions } from '../operations/call-options.js'
import type { OutputStreamName } from '../operations/receive-body.js'
import { createShellOperation, deleteShellOperation } from '../operations/shell-verbs.js'
import type { CommandInfo } from '../operations/shell-listing.js'
import { abortable, throwIfAborted, within } from '../util/abortable.js'
import { CallScope } from '../util/call-scope.js'
import { assertCodepage, encodeText } from '../util/codepage.js'
import { platformSignal } from '../util/signal.js'
import type { CommandRun } from './command-run.js'
import { toCommandLine } from './command-line.js'
import { OutputCollector } from './output-collector.js'
import { OutputStreams } from './output-streams.js'
import { runPowerShell, type PowerShellOptions, type PowerShellResult } from './powershell.js'
import { RemoteCommand } from './remote-command.js'
import { withRemote } from '../errors/with-remote.js'
import { inContext, isGone } from './remote-state.js'
import { ShellCommands } from './shell-commands.js'
import type { ShellContext } from './shell-context.js'
import { listCommands } from './shell-lists.js'
import type { AttachOptions, CommandResult, RunOptions, ShellOptions, SpawnOptions } from './shell-options.js'
import { ShellRunner } from './shell-runner.js'

/** What cmd takes, in characters; longer ones end with exit code 1. */
const MAX_CMD_LINE = 8191
const DEFAULT_MAX_OUTPUT = 64 * 1024 * 1024
/** How long closing waits for the service before it ends the local side without knowing. */
const CLOSE_WAIT_MS = 700

/** What makes a shell object of a shell on the service. */
interface ShellParts {
  readonly context: ShellContext
  readonly runner: ShellRunner
  readonly reference: EndpointReference
  readonly codepage: number
  /** Opened here, and so deleted together with the client. */
  readonly owned: boolean
}

/** A text shell on the host (MS-WSMV 3.1.4.1.31). Close it: the service allows each account only so many. */
export class Shell implements AsyncDisposable {
  readonly host: string
  /** The service's name for the shell. */
  readonly shellId: string
  readonly #runner: ShellRunner
  readonly #locator: ResourceLocator
  readonly #codepage: number
  readonly #commands: ShellCommands
  readonly #leave: () => void
  #closed: Promise<void> | undefined

  private constructor({ context, runner, reference, codepage, owned }: ShellParts) {
    this.#runner = runner
    this.#locator = locate(reference)
    this.#codepage = codepage
    this.host = runner.host
    this.shellId = shellIdOf(reference)
    const { turns, limiter } = context
    this.#commands = new ShellCommands({ runner, shell: this.#locator, turns, limiter })
    this.#leave = runner.lifetime.enroll({
      end: (reason) => (owned ? this.#end(reason) : this.#commands.stop(reason)),
    })
  }

  /**
   * @internal
   * @throws UsageError for options no shell can have; WsmanFault such as ERROR_WSMAN_QUOTA_MAX_SHELLS
   */
  static async open(context: ShellContext, options: ShellOptions & CallOptions): Promise<Shell> {
    const { runner, limiter } = context
    const codepage = options.codepage ?? 65001
    assertCodepage(codepage)
    const create = createShellOperation(options, codepage)
    const about = { host: runner.host, operation: create.name, resource: SHELL_RESOURCE }
    const { signal, timeoutMs } = options
    const scope = new CallScope({ signal, timeoutMs, lifetime: runner.lifetime })
    const own = new ShellRunner(runner, options)
    let created: Promise<EndpointReference> | undefined
    let release: (() => void) | undefined
    try {
      throwIfAborted(scope.signal)
      if (limiter) release = await limiter.acquire(platformSignal(scope.signal))
      // The request goes on when the caller gives up: a shell that opens unseen would lock the account out in time.
      created = own.run(create, forOneRequest(options))
      const reference = await abortable(created, scope.signal)
      return new Shell({ context, runner: own, reference, codepage, owned: true })
    } catch (error) {
      if (scope.signal.aborted || runner.lifetime.ended) {
        void created
          ?.then((reference) => own.cleanUp(deleteShellOperation(locate(reference))))
          .catch(() => undefined)
      }
      throw inContext(created ? (error as Error) : withRemote(error as Error, 'notStarted'), about)
    } finally {
      release?.()
      scope.dispose()
    }
  }

  /**
   * @internal
   * @throws UsageError for an id that cannot be one
   */
  static attach(context: ShellContext, shellId: string, options: AttachOptions): Shell {
    if (shellId.trim() === '') throw new UsageError('A shell id must not be empty.')
    const codepage = options.codepage ?? 65001
    assertCodepage(codepage)
    const runner = new ShellRunner(context.runner, options)
    const reference = new EndpointReference(SHELL_RESOURCE, { ShellId: shellId })
    return new Shell({ context, runner, reference, codepage, owned: false })
  }

  /** The commands that are known in this shell, whoever started them. */
  commands(options: CallOptions = {}): Enumeration<CommandInfo> {
    return listCommands(this.#runner, this.shellId, options)
  }

  /**
   * Runs a command to its end. Resolves for any exit code.
   *
   * @param command the program; without `args`, the whole command line as cmd takes it
   * @param args passed on one by one, quoted where needed
   * @throws CommandError with `check` for an exit code other than 0, when too much was written, or when the connection
   * broke while output was on its way: what the lost reply held cannot be asked for again
   */
  async run(command: string, args?: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const startedAt = performance.now()
    const line = toCommandLine(command, args)
    const holder: { run?: CommandRun } = {}
    const output = new OutputCollector({
      commandLine: line.text,
      codepage: this.#codepage,
      maxOutputBytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT,
      onOutput: options.onOutput,
      stop: (reason) => holder.run?.stop(reason),
    })
    const started = await this.#commands.start(line, output, options, 'run')
    const { run } = started
    holder.run = run
    if (options.input !== undefined) {
      const stdin = this.#commands.stdin(started, options)
      // A command that does not get its input may wait for it for ever.
      stdin.on('error', (error) => run.stop(error))
      stdin.end(this.#bytes(options.input))
    }
    const { exitCode } = await run.completed
    const result: CommandResult = {
      host: this.host,
      command: line.text,
      exitCode,
      ...output.kept,
      durationMs: Math.round(performance.now() - startedAt),
    }
    if (options.check !== true || exitCode === 0) return result
    throw new CommandError('ERR_WSMAN_COMMAND', `The command ended with exit code ${exitCode}.`, {
      ...result,
      operation: 'Shell.Command',
      ...(line.text.length > MAX_CMD_LINE ? { hint: hintFor('commandLineTooLong') } : {}),
    })
  }

  /** Starts a command and hands out its streams while it runs. */
  async spawn(command: string, args?: readonly string[], options: SpawnOptions = {}): Promise<RemoteCommand> {
    const ignored = (['stdout', 'stderr'] as const).filter((name) => options[name] === 'ignore')
    const streams = new OutputStreams(new Set<OutputStreamName>(ignored))
    const started = await this.#commands.start(toCommandLine(command, args), streams, options, 'start')
    const stdin = this.#commands.stdin(started, options)
    return new RemoteCommand(started.commandId, started.run, streams, stdin, this.#codepage)
  }

  /** Runs a PowerShell script in this shell; see `WsmanClient.runPowerShell`. */
  async runPowerShell<T = unknown>(
    script: string,
    options: PowerShellOptions = {},
  ): Promise<PowerShellResult<T>> {
    return await runPowerShell<T>((command, args, rest) => this.run(command, args, rest), script, options)
  }

  /** Deletes the shell and ends every command in it. A shell that is gone already counts as deleted. */
  close(): Promise<void> {
    this.#closed ??= this.#close(() => new AbortError('The shell was closed.'))
    return this.#closed
  }

  /** The same as `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #end(reason: Error): Promise<void> {
    this.#closed ??= this.#close(() => reason)
    return this.#closed.catch(() => undefined)
  }

  /** @param reason makes an error for each command that has not ended */
  async #close(reason: () => Error): Promise<void> {
    this.#leave()
    await this.#commands.closing(reason)
    const deleted = this.#runner.cleanUp(deleteShellOperation(this.#locator)).catch((error: unknown) => {
      if (!isGone(error)) throw error
    })
    if (this.#commands.areRunning) {
      const gone = deleted.then(
        (): RemoteState => 'stopped',
        (): RemoteState => 'unknown',
      )
      this.#commands.closed(reason, await within(gone, CLOSE_WAIT_MS, 'unknown'))
    }
    await deleted
  }

  #bytes(input: string | Uint8Array): Uint8Array {
    return typeof input === 'string' ? encodeText(input, this.#codepage) : input
  }
}

function shellIdOf({ selectors }: EndpointReference): string {
  const name = Object.keys(selectors).find((selector) => selector.toLowerCase() === 'shellid')
  const id = name === undefined ? undefined : selectors[name]
  return typeof id === 'string' ? id : ''
}
