import { UsageError } from '../errors/errors.js'
import {
  CONFIG_TABLE,
  LISTENER_TABLE,
  type SettingGroup,
  type SettingRow,
  type SettingsVersion,
  type SettingTable,
} from './table.js'

/** What is known about one setting. */
export interface SettingInfo {
  /** The default of current systems. */
  readonly default: string | number | boolean | undefined
  /** The bounds of a number, or the texts that are allowed. */
  readonly range: { readonly min: number; readonly max: number } | readonly string[] | undefined
  readonly unit: 'ms' | 's' | 'kB' | 'MB' | undefined
  /** The first version that knows it. */
  readonly since: SettingsVersion
  /** The version from which on it has no effect. */
  readonly deprecated: SettingsVersion | undefined
  readonly readOnly: boolean
  readonly description: string
}

/**
 * Looks a setting up by its path: `service.maxConnections`, `client.auth.basic`, `listener.port`.
 * @throws UsageError where there is no such setting
 */
export function settingInfo(path: string): SettingInfo {
  const row = find(path)
  const versions = typeof row.default === 'object' ? row.default : undefined
  const range =
    row.type === 'integer' ? { min: row.min, max: row.max } : row.type === 'choice' ? row.choices : undefined
  return {
    default: typeof row.default === 'object' ? row.default['3.0'] : row.default,
    range,
    unit: row.unit,
    since: versions === undefined || '1.1' in versions ? '1.1' : '2.0',
    deprecated: row.deprecatedSince,
    readOnly: row.readOnly ?? false,
    description: row.about,
  }
}

function find(path: string): SettingRow {
  const sections: Readonly<Record<string, SettingTable>> = { ...CONFIG_TABLE, listener: LISTENER_TABLE }
  const [section = '', ...names] = path.split('.')
  let entry: SettingRow | SettingGroup | undefined = Object.hasOwn(sections, section)
    ? { wire: section, members: sections[section] ?? {} }
    : undefined
  for (const name of names) {
    entry =
      entry && 'members' in entry && Object.hasOwn(entry.members, name) ? entry.members[name] : undefined
  }
  if (entry === undefined || 'members' in entry)
    throw new UsageError(`There is no setting ${JSON.stringify(path)}.`)
  return entry
}
