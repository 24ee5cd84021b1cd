import { UsageError } from '../errors/errors.js'
import { CERT_MAPPING_TABLE } from './cert-mapping-table.js'
import { LISTENER_TABLE } from './listener-table.js'
import { PLUGIN_TABLE } from './plugin-table.js'
import type { DocumentTable, OtherDefault, SettingRow, SettingsVersion } from './rows.js'
import { CONFIG_TABLE } from './table.js'

/** What is known about one setting. */
export interface SettingInfo {
  /** Name on the wire: `MaxConnections`. */
  readonly wireName: string
  /** The default of current systems; undefined where they do not know the setting. */
  readonly default: string | number | boolean | undefined
  /** The defaults of all versions that know it. */
  readonly defaults: Readonly<Partial<Record<SettingsVersion, string | number | boolean>>>
  /** Where sources disagree: the defaults that others name. */
  readonly otherDefaults: readonly OtherDefault[]
  /** The bounds of a number, or the texts that are allowed. */
  readonly range: { readonly min: number; readonly max: number } | readonly string[] | undefined
  readonly unit: 'ms' | 's' | 'kB' | 'MB' | undefined
  /** The first version that knows it. */
  readonly since: SettingsVersion
  /** The version from which on it has no effect. */
  readonly deprecated: SettingsVersion | undefined
  readonly readOnly: boolean
  /** What it means. */
  readonly description: string
  /** What it affects, and who obeys it. */
  readonly affects: string
  /** Where that is written down: sections of MS-WSMV, or Microsoft’s page on the configuration of WinRM. */
  readonly source: string
}

/** What can be looked up besides the sections of winrm/config: an item of each list. */
const ITEM_TABLES = {
  listener: LISTENER_TABLE,
  certMapping: CERT_MAPPING_TABLE,
  plugin: PLUGIN_TABLE,
} as const

/**
 * Looks a setting up by its path: `service.maxConnections`, `client.auth.basic`, `listener.port`,
 * `certMapping.issuer`, `plugin.quotas.maxShells`, `plugin.resources.security.sddl`.
 * @throws UsageError where there is no such setting
 */
export function settingInfo(path: string): SettingInfo {
  const row = find(path)
  const defaults = defaultsByVersion(row)
  const range =
    row.type === 'integer' ? { min: row.min, max: row.max } : row.type === 'choice' ? row.choices : undefined
  return {
    wireName: row.wire,
    default: defaults['3.0'],
    defaults,
    otherDefaults: row.otherDefaults ?? [],
    range,
    unit: row.unit,
    since: '1.1' in defaults ? '1.1' : '2.0',
    deprecated: row.deprecatedSince,
    readOnly: row.readOnly ?? false,
    description: row.about,
    affects: row.affects,
    source: row.source,
  }
}

function defaultsByVersion(row: SettingRow): SettingInfo['defaults'] {
  return typeof row.default === 'object'
    ? row.default
    : { '1.1': row.default, '2.0': row.default, '3.0': row.default }
}

function find(path: string): SettingRow {
  let members: DocumentTable | undefined = { ...asGroups(CONFIG_TABLE), ...asGroups(ITEM_TABLES) }
  let entry: DocumentTable[string] | undefined
  for (const name of path.split('.')) {
    entry = members && Object.hasOwn(members, name) ? members[name] : undefined
    members = entry && ('members' in entry ? entry.members : 'items' in entry ? entry.items : undefined)
  }
  if (entry === undefined || !('type' in entry))
    throw new UsageError(`There is no setting ${JSON.stringify(path)}.`)
  return entry
}

/** Tables as the members of a larger one. */
const asGroups = (tables: Readonly<Record<string, DocumentTable>>): DocumentTable =>
  Object.fromEntries(Object.entries(tables).map(([name, items]) => [name, { item: name, items }]))
