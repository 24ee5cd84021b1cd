import { element, type AttributeTree, type ElementTree } from '../xml/writer.js'
import type { Changes } from './rewrite-document.js'
import type { DocumentTable, SettingGroup, SettingList, SettingRow } from './rows.js'

export type Entry = SettingRow | SettingGroup | SettingList

/** The element a part of a document is found by. */
export const wireOf = (entry: Entry): string => ('items' in entry ? (entry.wire ?? entry.item) : entry.wire)

/** A new element whose values stand in attributes, as those of plug-ins do (MS-WSMV 4.2.4), in the order of the table. */
export function attributeElement(
  wire: string,
  namespace: string,
  table: DocumentTable,
  values: Changes,
): ElementTree {
  const given = Object.entries(table).filter(([name]) => values[name] !== undefined)
  const attributes = given.flatMap(([name, entry]): AttributeTree[] =>
    'type' in entry ? [{ name: entry.wire, value: String(values[name]) }] : [],
  )
  const children = given.flatMap(([name, entry]) => partElements(entry, namespace, values[name]))
  return element(namespace, wire, children, attributes)
}

/** The elements of a group or a list; none of a row. */
export function partElements(entry: Entry, namespace: string, value: unknown): readonly ElementTree[] {
  if ('type' in entry) return []
  if ('members' in entry) return [attributeElement(entry.wire, namespace, entry.members, value as Changes)]
  const items = (value as readonly Changes[]).map((item) =>
    attributeElement(entry.item, namespace, entry.items, item),
  )
  return entry.wire === undefined ? items : [element(namespace, entry.wire, items)]
}
