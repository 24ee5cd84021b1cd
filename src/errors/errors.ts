import { brand } from './brand.js'
import type { CodeOf } from './codes.js'
import { WsmanError, type ErrorContext } from './wsman-error.js'

/** An argument or option is not valid, or an object was used after it had been closed. Nothing was sent. */
export class UsageError extends WsmanError {
  static {
    brand(this, 'UsageError')
  }
  override readonly name = 'UsageError'

  constructor(message: string, context: ErrorContext & { code?: CodeOf<'UsageError'> } = {}) {
    super(context.code ?? 'ERR_WSMAN_USAGE', message, context)
  }
}

/** `settings.client` forbids what was asked. Thrown before a socket opens; `hint` names the setting. */
export class PolicyError extends WsmanError {
  static {
    brand(this, 'PolicyError')
  }
  override readonly name = 'PolicyError'

  constructor(code: CodeOf<'PolicyError'>, message: string, context: ErrorContext = {}) {
    super(code, message, context)
  }
}

/** The connection failed, or the peer answered with something other than SOAP. */
export class TransportError extends WsmanError {
  static {
    brand(this, 'TransportError')
  }
  override readonly name = 'TransportError'
  /** The HTTP status, where one arrived. */
  readonly status: number | undefined
  /** The target of a redirect, which is told and never followed. */
  readonly location: string | undefined

  constructor(
    code: CodeOf<'TransportError'>,
    message: string,
    context: ErrorContext & { status?: number; location?: string } = {},
  ) {
    super(code, message, context)
    this.status = context.status
    this.location = context.location
  }

  protected override details(): Record<string, unknown> {
    return { status: this.status, location: this.location }
  }
}

/** The service did not accept the caller's identity. */
export class AuthenticationError extends WsmanError {
  static {
    brand(this, 'AuthenticationError')
  }
  override readonly name = 'AuthenticationError'
  /** The schemes the service offered in its `WWW-Authenticate` headers, in its order. */
  readonly offered: readonly string[]

  constructor(
    code: CodeOf<'AuthenticationError'>,
    message: string,
    context: ErrorContext & { offered?: readonly string[] } = {},
  ) {
    super(code, message, context)
    this.offered = context.offered ?? []
  }

  protected override details(): Record<string, unknown> {
    return { offered: this.offered }
  }
}

/** The peer sent what it must not. */
export class ProtocolError extends WsmanError {
  static {
    brand(this, 'ProtocolError')
  }
  override readonly name = 'ProtocolError'

  constructor(message: string, context: ErrorContext & { code?: CodeOf<'ProtocolError'> } = {}) {
    super(context.code ?? 'ERR_WSMAN_PROTOCOL', message, context)
  }
}

/** One of the time limits passed; `code` says which. */
export class TimeoutError extends WsmanError {
  static {
    brand(this, 'TimeoutError')
  }
  override readonly name = 'TimeoutError'
  /** The limit that passed, in milliseconds. */
  readonly timeoutMs: number
  readonly remote: RemoteState | undefined

  constructor(
    code: CodeOf<'TimeoutError'>,
    message: string,
    context: ErrorContext & { timeoutMs: number; remote?: RemoteState },
  ) {
    super(code, message, context)
    this.timeoutMs = context.timeoutMs
    this.remote = context.remote
  }

  protected override details(): Record<string, unknown> {
    return { timeoutMs: this.timeoutMs, remote: this.remote }
  }
}

/** What is known about the remote side of a call that was given up: it ended, nobody can tell, or it never began. */
export type RemoteState = 'stopped' | 'unknown' | 'notStarted'

/** The caller's signal was aborted, or the client was closed. `cause` is the signal's reason. */
export class AbortError extends WsmanError {
  static {
    brand(this, 'AbortError')
  }
  override readonly name = 'AbortError'
  readonly remote: RemoteState

  constructor(message: string, context: ErrorContext & { remote?: RemoteState } = {}) {
    super('ABORT_ERR', message, context)
    this.remote = context.remote ?? 'unknown'
  }

  protected override details(): Record<string, unknown> {
    return { remote: this.remote }
  }
}

/** What a remote command left behind when it failed. */
export interface CommandErrorDetails {
  readonly command: string
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** A remote command failed and the caller asked for that to be an error. Output is kept, but not printed. */
export class CommandError extends WsmanError implements CommandErrorDetails {
  static {
    brand(this, 'CommandError')
  }
  override readonly name = 'CommandError'
  readonly command: string
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string

  constructor(code: CodeOf<'CommandError'>, message: string, context: ErrorContext & CommandErrorDetails) {
    super(code, message, context)
    this.command = context.command
    this.exitCode = context.exitCode
    this.stdout = context.stdout
    this.stderr = context.stderr
  }

  /** The command line stays out: people write passwords into it. */
  protected override details(): Record<string, unknown> {
    return { exitCode: this.exitCode }
  }
}
