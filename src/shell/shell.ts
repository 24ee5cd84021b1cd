import { selectorFilter } from '../enumeration/filters.js'
import { Enumeration } from '../enumeration/enumeration.js'
import { EndpointReference } from '../envelope/endpoint-reference.js'
import { locate, SHELL_RESOURCE, type ResourceLocator } from '../envelope/resource.js'
import { AbortError, CommandError, UsageError, type RemoteState } from '../errors/errors.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import {
  commandOperation,
  createShellOperation,
  deleteShellOperation,
  signalOperation,
  type OutputStreamName,
} from '../operations/shell-verbs.js'
import {
  decodeCommands,
  decodeShells,
  type CommandInfo,
  type ShellInfo,
} from '../operations/shell-listing.js'
import { abortable, abortReason, sleep } from '../util/abortable.js'
import { CallScope } from '../util/call-scope.js'
import { assertCodepage, encodeText } from '../util/codepage.js'
import { NS } from '../xml/namespaces.js'
import { CommandRun } from './command-run.js'
import { quoteArgument } from './command-line.js'
import { OutputCollector } from './output-collector.js'
import { OutputStreams, type OutputSink } from './output-streams.js'
import { RemoteCommand } from './remote-command.js'
import { inContext, isGone, withRemote } from './remote-state.js'
import { ShellRunner } from './shell-runner.js'
import type { AttachOptions, CommandResult, RunOptions, ShellOptions, SpawnOptions } from './shell-options.js'
import { CommandStdin } from './stdin.js'

const DEFAULT_GRACE_MS = 2000
const DEFAULT_MAX_OUTPUT = 64 * 1024 * 1024
/** How long closing waits for the service before it ends the local side without knowing. */
const CLOSE_WAIT_MS = 700

/** Enumerating them never brings more at a time than an envelope holds. */
const LISTING = { mode: 'object', maxElements: 32_000, prefetch: 1, optimize: true } as const

/** The shells that the account has open on the service (MS-WSMV 3.1.4.8.2). */
export function listShells(runner: OperationRunner, options: CallOptions): Enumeration<ShellInfo> {
  return new Enumeration(runner, {
    ...LISTING,
    resource: { resourceUri: NS.shell },
    items: decodeShells,
    options,
  })
}

