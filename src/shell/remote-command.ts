import type { Readable, Writable } from 'node:stream'
import { inspect } from 'node:util'
import type { CallOptions } from '../operations/call-options.js'
import type { SignalName } from '../operations/shell-verbs.js'
import type { CommandExit, CommandRun } from './command-run.js'
import { readLines, type OutputLine } from './lines.js'
import type { OutputStreams } from './output-streams.js'

/** A command that runs in a shell, with its streams. */
export class RemoteCommand {
  /** The service's name for the command. */
  readonly commandId: string
  /** Bytes as the command wrote them. A slow reader slows the command down. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Bytes for the command to read; `end()` closes its input. */
  readonly stdin: Writable
  readonly #run: CommandRun
  readonly #codepage: number

  /** @internal */
  constructor(commandId: string, run: CommandRun, streams: OutputStreams, stdin: Writable, codepage: number) {
    this.commandId = commandId
    this.#run = run
    this.stdout = streams.stdout
    this.stderr = streams.stderr
    this.stdin = stdin
    this.#codepage = codepage
  }

  /**
   * Settles when the command has ended and its output has been delivered. Never an unhandled rejection: where nobody
   * waits, nobody is told.
   * @throws AbortError, TimeoutError, WsmanFault or TransportError when the end is not known
   */
  get exit(): Promise<CommandExit> {
    return this.#run.completed
  }

  /** @throws WsmanFault when the service cannot signal the command */
  async signal(name: SignalName, options: CallOptions = {}): Promise<void> {
    await this.#run.signal(name, options)
  }

  /** Decoded whole lines of both streams, instead of reading `stdout` and `stderr`. */
  lines(): AsyncGenerator<OutputLine, void, undefined> {
    return readLines(this, this.#codepage)
  }

  /**
   * Without its streams, which hold what has not gone through them yet.
   * @internal
   */
  [inspect.custom](): string {
    return `RemoteCommand { commandId: '${this.commandId}' }`
  }
}
