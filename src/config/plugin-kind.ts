import { attributeElement, partElements, wireOf, type Entry } from '../settings/attribute-document.js'
import { PLUGIN_NAMESPACE, PLUGIN_TABLE } from '../settings/plugin-table.js'
import { isNamed, readModel } from '../settings/read-model.js'
import type { Changes } from '../settings/rewrite-document.js'
import type { DocumentTable, PartialModel, SettingRow } from '../settings/rows.js'
import type { PluginSettings } from '../settings/table.js'
import { assertDocument } from '../settings/validate.js'
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
    return attributeElement('PlugInConfiguration', PLUGIN_NAMESPACE, PLUGIN_TABLE, values)
  },
  rewrite: (document, changes) => rewrite(document, PLUGIN_TABLE, withoutMembers(changes, 'name')),
}

function validate(members: PartialModel<Plugin>): void {
  assertDocument(PLUGIN_TABLE, members, 'plugin')
}

function differences(
  document: XmlElement,
  changes: PartialModel<Plugin>,
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

/** Everything of an element, as it was, but for blanks between elements. */
function copyOf(read: XmlElement): ElementTree {
  const { namespace, local } = read.name
  const children = read.children
    .filter((child) => typeof child !== 'string' || read.elements.length === 0 || child.trim() !== '')
    .map((child) => (typeof child === 'string' ? child : copyOf(child)))
  return element(namespace, local, children, read.attributes.map(copyOfAttribute))
}

function copyOfAttribute({ name, value }: XmlElement['attributes'][number]): AttributeTree {
  return name.namespace === ''
    ? { name: name.local, value }
    : { name: name.local, namespace: name.namespace, value }
}

const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