/** A text shell on the host (MS-WSMV 3.1.4.1.31). Close it: the service allows each account only so many. */
export class Shell implements AsyncDisposable {
  readonly host: string
  /** The service's name for the shell. */
  readonly shellId: string
  readonly #runner: OperationRunner
  readonly #locator: ResourceLocator
  readonly #codepage: number
  readonly #leave: () => void
  /** Commands whose names are not known yet. */
  readonly #starting = new Set<CallScope>()
  readonly #runs = new Set<CommandRun>()
  /** Last words to the service about commands that have ended. */
  readonly #settling = new Set<Promise<void>>()
  #lastSend: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  private constructor(
    runner: OperationRunner,
    reference: EndpointReference,
    codepage: number,
    /** Opened here, and so deleted together with the client. */
    owned: boolean,
  ) {
    this.#runner = runner
    this.#locator = locate(reference)
    this.#codepage = codepage
    this.host = runner.host
    const id = Object.entries(reference.selectors).find(([name]) => name.toLowerCase() === 'shellid')?.[1]
    this.shellId = typeof id === 'string' ? id : ''
    this.#leave = runner.lifetime.enroll({
      end: (reason) => (owned ? this.#end(reason) : this.#endCommands(reason)),
    })
  }

  /**
   * @internal
   * @throws UsageError for options no shell can have; WsmanFault such as ERROR_WSMAN_QUOTA_MAX_SHELLS
   */
  static async open(runner: OperationRunner, options: ShellOptions & CallOptions): Promise<Shell> {
    const codepage = options.codepage ?? 65001
    assertCodepage(codepage)
    const create = createShellOperation({ ...options, codepage, noProfile: options.noProfile ?? false })
    const scope = new CallScope({ signal: options.signal, timeoutMs: options.timeoutMs })
    const context = { host: runner.host, operation: create.name, resource: SHELL_RESOURCE }
    if (options.signal?.aborted) throw inContext(withRemote(abortReason(scope.signal), 'notStarted'), context)
    // The request goes on when the caller gives up: a shell that opens unseen would lock the account out in time.
    const own = new ShellRunner(runner, options)
    const created = own.run(create, { ...options, signal: undefined, timeoutMs: undefined })
    try {
      return new Shell(own, await abortable(created, scope.signal), codepage, true)
    } catch (error) {
      if (scope.signal.aborted || runner.lifetime.ended) {
        void created
          .then((reference) => own.cleanUp(deleteShellOperation(locate(reference))))
          .catch(() => undefined)
      }
      throw inContext(error as Error, context)
    } finally {
      scope.dispose()
    }
  }

  /**
   * @internal
   * @throws UsageError for an id that cannot be one
   */
  static attach(runner: OperationRunner, shellId: string, options: AttachOptions): Shell {
    if (shellId.trim() === '') throw new UsageError('A shell id must not be empty.')
    const codepage = options.codepage ?? 65001
    assertCodepage(codepage)
    return new Shell(
      new ShellRunner(runner, options),
      new EndpointReference(SHELL_RESOURCE, { ShellId: shellId }),
      codepage,
      false,
    )
  }

  /** The commands that are known in this shell, whoever started them. */
  commands(options: CallOptions = {}): Enumeration<CommandInfo> {
    const resource = { resourceUri: `${NS.shell}/Command` }
    const filter = selectorFilter({ ShellId: this.shellId })
    return new Enumeration(this.#runner, { ...LISTING, resource, filter, items: decodeCommands, options })
  }

  /**
   * Runs a command to its end. Resolves for any exit code.
   *
   * @param command the program; without `args`, the whole command line as cmd takes it
   * @param args passed on one by one, quoted where needed
   * @throws CommandError with `check` for an exit code other than 0, or when too much was written
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
    const { run, commandId } = await this.#start(line, output, options)
    holder.run = run
    if (options.input !== undefined) {
      const stdin = this.#stdin(run, commandId, options)
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
    })
  }

  /** Starts a command and hands out its streams while it runs. */
  async spawn(command: string, args?: readonly string[], options: SpawnOptions = {}): Promise<RemoteCommand> {
    const ignored = (['stdout', 'stderr'] as const).filter((name) => options[name] === 'ignore')
    const streams = new OutputStreams(new Set<OutputStreamName>(ignored))
    const { run, commandId } = await this.#start(toCommandLine(command, args), streams, options)
    return new RemoteCommand(commandId, run, streams, this.#stdin(run, commandId, options), this.#codepage)
  }

  /** Deletes the shell and ends every command in it. A shell that is gone already counts as deleted. */
  close(): Promise<void> {
    this.#closed ??= this.#close(new AbortError('The shell was closed.'))
    return this.#closed
  }

  /** The same as `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #end(reason: Error): Promise<void> {
    this.#closed ??= this.#close(reason)
    return this.#closed.catch(() => undefined)
  }

  async #endCommands(reason: Error): Promise<void> {
    for (const run of this.#runs) run.stop(reason)
    await Promise.allSettled([...this.#runs].map(({ completed }) => completed))
  }

  async #close(reason: Error): Promise<void> {
    this.#leave()
    for (const scope of this.#starting) scope.end(reason)
    for (const run of this.#runs) run.shellClosing()
    await Promise.all(this.#settling)
    const deleted = this.#runner.cleanUp(deleteShellOperation(this.#locator)).catch((error: unknown) => {
      if (!isGone(error)) throw error
    })
    const timer = new AbortController()
    const remote = await Promise.race([
      deleted.then(
        (): RemoteState => 'stopped',
        (): RemoteState => 'unknown',
      ),
      sleep(CLOSE_WAIT_MS, timer.signal).then(
        (): RemoteState => 'unknown',
        (): RemoteState => 'unknown',
      ),
    ])
    timer.abort()
    for (const run of this.#runs) run.shellClosed(reason, remote)
    await deleted
  }

  async #start(
    line: CommandLine,
    sink: OutputSink,
    options: SpawnOptions,
  ): Promise<{ run: CommandRun; commandId: string }> {
    if (this.#closed) throw new UsageError('The shell was closed.', { code: 'ERR_WSMAN_CLOSED' })
    const scope = new CallScope({ signal: options.signal, timeoutMs: options.timeoutMs })
    const abortGraceMs = options.abortGraceMs ?? DEFAULT_GRACE_MS
    this.#starting.add(scope)
    try {
      await abortable(Promise.all(this.#settling), scope.signal).catch((error: unknown) => {
        throw withRemote(error as Error, 'notStarted')
      })
      const commandId = await this.#command(line, options, scope.signal, abortGraceMs)
      const run: CommandRun = new CommandRun({
        runner: this.#runner,
        shell: this.#locator,
        commandId,
        commandLine: line.text,
        sink,
        scope,
        abortGraceMs,
        options,
        finished: (settling) => {
          this.#settle(settling)
          this.#runs.delete(run)
        },
      })
      this.#runs.add(run)
      return { run, commandId }
    } catch (error) {
      scope.dispose()
      throw inContext(error as Error, this.#context('Shell.Command'))
    } finally {
      this.#starting.delete(scope)
    }
  }

  #context(operation: string): { host: string; operation: string; resource: string } {
    return { host: this.host, operation, resource: this.#locator.resourceUri }
  }

  /** An abort must not lose a command that is just starting: its reply is awaited, and the command terminated. */
  async #command(
    line: CommandLine,
    options: CallOptions,
    signal: AbortSignal,
    graceMs: number,
  ): Promise<string> {
    const operation = commandOperation(this.#locator, line.command, line.args, {
      WINRS_CONSOLEMODE_STDIN: 'TRUE',
      WINRS_SKIP_CMD_SHELL: 'FALSE',
    })
    const started = this.#runner.run(operation, { ...options, signal: undefined, timeoutMs: undefined })
    try {
      return await abortable(started, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      const stopped = started.then(async (commandId): Promise<RemoteState> => {
        await this.#runner.cleanUp(signalOperation(this.#locator, commandId, 'terminate'))
        return 'stopped'
      })
      const timer = new AbortController()
      const remote = await Promise.race([
        stopped.catch((failure: unknown): RemoteState => (isGone(failure) ? 'stopped' : 'unknown')),
        sleep(graceMs, timer.signal).then((): RemoteState => 'unknown'),
      ])
      timer.abort()
      throw withRemote(signal.reason as Error, remote)
    }
  }

  #settle(settling: Promise<void>): void {
    const settled = settling.catch(() => undefined).finally(() => this.#settling.delete(settled))
    this.#settling.add(settled)
  }

  #stdin(run: CommandRun, commandId: string, options: CallOptions): CommandStdin {
    return new CommandStdin({
      runner: this.#runner,
      shell: this.#locator,
      commandId,
      options,
      ended: () => run.ended,
      inTurn: (task) => this.#inTurn(task),
    })
  }

  /** Only one Send may be under way in a shell (MS-WSMV 3.1.4.13). */
  async #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const mine = this.#lastSend.then(task)
    this.#lastSend = mine.catch(() => undefined)
    return await mine
  }

  #bytes(input: string | Uint8Array): Uint8Array {
    return typeof input === 'string' ? encodeText(input, this.#codepage) : input
  }
}

interface CommandLine {
  readonly command: string
  readonly args: readonly string[]
  /** Both, as the service joins them. */
  readonly text: string
}

function toCommandLine(command: string, args: readonly string[] | undefined): CommandLine {
  if (command.trim() === '') throw new UsageError('A command must not be empty.')
  if (!args) return { command, args: [], text: command }
  const quoted = args.map(quoteArgument)
  const program = quoteArgument(command)
  return { command: program, args: quoted, text: [program, ...quoted].join(' ') }
}
