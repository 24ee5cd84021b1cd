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
  /** What that does to the host, in a sentence; where the path and the values do not say it. */
  readonly description?: string
}

/**
 * What a warning is about.
 *
 * - `disconnects`: this connection would be cut off
 * - `conflict`: two listeners would claim one port and hostname
 * - `exposes`: the host would be open to more than it should without a second thought
 * - `readOnly`, `deprecated`, `policy`: the host does not let it be changed, so it is not among the changes
 * - `dubious`: the value is taken, and may not do what it seems to
 * - `unavailable`: something could not be looked up or cannot be had, so a part of what was asked for is missing
 */
export type PlanWarningCode =
  'disconnects' | 'conflict' | 'exposes' | 'readOnly' | 'deprecated' | 'policy' | 'dubious' | 'unavailable'

/** Something to know before a plan is applied. Plain JSON. */
export interface PlanWarning {
  readonly code: PlanWarningCode
  readonly path: string
  readonly message: string
  /** Whether `apply` refuses the plan unless it is forced. */
  readonly needsForce: boolean
}

/** A warning that is nothing to refuse a plan for. */
export const remark = (code: PlanWarningCode, path: string, message: string): PlanWarning => ({
  code,
  path,
  message,
  needsForce: false,
})

/** How far a plan has come. */
export interface PlanProgress {
  /** The number of the step, from 1. */
  readonly step: number
  /** How many steps there are. */
  readonly of: number
  /** What the step does: `change service`, `add listeners[*+HTTPS]`, `start the service WinRM`. */
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
  /** Apply it although a warning `needsForce`. Default false. */
  readonly force?: boolean | undefined
  /** Told before and after every step. */
  readonly onProgress?: ((progress: PlanProgress) => void) | undefined
}

/** Steps towards something, and what to know before they are taken. */
export interface PlanPart {
  readonly steps: readonly PlanStep[]
  readonly warnings: readonly PlanWarning[]
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
  readonly #done: PlanChange[] = []
  #isUsed = false

  /** @internal */
  constructor(runner: OperationRunner, { steps, warnings }: PlanPart) {
    this.#runner = runner
    this.#steps = steps
    this.changes = steps.flatMap(({ changes }) => changes)
    this.changed = this.changes.length > 0
    this.warnings = warnings
  }

  /**
   * The changes of the steps that are done, in order: all of them after `apply`, and after one that failed or was aborted
   * those before it. What became of the step it ended in, only a new plan can tell.
   */
  get applied(): readonly PlanChange[] {
    return [...this.#done]
  }

  /**
   * Does all of it, one step after another, and stops at the first that fails. A plan is applied once: what is there
   * afterwards, a new plan tells.
   * @throws UsageError with the code `ERR_WSMAN_FORCE_NEEDED`, before anything is sent, where a warning needs `force`;
   *   else what the failing step failed with: the steps before it are done, and `applied` has their changes
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
    this.#isUsed = true
    const scope = new CallScope({ signal, timeoutMs, lifetime: this.#runner.lifetime })
    const bounds: CallOptions = { ...options, signal: scope.signal, timeoutMs: undefined }
    let isCut = false
    try {
      for (const [index, step] of this.#steps.entries()) {
        const { name, changes, disconnects = false } = step
        const report = { step: index + 1, of: this.#steps.length, name, changes }
        yield { ...report, status: 'started' }
        const failure = await failureOf(step.run(bounds))
        if (failure === undefined) {
          this.#done.push(...changes)
          yield { ...report, status: 'done' }
        } else {
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
    if (this.#isUsed) throw new UsageError('The plan has been applied; make a new one.', { host })
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
