import { inspect } from 'node:util'
import { brand, hasBrand } from './brand.js'
import { ERROR_CODES, hintOfCode, type WsmanErrorCode } from './codes.js'

/** What every error of this package may say about the call that failed. */
export interface ErrorContext {
  /** What to change, and where, in plain words. Default: what the code has to say. */
  readonly hint?: string
  /** The host the call was for, without credentials. */
  readonly host?: string
  /** The operation: `Get`, `Pull`, `Shell.Receive`, … */
  readonly operation?: string
  /** The resource URI. */
  readonly resource?: string
  /** Whether the same call may succeed later without any change. */
  readonly retryable?: boolean
  /** How many items an enumeration had handed out before it failed. */
  readonly itemsDelivered?: number | undefined
  readonly cause?: unknown
}

/** The parts of an error that are safe to print. */
export type ErrorJson = Record<string, unknown> & { name: string; code: WsmanErrorCode; message: string }

/** Base class of every error this package throws. Subclasses add fields; `code` values are stable. */
export class WsmanError extends Error {
  static {
    brand(this, 'WsmanError')
  }

  override readonly name: string = 'WsmanError'
  readonly code: WsmanErrorCode
  readonly hint: string | undefined
  readonly retryable: boolean
  #host: string | undefined
  #operation: string | undefined
  #resource: string | undefined
  #itemsDelivered: number | undefined

  constructor(code: WsmanErrorCode, message: string, context: ErrorContext = {}) {
    super(message, 'cause' in context ? { cause: context.cause } : undefined)
    this.code = code
    this.hint = context.hint ?? hintOfCode(code)
    this.retryable = context.retryable ?? ERROR_CODES[code].retryable
    this.#host = context.host
    this.#operation = context.operation
    this.#resource = context.resource
    this.#itemsDelivered = context.itemsDelivered
  }

  get host(): string | undefined {
    return this.#host
  }

  get operation(): string | undefined {
    return this.#operation
  }

  get resource(): string | undefined {
    return this.#resource
  }

  get itemsDelivered(): number | undefined {
    return this.#itemsDelivered
  }

  /**
   * Adds what a lower layer could not know. What is already said stays.
   * @internal
   */
  describe(context: {
    readonly [Name in 'host' | 'operation' | 'resource' | 'itemsDelivered']?: ErrorContext[Name] | undefined
  }): this {
    this.#host ??= context.host
    this.#operation ??= context.operation
    this.#resource ??= context.resource
    this.#itemsDelivered ??= context.itemsDelivered
    return this
  }

  /** The fields a subclass shows besides those of the base class. */
  protected details(): Record<string, unknown> {
    return {}
  }

  /** An allow-list of fields: a field that is not named here or in a subclass is never shown. */
  toJSON(): ErrorJson {
    const shown: Record<string, unknown> = {
      hint: this.hint,
      host: this.host,
      operation: this.operation,
      resource: this.resource,
      itemsDelivered: this.itemsDelivered,
      retryable: this.retryable,
      ...this.details(),
      cause: describeCause(this.cause),
    }
    const present = Object.entries(shown).filter(([, value]) => value !== undefined)
    return { name: this.name, code: this.code, message: this.message, ...Object.fromEntries(present) }
  }

  /** @internal */
  [inspect.custom](depth: number, options: object, show: typeof inspect): string {
    const { name, code, message, ...rest } = this.toJSON()
    const stack = this.stack ?? `${name}: ${message}`
    return depth < 0 ? `[${name}: ${code}]` : `${stack} ${show({ code, ...rest }, options)}`
  }
}

/** Whether `error` was thrown by this package, whichever of its builds threw it. */
export function isWsmanError(error: unknown): error is WsmanError {
  return hasBrand(error, 'WsmanError')
}

/** A cause may be anything, also an object of a library that holds a request with its headers: name and message only. */
function describeCause(cause: unknown): unknown {
  if (cause === undefined) return undefined
  if (isWsmanError(cause)) return cause.toJSON()
  if (cause instanceof Error) {
    const code = (cause as { code?: unknown }).code
    return { name: cause.name, message: cause.message, ...(typeof code === 'string' ? { code } : {}) }
  }
  return typeof cause === 'string' ? cause : typeof cause
}
