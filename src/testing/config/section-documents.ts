import { formatMembers, formatSection } from '../../settings/format.js'
import { CONFIG_DOCUMENT } from '../../settings/parse.js'
import { isNamed, readValue } from '../../settings/read-model.js'
import type { PartialModel, SettingRow, SettingTable } from '../../settings/rows.js'
import { CONFIG_TABLE, type Settings } from '../../settings/table.js'
import { validateSettings } from '../../settings/validate.js'
import type { XmlElement } from '../../xml/element.js'
import { NS } from '../../xml/namespaces.js'
import { element, type ElementTree } from '../../xml/writer.js'
import { schemaValidation } from '../faults.js'
import { deprecatedSetting, heldByPolicy, readOnlySetting } from './config-faults.js'
import type { LiveSettings } from './live-settings.js'

/** A part of winrm/config with a resource of its own (MS-WSMV 3.1.4.1.29). */
export interface Section {
  /** The root element. */
  readonly wire: string
  readonly table: SettingTable
  /** From the section down; empty for the whole of winrm/config. */
  readonly path: readonly string[]
  /** Whether Put is supported (MS-WSMV note 106). */
  readonly isWritable: boolean
}

const { client, service, winrs } = CONFIG_TABLE
const section = (wire: string, table: SettingTable, path: readonly string[], isWritable = true): Section => ({
  wire,
  table,
  path,
  isWritable,
})

/** By resource URI, in lower case. */
export const SECTIONS: ReadonlyMap<string, Section> = new Map([
  [NS.config, section('Config', CONFIG_DOCUMENT, [])],
  [`${NS.config}/client`, section('Client', client, ['client'])],
  [`${NS.config}/client/auth`, section('Auth', client.auth.members, ['client', 'auth'])],
  [
    `${NS.config}/client/defaultports`,
    section('DefaultPorts', client.defaultPorts.members, ['client', 'defaultPorts']),
  ],
  [`${NS.config}/service`, section('Service', service, ['service'])],
  [`${NS.config}/service/auth`, section('Auth', service.auth.members, ['service', 'auth'])],
  [
    `${NS.config}/service/defaultports`,
    section('DefaultPorts', service.defaultPorts.members, ['service', 'defaultPorts'], false),
  ],
  [`${NS.config}/winrs`, section('Winrs', winrs, ['winrs'])],
])

/** The section as it stands, each value that policy holds marked so. */
export function writeSection(
  { wire, table, path }: Section,
  namespace: string,
  live: LiveSettings,
): ElementTree {
  const { protocol, client, service, winrs } = live
  const model = path.length === 0 ? { ...protocol, client, service, winrs } : (live.valueOf(path) as object)
  const written =
    path.length === 0
      ? { ...element(namespace, wire, formatMembers(table, model, namespace)), prefix: 'cfg' }
      : formatSection(table, model, wire, namespace)
  return withSources(written, table, path, live)
}

function withSources(
  tree: ElementTree,
  table: SettingTable,
  path: readonly string[],
  live: LiveSettings,
): ElementTree {
  const children = (tree.children ?? []).map((child) => {
    if (typeof child === 'string') return child
    const [name = '', entry] = Object.entries(table).find(([, { wire }]) => wire === child.name) ?? []
    if (entry && 'members' in entry) return withSources(child, entry.members, [...path, name], live)
    if (!live.isHeldByPolicy(settingPath([...path, name]))) return child
    return { ...child, attributes: [{ name: 'Source', value: 'GPO' }] }
  })
  return { ...tree, children }
}

interface SentSetting {
  /** From the section down. */
  readonly path: readonly string[]
  readonly row: SettingRow
  readonly value: string | number | boolean
}

/**
 * What a Put asks for. Elements that are left out stay as they are (MS-WSMV 4.2.2).
 * @param namespace that of the resource
 * @throws EndpointFault for what does not fit the schema, and for a change of what cannot be changed
 */
export function readSection(
  section: Section,
  namespace: string,
  body: readonly XmlElement[],
  live: LiveSettings,
): PartialModel<Settings> {
  const [root] = body
  if (!root || !isNamed(root, section.wire) || body.length > 1) {
    throw schemaValidation(`The body of a Put is one element ${section.wire}.`)
  }
  const sent = readMembers(root, section.table, section.path, namespace)
  const changes = nest(sent)
  const wrong = validateSettings(changes).find(({ severity }) => severity === 'error')
  if (wrong) throw schemaValidation(wrong.message)
  for (const setting of sent) assertChangeable(setting, live)
  return changes
}

function readMembers(
  parent: XmlElement,
  table: SettingTable,
  path: readonly string[],
  namespace: string,
): SentSetting[] {
  if (parent.name.namespace.toLowerCase() !== namespace) {
    throw schemaValidation(`${parent.name.local} stands in the namespace ${namespace}.`)
  }
  const seen = new Set<string>()
  return parent.elements.flatMap((child): SentSetting[] => {
    const [name, entry] = Object.entries(table).find(([, { wire }]) => isNamed(child, wire)) ?? []
    if (name === undefined || entry === undefined) {
      throw schemaValidation(`${parent.name.local} has no element ${child.name.local}.`)
    }
    if (seen.has(name)) throw schemaValidation(`${child.name.local} comes twice.`)
    seen.add(name)
    const here = [...path, name]
    if ('members' in entry) return readMembers(child, entry.members, here, namespace)
    if (child.name.namespace.toLowerCase() !== namespace) {
      throw schemaValidation(`${child.name.local} stands in the namespace ${namespace}.`)
    }
    const value = child.elements.length > 0 ? undefined : readValue(entry, child.text)
    if (value === undefined) {
      throw schemaValidation(`${child.name.local} cannot be ${JSON.stringify(child.text.trim())}.`)
    }
    return [{ path: settingPath(here), row: entry, value }]
  })
}

/** The members of the protocol stand directly in the whole document. */
function settingPath(path: readonly string[]): readonly string[] {
  const [first = ''] = path
  return Object.hasOwn(CONFIG_TABLE, first) ? path : ['protocol', ...path]
}

function nest(sent: readonly SentSetting[]): PartialModel<Settings> {
  const model: Record<string, unknown> = {}
  for (const { path, value } of sent) {
    let parent = model
    for (const name of path.slice(0, -1)) parent = (parent[name] ??= {}) as Record<string, unknown>
    parent[path.at(-1) ?? ''] = value
  }
  return model
}

/** Whoever sends a value back as it was changes nothing. */
function assertChangeable({ path, row, value }: SentSetting, live: LiveSettings): void {
  if (live.valueOf(path) === value) return
  const name = path.join('.')
  if (live.isHeldByPolicy(path)) throw heldByPolicy(name)
  if (row.deprecatedSince !== undefined) throw deprecatedSetting(name)
  if (row.readOnly || name.startsWith('service.defaultPorts.')) throw readOnlySetting(name)
}
