import { UsageError } from '../errors/errors.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { CallScope } from '../util/call-scope.js'
import { isConnectionLost } from './connection-lost.js'

/** What JSON can say. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue }

/** One difference between what is and what was asked for. Plain JSON, without secrets. */
export interface PlanChange {
  /** What changes: `service.maxConnections`, `listeners[*+HTTPS]`, `firewall[WINRM-HTTP-In-TCP].enabled`. */
  readonly path: string
  /** `set` gives an existing thing another value; `add` makes or adds one, `remove` takes one away. */
  readonly action: 'set' | 'add' | 'remove'
  /** What is there now; null where there is nothing. */
  readonly from: JsonValue
  /** What will be there; null where there will be nothing. */
  readonly to: JsonValue
}

/**
 * What a warning is about.
 *
 * - `disconnects`: this connection would be cut off
 * - `conflict`: two listeners would claim one port and hostname
 * - `readOnly`, `deprecated`, `policy`: the host does not let it be changed, so it is not among the changes
 * - `dubious`: the value is taken, and may not do what it seems to
 * - `unavailable`: something could not be looked up or cannot be had, so a part of what was asked for is missing
 */
export type PlanWarningCode =
  'disconnects' | 'conflict' | 'readOnly' | 'deprecated' | 'policy' | 'dubious' | 'unavailable'

/** Something to know before a plan is applied. Plain JSON. */
export interface PlanWarning {
  readonly code: PlanWarningCode
  readonly path: string
  readonly message: string
  /** Whether `apply` refuses the plan unless it is forced. */
  readonly needsForce: boolean
}

/** How far a plan has come. */
export interface PlanProgress {
  /** The number of the step, from 1. */
  readonly step: number
  /** How many steps there are. */
  readonly of: number
  /** What the step does: `change service`, `create listener * HTTPS`. */
  readonly name: string
  /** What the step changes. */
  readonly changes: readonly PlanChange[]
  /**
   * `started`, then `done`; `failed` with the error; or `unconfirmed`, where the step cut this connection off, as was to
   * be expected, and what became of it cannot be known.
   */
  readonly status: 'started' | 'done' | 'failed' | 'unconfirmed'
  readonly error?: unknown
}

/** How a plan is applied. */
export interface ApplyOptions extends CallOptions {
  /** Apply it although it would cut this connection off or set up a conflict. Default false. */
  readonly force?: boolean | undefined
  /** Told before and after every step. */
  readonly onProgress?: ((progress: PlanProgress) => void) | undefined
}

/** One request, or a few that belong together. */
export interface PlanStep {
  readonly name: string
  readonly changes: readonly PlanChange[]
  /** Whether this connection may end with it. */
  readonly disconnects?: boolean
  run(options: CallOptions): Promise<unknown>
}

/**
 * What has to be done, in a safe order: what could cut this connection off comes last. `changed`, `changes` and
 * `warnings` are plain JSON; nothing has been changed yet.
 */
export class ConfigPlan {
  /** Whether there is anything to do. */
  readonly changed: boolean
  readonly changes: readonly PlanChange[]
  readonly warnings: readonly PlanWarning[]
  readonly #runner: OperationRunner
  readonly #steps: readonly PlanStep[]
  #applied = false

  /** @internal */
  constructor(runner: OperationRunner, steps: readonly PlanStep[], warnings: readonly PlanWarning[]) {
    this.#runner = runner
    this.#steps = steps
    this.changes = steps.flatMap(({ changes }) => changes)
    this.changed = this.changes.length > 0
    this.warnings = warnings
  }

  /**
   * Does all of it, one step after another, and stops at the first that fails. A plan is applied once: what is there
   * afterwards, a new plan tells.
   * @throws UsageError with the code `ERR_WSMAN_FORCE_NEEDED`, before anything is sent, where a warning needs `force`;
   *   else what the failing step failed with: the steps before it are done
   */
  async apply(options: ApplyOptions = {}): Promise<void> {
    for await (const progress of this.steps(options)) options.onProgress?.(progress)
  }

  /**
   * The same as `apply`, step by step: each is reported before and after it is done. Leaving the loop early leaves the
   * rest undone.
   */
  async *steps(options: ApplyOptions = {}): AsyncGenerator<PlanProgress, void, undefined> {
    const { force = false, signal, timeoutMs } = options
    this.#assertAllowed(force)
    this.#applied = true
    const scope = new CallScope({ signal, timeoutMs, lifetime: this.#runner.lifetime })
    const bounds: CallOptions = { ...options, signal: scope.signal, timeoutMs: undefined }
    let isCut = false
    try {
      for (const [index, step] of this.#steps.entries()) {
        const { name, changes, disconnects = false } = step
        const report = { step: index + 1, of: this.#steps.length, name, changes }
        yield { ...report, status: 'started' }
        const failure = await failureOf(step.run(bounds))
        if (failure === undefined) yield { ...report, status: 'done' }
        else {
          const isExpected = disconnects && isConnectionLost(failure.error, isCut)
          yield { ...report, status: isExpected ? 'unconfirmed' : 'failed', error: failure.error }
          if (isExpected) return
          throw failure.error
        }
        isCut ||= disconnects
      }
    } finally {
      scope.dispose()
    }
  }

  #assertAllowed(force: boolean): void {
    const { host } = this.#runner
    if (this.#applied) throw new UsageError('The plan has been applied; make a new one.', { host })
    const obstacles = this.warnings.filter(({ needsForce }) => needsForce)
    if (force || obstacles.length === 0) return
    throw new UsageError(obstacles.map(({ message }) => message).join(' '), {
      code: 'ERR_WSMAN_FORCE_NEEDED',
      host,
      hint: 'Nothing was changed. If that is what you want: plan.apply({ force: true }).',
    })
  }
}

async function failureOf(work: Promise<unknown>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return { error }
  }
}
