import { FAULT, matchesFault } from '../errors/fault-codes.js'
import { isWsmanFault } from '../errors/fault.js'
import { isGone } from './remote-state.js'

/**
 * Why the service did not do what was asked, where it surely did not: no more shells, no more operations, no more
 * commands in this shell, no such shell, or something that passes.
 */
export type Refusal = 'shells' | 'operations' | 'commands' | 'gone' | 'busy'

const SHELLS = [FAULT.QUOTA_MAX_SHELLS, FAULT.QUOTA_MAX_SHELLS_PPQ, FAULT.QUOTA_MAX_PLUGINSHELLS_PPQ]
const OPERATIONS = [
  FAULT.QUOTA_MAX_OPERATIONS,
  FAULT.QUOTA_MAX_OPERATIONS_USER_PPQ,
  FAULT.QUOTA_MAX_PLUGINOPERATIONS_PPQ,
]
const BUSY = [
  FAULT.BUSY,
  FAULT.QUOTA_LIMIT,
  FAULT.QUOTA_USER,
  FAULT.QUOTA_SYSTEM,
  FAULT.QUOTA_MAX_SHELLUSERS,
  FAULT.QUOTA_MAX_USERS_PPQ,
  FAULT.QUOTA_MIN_REQUIREMENT_NOT_AVAILABLE_PPQ,
]

/** @param operation what must have been refused: another request of the same call may have failed instead */
export function refusalOf(error: unknown, operation: 'Shell.Create' | 'Shell.Command'): Refusal | undefined {
  if (!isWsmanFault(error) || error.operation !== operation) return undefined
  const is = (codes: readonly number[]): boolean => matchesFault(error.wsmanCode, ...codes)
  if (is(SHELLS)) return 'shells'
  if (is(OPERATIONS)) return 'operations'
  if (is([FAULT.QUOTA_MAX_COMMANDS_PER_SHELL_PPQ])) return 'commands'
  if (isGone(error)) return 'gone'
  return is(BUSY) ? 'busy' : undefined
}
