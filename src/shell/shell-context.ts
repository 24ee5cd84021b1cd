import type { OperationRunner } from '../operations/operation.js'
import type { Limiter } from '../util/limiter.js'
import type { ReceiveTurns } from './receive-turns.js'

/** What all shells of one client have in common. */
export interface ShellContext {
  readonly runner: OperationRunner
  /** Whose command may ask for output next. */
  readonly turns: ReceiveTurns
  /** Places for operations; undefined where there is no limit, or whoever calls holds a place already. */
  readonly limiter: Limiter | undefined
}
