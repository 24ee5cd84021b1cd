import { FAULT } from '../errors/fault-codes.js'
import { PLUGIN_TABLE } from '../settings/plugin-table.js'
import type { StoredPlugin } from './config/plugin-documents.js'
import { internalError } from './faults.js'
import type { EndpointPrincipal } from './message.js'
import { userKey, type ReleaseOperation } from './operation-quota.js'

const { maxConcurrentUsers, maxConcurrentOperationsPerUser, maxConcurrentOperations } =
  PLUGIN_TABLE.quotas.members

/** The operations that each plug-in has under way: requests, and enumerations that are open (MS-WSMV 2.2.4.23). */
export class PluginQuotas {
  readonly #open = new Map<string, string[]>()

  /**
   * MS-WSMV wants wsman:QuotaLimit; Windows since 2.0 answers wsman:InternalError with the code of the quota, as it was
   * recorded for shells.
   * @throws EndpointFault where the plug-in, or the user, has as many as allowed
   */
  take({ name, quotas = {} }: StoredPlugin, principal: EndpointPrincipal): ReleaseOperation {
    const users = this.#open.get(name) ?? []
    const user = userKey(principal)
    const limits = {
      users: quotas.maxConcurrentUsers ?? maxConcurrentUsers.default,
      own: quotas.maxConcurrentOperationsPerUser ?? maxConcurrentOperationsPerUser.default,
      all: quotas.maxConcurrentOperations ?? maxConcurrentOperations.default,
    }
    if (new Set([...users, user]).size > limits.users) {
      throw internalError(
        FAULT.QUOTA_MAX_USERS_PPQ,
        `${name} serves as many users as it may: ${limits.users}.`,
      )
    }
    if (users.filter((one) => one === user).length >= limits.own) {
      throw internalError(
        FAULT.QUOTA_MAX_OPERATIONS_USER_PPQ,
        `The user has as many operations of ${name} as one user may have: ${limits.own}.`,
      )
    }
    if (users.length >= limits.all) {
      throw internalError(
        FAULT.QUOTA_MAX_PLUGINOPERATIONS_PPQ,
        `${name} has as many operations as it may have: ${limits.all}.`,
      )
    }
    this.#open.set(name, [...users, user])
    let taken = true
    return () => {
      if (taken) this.#giveBack(name, user)
      taken = false
    }
  }

  #giveBack(name: string, user: string): void {
    const users = this.#open.get(name) ?? []
    const index = users.indexOf(user)
    this.#open.set(name, users.toSpliced(index, 1))
  }
}
