import type { WsmanErrorCode } from './codes.js'

/** A failure people meet, and what they can do about it. */
export interface Situation {
  readonly code: WsmanErrorCode
  /** Completes the sentence "It is what you get where …". */
  readonly when: string
  /** What to change, and where. `{{name}}` stands for what only the failure itself knows. */
  readonly hint: string
}
