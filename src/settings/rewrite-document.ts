import type { XmlAttribute } from '../xml/handler.js'
import type { XmlElement } from '../xml/element.js'
import { element, type AttributeTree, type ElementTree } from '../xml/writer.js'
import { textOf } from './format.js'
import { isNamed } from './read-model.js'
import type { SettingGroup, SettingRow, SettingTable } from './rows.js'

/** Values to put in place, by the names of the table; groups nest. */
export type Changes = Readonly<Record<string, unknown>>

/** What of a document is not to be written. */
export interface LeavesOut {
  /** @param row what the table says of the element; undefined where it does not know it, or knows a group */
  element?(child: XmlElement, row: SettingRow | undefined): boolean
  attribute?(attribute: XmlAttribute): boolean
}

/**
 * A document as it was read, in its order and namespaces, with values replaced. What the table does not know stays as
 * it is; values that the document lacked stand where the table has them.
 */
export function rewriteDocument(
  read: XmlElement,
  table: SettingTable,
  changes: Changes,
  leavesOut: LeavesOut = {},
): ElementTree {
  const children = read.elements.flatMap((child): ElementTree[] => {
    const [name, entry] = entryOf(table, child) ?? []
    const row = entry && 'type' in entry ? entry : undefined
    if (leavesOut.element?.(child, row)) return []
    if (name === undefined || entry === undefined) return [copyOf(child, leavesOut)]
    const change = changes[name]
    if ('members' in entry) {
      const group = rewriteDocument(child, entry.members, asChanges(change), leavesOut)
      return child.elements.length === 0 || (group.children ?? []).length > 0 ? [group] : []
    }
    return change === undefined
      ? [copyOf(child, leavesOut)]
      : [sameElement(child, [textOf(change)], leavesOut)]
  })
  return sameElement(read, withMissing(children, read, table, changes), leavesOut)
}

/** A new document, its values in the order of the table. */
export function newDocument(
  wire: string,
  namespace: string,
  table: SettingTable,
  values: Changes,
): ElementTree {
  return newElement({ wire, members: table }, values, namespace)
}

export function entryOf(
  table: SettingTable,
  child: XmlElement,
): readonly [string, SettingRow | SettingGroup] | undefined {
  return Object.entries(table).find(([, { wire }]) => isNamed(child, wire))
}

function withMissing(
  children: readonly ElementTree[],
  read: XmlElement,
  table: SettingTable,
  changes: Changes,
): readonly ElementTree[] {
  const order = Object.values(table).map(({ wire }) => wire.toLowerCase())
  const placeOf = ({ name }: { readonly name: string }): number => order.indexOf(name.toLowerCase())
  const result = [...children]
  for (const [name, entry] of Object.entries(table)) {
    const value = changes[name]
    const isThere = read.elements.some((child) => isNamed(child, entry.wire))
    if (value === undefined || isThere) continue
    const added = newElement(entry, value, read.name.namespace)
    const known = (child: ElementTree): boolean => placeOf(child) >= 0 && placeOf(child) < placeOf(added)
    result.splice(result.findLastIndex(known) + 1, 0, added)
  }
  return result
}

function newElement(entry: SettingRow | SettingGroup, value: unknown, namespace: string): ElementTree {
  if (!('members' in entry)) return { ...element(namespace, entry.wire, textOf(value)), prefix: PREFIX }
  const changes = asChanges(value)
  const children = Object.entries(entry.members).flatMap(([name, member]) =>
    changes[name] === undefined ? [] : [newElement(member, changes[name], namespace)],
  )
  return { ...element(namespace, entry.wire, children), prefix: PREFIX }
}

/** What the examples of MS-WSMV 4.2 call the namespace of the configuration. */
const PREFIX = 'cfg'

const asChanges = (value: unknown): Changes =>
  typeof value === 'object' && value !== null ? (value as Changes) : {}

function copyOf(read: XmlElement, leavesOut: LeavesOut): ElementTree {
  const children = read.children
    .filter((child) => typeof child !== 'string' || read.elements.length === 0 || child.trim() !== '')
    .map((child) => (typeof child === 'string' ? child : copyOf(child, leavesOut)))
  return sameElement(read, children, leavesOut)
}

function sameElement(
  { name, attributes }: XmlElement,
  children: readonly (ElementTree | string)[],
  leavesOut: LeavesOut,
): ElementTree {
  const kept = attributes
    .filter((attribute) => !leavesOut.attribute?.(attribute))
    .map(({ name: { namespace, local }, value }): AttributeTree => {
      const bare = { name: local, value }
      return namespace === '' ? bare : { ...bare, namespace }
    })
  return { ...element(name.namespace, name.local, children, kept), prefix: PREFIX }
}
