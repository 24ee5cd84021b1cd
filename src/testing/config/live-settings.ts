import { mergeSettings } from '../../settings/defaults.js'
import type { PartialModel } from '../../settings/rows.js'
import type { Settings } from '../../settings/table.js'

/** winrm/config as it stands now. Whoever obeys a setting reads it here when it matters, so that changes work at once. */
export class LiveSettings implements Settings {
  #current: Settings
  readonly #policy: PartialModel<Settings>
  readonly #followers: (() => Promise<void>)[] = []

  /** @param policy what Group Policy holds: it wins over `settings`, and nobody can change it */
  constructor(settings: Settings, policy: PartialModel<Settings> = {}) {
    this.#policy = policy
    this.#current = mergeSettings(settings, policy)
  }

  get protocol(): Settings['protocol'] {
    return this.#current.protocol
  }
  get client(): Settings['client'] {
    return this.#current.client
  }
  get service(): Settings['service'] {
    return this.#current.service
  }
  get winrs(): Settings['winrs'] {
    return this.#current.winrs
  }

  /** @param path from the section down: `['service', 'auth', 'basic']` */
  valueOf(path: readonly string[]): unknown {
    return valueAt(this.#current, path)
  }

  isHeldByPolicy(path: readonly string[]): boolean {
    return valueAt(this.#policy, path) !== undefined
  }

  /** Calls back after every change, which is not over before the callback has settled. */
  follow(follower: () => Promise<void>): void {
    this.#followers.push(follower)
  }

  /** Puts values in place; what policy holds stays. Resolves when everything has followed. */
  async change(changes: PartialModel<Settings>): Promise<void> {
    this.#current = mergeSettings(mergeSettings(this.#current, changes), this.#policy)
    await Promise.all(this.#followers.map((follower) => follower()))
  }
}

function valueAt(model: object, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (part, name) =>
      typeof part === 'object' && part !== null
        ? (part as Readonly<Record<string, unknown>>)[name]
        : undefined,
    model,
  )
}
