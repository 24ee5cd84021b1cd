import type { SettingRow, SettingsVersion, SettingTable } from '../settings/rows.js'
import type { XmlElement } from '../xml/element.js'
import { entryOf } from '../settings/rewrite-document.js'

/** Why a service does not let a value be changed. */
export type FixedReason = 'readOnly' | 'deprecated' | 'policy'

/**
 * The oldest stack that a document can be from: before 2.0 nothing was deprecated or read-only, and what came with 2.0
 * was not there (MS-WSMV notes 4 to 34). A part that does not tell counts as current.
 */
export function stackOf(read: XmlElement, table: SettingTable): SettingsVersion {
  const rows = rowsIn(read, table)
  const isNew = rows.some((row) => typeof row.default === 'object' && !('1.1' in row.default))
  return isNew || !rows.some(({ deprecatedSince }) => deprecatedSince !== undefined) ? '3.0' : '1.1'
}

export function fixedReason(row: SettingRow, stack: SettingsVersion): FixedReason | undefined {
  if (stack === '1.1') return undefined
  if (row.deprecatedSince !== undefined) return 'deprecated'
  return row.readOnly === true ? 'readOnly' : undefined
}

function rowsIn(read: XmlElement, table: SettingTable): readonly SettingRow[] {
  return read.elements.flatMap((child) => {
    const entry = entryOf(table, child)?.[1]
    if (entry === undefined) return []
    return 'members' in entry ? rowsIn(child, entry.members) : [entry]
  })
}
