import { asInstance, type Instance, type RawValue } from '../envelope/instance.js'

/** The quotas a pool runs into, each for the account. */
export interface Quotas {
  /** Shells that are open at the same time (MaxShellsPerUser). */
  readonly shells: number
  /** Shells and commands that were not given back (MaxConcurrentOperationsPerUser). */
  readonly operations: number
  /** Commands of one shell (MaxProcessesPerShell). */
  readonly commandsPerShell: number
}

/** What a quota learnt from a fault is good for: others of the account may have filled it, and be done by then. */
const LEARNT_FOR_MS = 60_000

/** A pool cannot do with less: one shell, and one command in it. */
const LEAST: Quotas = { shells: 1, operations: 2, commandsPerShell: 1 }

/** What the service allows, as far as it has told: in its configuration, or by refusing. */
export class PoolLimits implements Quotas {
  readonly #now: () => number
  readonly #told = new Map<keyof Quotas, number>()
  readonly #learnt = new Map<keyof Quotas, { readonly value: number; readonly until: number }>()

  /** @param now a clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get shells(): number {
    return this.#get('shells')
  }

  get operations(): number {
    return this.#get('operations')
  }

  get commandsPerShell(): number {
    return this.#get('commandsPerShell')
  }

  /** @param config winrm/config as it was read (MS-WSMV 2.2.4.10) */
  readConfig(config: Instance): void {
    const winrs = asInstance(config.Winrs ?? null)
    const service = asInstance(config.Service ?? null)
    this.#tell('shells', winrs.MaxShellsPerUser)
    this.#tell('commandsPerShell', winrs.MaxProcessesPerShell)
    this.#tell('operations', service.MaxConcurrentOperationsPerUser)
  }

  /** The service refused to go beyond this. */
  learn(quota: keyof Quotas, value: number): void {
    this.#learnt.set(quota, { value: Math.max(LEAST[quota], value), until: this.#now() + LEARNT_FOR_MS })
  }

  #tell(quota: keyof Quotas, value: RawValue | undefined): void {
    // 0 means no limit.
    const limit = typeof value === 'string' ? Number(value) : 0
    if (limit > 0) this.#told.set(quota, Math.max(LEAST[quota], limit))
  }

  #get(quota: keyof Quotas): number {
    const learnt = this.#learnt.get(quota)
    const known = learnt !== undefined && learnt.until > this.#now() ? learnt.value : Infinity
    return Math.min(known, this.#told.get(quota) ?? Infinity)
  }
}
