import type { CimClass } from '../envelope/cim-class.js'
import { FAULT, matchesFault } from '../errors/fault-codes.js'
import { isWsmanFault } from '../errors/fault.js'
import { isWsmanError } from '../errors/wsman-error.js'
import { getClassOperation } from '../operations/class-schema.js'
import type { OperationRunner } from '../operations/operation.js'
import { abortable } from '../util/abortable.js'
import type { CallSignal } from '../util/signal.js'

/** What is known about a class: its definition, or why there is none. */
export interface KnownClass {
  readonly definition?: CimClass
  readonly error?: unknown
}

/** More than the classes of any schema that are read in one program, and a limit for peers that make names up. */
const MAX_CLASSES = 4096

/** Passing troubles, after which it is worth asking again. */
const PASSING: readonly number[] = [
  FAULT.OPERATION_TIMEDOUT,
  FAULT.BUSY,
  FAULT.TIMEOUT,
  FAULT.QUOTA_LIMIT,
  FAULT.QUOTA_USER,
  FAULT.QUOTA_SYSTEM,
  FAULT.QUOTA_MAX_OPERATIONS,
]

/** The definitions of classes, each asked for once for all calls of a client. */
export class ClassCache {
  readonly #runner: OperationRunner
  readonly #pending = new Map<string, Promise<KnownClass>>()
  readonly #known = new Map<string, KnownClass>()

  constructor(runner: OperationRunner) {
    this.#runner = runner
  }

  get host(): string {
    return this.#runner.host
  }

  /** What is known already, without asking. */
  peek(namespace: string, className: string): KnownClass | undefined {
    return this.#known.get(keyOf(namespace, className))
  }

  /**
   * Asks for a class, unless it is known or under way. A service that does not tell is no error.
   * @throws WsmanError where the service could not be asked
   */
  async find(namespace: string, className: string, signal?: CallSignal): Promise<KnownClass> {
    const key = keyOf(namespace, className)
    const known = this.#known.get(key)
    if (known) return known
    let pending = this.#pending.get(key)
    if (!pending) {
      // Others wait for it, too, so it does not end with the call that happens to be the first.
      pending = this.#ask(key, namespace, className).finally(() => this.#pending.delete(key))
      this.#pending.set(key, pending)
    }
    return signal ? await abortable(pending, signal) : await pending
  }

  /** Asks where there is no definition yet. @throws WsmanError where there is none */
  async get(namespace: string, className: string, signal?: CallSignal): Promise<CimClass> {
    const key = keyOf(namespace, className)
    if (!this.#known.get(key)?.definition) this.#known.delete(key)
    const { definition, error } = await this.find(namespace, className, signal)
    if (definition) return definition
    throw error
  }

  async #ask(key: string, namespace: string, className: string): Promise<KnownClass> {
    try {
      return this.#learn(key, { definition: await this.#runner.run(getClassOperation(namespace, className)) })
    } catch (error) {
      if (!isAnswer(error)) throw error
      return isPassing(error) ? { error } : this.#learn(key, { error })
    }
  }

  #learn(key: string, known: KnownClass): KnownClass {
    const [oldest] = this.#known.keys()
    if (this.#known.size >= MAX_CLASSES && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(key, known)
    return known
  }
}

const keyOf = (namespace: string, className: string): string => `${namespace}:${className}`.toLowerCase()

/** The service was reached, and has no definition to give. Some services say so with a bare status. */
function isAnswer(error: unknown): boolean {
  if (isWsmanFault(error)) return true
  return isWsmanError(error) && (error.code === 'ERR_WSMAN_HTTP_STATUS' || error.name === 'ProtocolError')
}

const isPassing = (error: unknown): boolean =>
  isWsmanFault(error) && PASSING.some((code) => matchesFault(error.wsmanCode, code))
