import type { CallOptions, Languages } from '../operations/call-options.js'
import type { OutputEvent } from './output-collector.js'

/** How a shell is opened (MS-WSMV 2.2.4.37, 3.1.4.5.2). */
export interface ShellOptions {
  /** Where its commands start. Default: the profile folder of the account. */
  readonly workingDirectory?: string | undefined
  /** Variables on top of the account's own. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Code page of the console, which output is decoded with. Default 65001, UTF-8. */
  readonly codepage?: number | undefined
  /** Do not load the account's profile. Default false. */
  readonly noProfile?: boolean | undefined
  /** The service deletes the shell when nothing happened for so long, in milliseconds. Default: IdleTimeout of winrs. */
  readonly idleTimeoutMs?: number | undefined
  /** The service deletes the shell after so long, in milliseconds. */
  readonly lifetimeMs?: number | undefined
  /** A label that services since Windows 8 show when shells are listed. */
  readonly name?: string | undefined
}

/** How an open shell is attached to. */
export interface AttachOptions extends Languages {
  /** Code page the shell was opened with. Default 65001. */
  readonly codepage?: number | undefined
}

/** How one command is run. */
export interface RunOptions extends CallOptions {
  /** What the command reads; text is encoded with the shell's code page. Its input is closed after it. */
  readonly input?: string | Uint8Array | undefined
  /** Reject with a CommandError for an exit code other than 0. Default false. */
  readonly check?: boolean | undefined
  /** The command is stopped when it writes more. Default 64 MiB. */
  readonly maxOutputBytes?: number | undefined
  /** Told each piece of decoded output as it arrives. */
  readonly onOutput?: ((event: OutputEvent) => void) | undefined
  /**
   * The command is stopped when it writes nothing for so long, in milliseconds. Default: it may be quiet for ever.
   * `timeoutMs` bounds the whole command, `operationTimeoutMs` one request, and `connectTimeoutMs` of the client one
   * connection.
   */
  readonly inactivityTimeoutMs?: number | undefined
  /** How long stopping the remote side may hold back the rejection after an abort, in milliseconds. Default 2000. */
  readonly abortGraceMs?: number | undefined
}

/** How a command is started whose streams the caller takes. */
export interface SpawnOptions extends CallOptions {
  readonly stdout?: 'pipe' | 'ignore' | undefined
  readonly stderr?: 'pipe' | 'ignore' | undefined
  /** As in RunOptions; while nobody takes the output, quiet does not count. */
  readonly inactivityTimeoutMs?: number | undefined
  /** As in RunOptions. */
  readonly abortGraceMs?: number | undefined
}

/** What a command left behind. Plain data. */
export interface CommandResult {
  readonly host: string
  /** The command line as it was sent. */
  readonly command: string
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** From the request that started it until its end was known, in milliseconds. */
  readonly durationMs: number
}
