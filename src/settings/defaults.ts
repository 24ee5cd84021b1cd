import type { Defaults, ModelOf, PartialModel, SettingsVersion, SettingTable } from './rows.js'
import { CONFIG_TABLE, type Settings } from './table.js'
import { assertSection } from './validate.js'

/** The newest version, whose defaults hold where nothing else is said. */
const CURRENT: SettingsVersion = '3.0'

/**
 * All of winrm/config as a fresh installation has it.
 * @param version the stack; settings that it does not know are absent from its model
 */
export function defaultSettings(version: SettingsVersion = CURRENT): Settings {
  const { protocol, client, service, winrs } = CONFIG_TABLE
  return {
    protocol: defaultsOf(protocol, version),
    client: defaultsOf(client, version),
    service: defaultsOf(service, version),
    winrs: defaultsOf(winrs, version),
  }
}

/** Made once, because the clients of a fleet ask for them by the thousand. */
let current: Settings | undefined

/** Sections that are complete and frozen, which such clients hand on to each other. */
const resolved = new WeakMap<object, keyof Settings>()

/**
 * One section, completed with the defaults of the current version, and frozen.
 * @throws UsageError naming the member that is wrong: `client.networkDelayMs must be between 500 and 4294967295.`
 */
export function resolveSection<Section extends keyof Settings>(
  section: Section,
  given: PartialModel<Settings[Section]> = {},
): Readonly<Settings[Section]> {
  if (resolved.get(given) === section) return given as Settings[Section]
  assertSection(section, given)
  current ??= defaultSettings()
  const model = mergeSettings<Settings[Section]>(current[section], given)
  resolved.set(model, section)
  return model
}

/** A frozen copy of `base` with the members of `changes` in place; members that are `undefined` change nothing. */
export function mergeSettings<Model extends object>(
  base: Model,
  changes: PartialModel<Model>,
): Readonly<Model> {
  const members = new Map<string, unknown>(Object.entries(base))
  for (const [name, value] of Object.entries<unknown>(changes)) {
    if (value === undefined) continue
    const before = members.get(name)
    members.set(name, isObject(before) && isObject(value) ? mergeSettings(before, value) : value)
  }
  for (const [name, value] of members) {
    if (isObject(value) && !Object.isFrozen(value)) members.set(name, mergeSettings(value, {}))
  }
  // Each member is one of `base` or of its partial counterpart.
  return Object.freeze(Object.fromEntries(members)) as Readonly<Model>
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function defaultsOf<Table extends SettingTable>(table: Table, version: SettingsVersion): ModelOf<Table> {
  const entries = Object.entries(table).flatMap(([name, entry]): [string, unknown][] => {
    if ('members' in entry) return [[name, defaultsOf(entry.members, version)]]
    const value = defaultFor<string | number | boolean>(entry.default, version)
    return value === undefined ? [] : [[name, value]]
  })
  // Built member by member from the table that the type is derived from.
  return Object.fromEntries(entries) as ModelOf<Table>
}

function defaultFor<T extends string | number | boolean>(
  value: Defaults<T>,
  version: SettingsVersion,
): T | undefined {
  return typeof value === 'object' ? value[version] : value
}
