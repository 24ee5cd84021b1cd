import { FAULT } from '../errors/fault-codes.js'
import type { Settings } from '../settings/table.js'
import { internalError } from './faults.js'
import type { EndpointPrincipal } from './message.js'

/** Users are the same where this is: letter case does not count. */
export function userKey({ domain, username }: EndpointPrincipal): string {
  return `${domain}\\${username}`.toLowerCase()
}

/** Gives an operation back; without effect the second time. */
export type ReleaseOperation = () => void

/**
 * What each user has open at the same time, of whatever kind: enumerations, shells and their commands
 * (MS-WSMV 3.1.4.1.19).
 */
export class OperationQuota {
  readonly #settings: Settings
  readonly #open = new Map<string, number>()

  /** @param settings read whenever they matter, so that changes take effect at once */
  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** @throws EndpointFault where the user has as many operations as one user may have */
  take(principal: EndpointPrincipal): ReleaseOperation {
    const key = userKey(principal)
    const open = this.#open.get(key) ?? 0
    const limit = this.#settings.service.maxConcurrentOperationsPerUser
    if (open >= limit) {
      throw internalError(
        FAULT.QUOTA_MAX_OPERATIONS,
        `The user has as many operations open as one user may have: ${limit}.`,
      )
    }
    this.#open.set(key, open + 1)
    let taken = true
    return () => {
      if (taken) this.#giveBack(key)
      taken = false
    }
  }

  #giveBack(key: string): void {
    const left = (this.#open.get(key) ?? 0) - 1
    if (left > 0) this.#open.set(key, left)
    else this.#open.delete(key)
  }
}
