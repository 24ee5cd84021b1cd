import { UsageError } from '../errors/errors.js'
import { PLUGIN_TABLE } from '../settings/plugin-table.js'
import { isNamed, readModel } from '../settings/read-model.js'
import type { Changes } from '../settings/rewrite-document.js'
import type { DocumentTable, SettingGroup, SettingList, SettingRow } from '../settings/rows.js'
import type { PluginSettings } from '../settings/table.js'
import { assertRow } from '../settings/validate.js'
import type { XmlElement } from '../xml/element.js'
import { element, type AttributeTree, type ElementTree } from '../xml/writer.js'
import type { SettingDifference, SettingValue } from './differences.js'
import { withoutMembers, type ItemKind } from './item-kind.js'
import { CONFIG_URI } from './resources.js'
import { assertGiven } from './table-kind.js'

/** What names a plug-in. */
export type PluginKey = Pick<PluginSettings, 'name'>

/** A plug-in as it can be read: without the password of the account it runs as. */
export type Plugin = Omit<PluginSettings, 'runAsPassword'> & { readonly runAsPassword?: string | undefined }

/** MS-WSMV 2.2.4.22. */
const NAMESPACE = 'http://schemas.microsoft.com/wbem/wsman/1/config/PluginConfiguration'
const SECRET = 'runAsPassword'

const read = (document: XmlElement): Plugin => withoutMembers(readModel(document, PLUGIN_TABLE), SECRET)

/** Plug-ins, all of which stands in attributes (MS-WSMV 2.2.4.22, 4.2.4). */
export const PLUGIN_KIND: ItemKind<Plugin, PluginKey> = {
  what: 'plug-in',
  plural: 'plugins',
  resourceUri: CONFIG_URI.plugin,
  selectors: [['Name', 'name']],
  secrets: [SECRET],
  read,
  validate,
  validateNew: (item) => {
    validate(item)
    assertGiven('plug-in', item, ['filename', 'resources'])
  },
  differences,
  create: (item) => {
    const values = { sdkVersion: 1, xmlRenderingType: 'text', ...item }
    return newElement('PlugInConfiguration', NAMESPACE, PLUGIN_TABLE, values)
  },
  rewrite: (document, changes) => rewrite(document, PLUGIN_TABLE, withoutMembers(changes, 'name')),
}

function validate(members: Partial<Plugin>): void {
  assertTable(PLUGIN_TABLE, members, 'plugin')
}

function assertTable(table: DocumentTable, members: unknown, path: string): void {
  if (typeof members !== 'object' || members === null) throw new UsageError(`${path} must be an object.`)
  for (const [name, value] of Object.entries(members) as [string, unknown][]) {
    const entry = Object.hasOwn(table, name) ? table[name] : undefined
    const here = `${path}.${name}`
    if (entry === undefined) {
      throw new UsageError(`${here} is no setting; ${path} has ${Object.keys(table).join(', ')}.`)
    }
    if (value === undefined) continue
    if ('items' in entry) {
      if (!Array.isArray(value)) throw new UsageError(`${here} must be a list.`)
      for (const [index, item] of value.entries()) assertTable(entry.items, item, `${here}[${index}]`)
    } else if ('members' in entry) assertTable(entry.members, value, here)
    else assertRow(entry, here, value)
  }
}

function differences(
  document: XmlElement,
  changes: Partial<Plugin>,
  prefix: string,
): readonly SettingDifference[] {
  const current: Changes = { ...read(document) }
  return Object.entries(changes).flatMap(([name, wanted]: [string, unknown]): SettingDifference[] => {
    if (name === SECRET || name === 'name' || wanted === undefined) return []
    const before = current[name]
    if (typeof wanted !== 'object' || wanted === null) {
      return before === wanted ? [] : [difference(prefix + name, before, wanted)]
    }
    if (Array.isArray(wanted)) {
      return isWithin(wanted, before) ? [] : [difference(prefix + name, before, wanted)]
    }
    const members = Object.entries(wanted as Changes).filter(([, value]) => value !== undefined)
    return members.flatMap(([member, value]) => {
      const was = (before as Changes | undefined)?.[member]
      return was === value ? [] : [difference(`${prefix}${name}.${member}`, was, value)]
    })
  })
}

