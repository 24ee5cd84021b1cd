import { NS } from '../xml/namespaces.js'
import { element, type ElementTree } from '../xml/writer.js'
import type { ModelOf, SettingTable } from './rows.js'

/**
 * One section of winrm/config as it stands on the wire, members in the order of the table.
 * @param wireName the element: `Config`, `Client`, `Auth`, …
 * @param namespaceUri that of the resource: the whole of winrm/config has one, its parts are read in their own
 */
export function formatSection<Table extends SettingTable>(
  table: Table,
  model: Partial<ModelOf<Table>>,
  wireName: string,
  namespaceUri: string = NS.config,
): ElementTree {
  return { ...element(namespaceUri, wireName, formatMembers(table, model, namespaceUri)), prefix: 'cfg' }
}

/** The members alone, for the sections that have no element of their own. Members the model lacks are left out. */
export function formatMembers<Table extends SettingTable>(
  table: Table,
  model: Partial<ModelOf<Table>>,
  namespaceUri: string = NS.config,
): readonly ElementTree[] {
  const values = new Map<string, unknown>(Object.entries(model))
  return Object.entries(table).flatMap(([name, entry]): ElementTree[] => {
    const value = values.get(name)
    if (value === undefined) return []
    if (typeof value === 'object' && value !== null) {
      return 'members' in entry ? [formatSection(entry.members, value, entry.wire, namespaceUri)] : []
    }
    return [{ ...element(namespaceUri, entry.wire, textOf(value)), prefix: 'cfg' }]
  })
}

/** A value as it stands on the wire. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