/** A list is JSON as much as a value is. */
const difference = (path: string, from: unknown, to: unknown): SettingDifference => ({
  path,
  from: (from ?? null) as SettingValue | null,
  to: to as SettingValue,
  fixed: undefined,
})

/** Whether everything asked for is there: lists as long and in the same order, members that are not named aside. */
function isWithin(wanted: unknown, there: unknown): boolean {
  if (wanted === undefined) return true
  if (Array.isArray(wanted)) {
    if (!Array.isArray(there) || there.length !== wanted.length) return false
    return wanted.every((item, index) => isWithin(item, there[index]))
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted === there
  return Object.entries(wanted as Changes).every(([name, value]) =>
    isWithin(value, (there as Changes | undefined)?.[name]),
  )
}

type Entry = SettingRow | SettingGroup | SettingList

/** Attributes and groups get their values in place; a list that is given replaces the one that was there. */
function rewrite(document: XmlElement, table: DocumentTable, changes: Changes): ElementTree {
  const { namespace, local } = document.name
  const entries = Object.entries(table).filter(([name]) => changes[name] !== undefined)
  const rows = entries.filter((pair): pair is [string, SettingRow] => 'type' in pair[1])
  // A password that was not given is not to be the one that was shown in its place.
  const isReplaced = (name: string): boolean =>
    rows.some(([, row]) => isSameName(name, row.wire)) ||
    Object.values(table).some((entry) => 'secret' in entry && isSameName(name, entry.wire))
  const kept = document.attributes.filter(({ name }) => !isReplaced(name.local))
  const attributes: AttributeTree[] = [
    ...kept.filter(({ name }) => name.local !== 'Source').map(copyOfAttribute),
    ...rows.map(([name, row]) => ({ name: row.wire, value: String(changes[name]) })),
  ]
  const parts = entries.filter(([, entry]) => !('type' in entry))
  const replaces = (child: XmlElement): readonly [string, Entry] | undefined =>
    parts.find(([, entry]) => isNamed(child, wireOf(entry)))
  const children = document.elements.flatMap((child): readonly ElementTree[] => {
    const [name, entry] = replaces(child) ?? []
    if (name === undefined || entry === undefined) return [copyOf(child)]
    if ('members' in entry) return [rewrite(child, entry.members, changes[name] as Changes)]
    const isFirst = document.elements.find((other) => isNamed(other, wireOf(entry))) === child
    return isFirst ? partElements(entry, namespace, changes[name]) : []
  })
  const added = parts
    .filter(([, entry]) => !document.elements.some((child) => isNamed(child, wireOf(entry))))
    .flatMap(([name, entry]) => partElements(entry, namespace, changes[name]))
  return element(namespace, local, [...children, ...added], attributes)
}

/** The element a part of a document is found by. */
const wireOf = (entry: Entry): string => ('items' in entry ? (entry.wire ?? entry.item) : entry.wire)

function partElements(entry: Entry, namespace: string, value: unknown): readonly ElementTree[] {
  if ('type' in entry) return []
  if ('members' in entry) return [newElement(entry.wire, namespace, entry.members, value as Changes)]
  const items = (value as readonly Changes[]).map((item) =>
    newElement(entry.item, namespace, entry.items, item),
  )
  return entry.wire === undefined ? items : [element(namespace, entry.wire, items)]
}

function newElement(wire: string, namespace: string, table: DocumentTable, values: Changes): ElementTree {
  const given = Object.entries(table).filter(([name]) => values[name] !== undefined)
  const attributes = given.flatMap(([name, entry]): AttributeTree[] =>
    'type' in entry ? [{ name: entry.wire, value: String(values[name]) }] : [],
  )
  const children = given.flatMap(([name, entry]) => partElements(entry, namespace, values[name]))
  return element(namespace, wire, children, attributes)
}

/** Everything of an element, as it was. */
export function copyOf(read: XmlElement): ElementTree {
  const { namespace, local } = read.name
  return element(namespace, local, read.elements.map(copyOf), read.attributes.map(copyOfAttribute))
}

export function copyOfAttribute({ name, value }: XmlElement['attributes'][number]): AttributeTree {
  return name.namespace === ''
    ? { name: name.local, value }
    : { name: name.local, namespace: name.namespace, value }
}

const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
