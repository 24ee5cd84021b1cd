import { UsageError } from '../../errors/errors.js'
import { attributeElement, wireOf } from '../../settings/attribute-document.js'
import { PLUGIN_NAMESPACE, PLUGIN_TABLE } from '../../settings/plugin-table.js'
import { isNamed, readModel } from '../../settings/read-model.js'
import type { DocumentTable } from '../../settings/rows.js'
import type { PluginSettings } from '../../settings/table.js'
import { assertDocument } from '../../settings/validate.js'
import type { XmlElement } from '../../xml/element.js'
import type { ElementTree } from '../../xml/writer.js'
import { schemaValidation } from '../faults.js'

/** A plug-in as it is kept: what documents may leave out and have no default for is absent. */
export type StoredPlugin = Omit<PluginSettings, 'architecture' | 'quotas'> &
  Partial<Pick<PluginSettings, 'architecture'>> & { readonly quotas?: Partial<PluginSettings['quotas']> }

const ROOT = 'PlugInConfiguration'
/** Attributes without a default: whoever does not name them gets none (MS-WSMV 2.2.4.22). */
const WITHOUT_DEFAULT: ReadonlySet<string> = new Set(['architecture'])

/** The plug-in as Windows shows it: without passwords. */
export const writePlugin = (plugin: StoredPlugin): ElementTree => ({
  ...attributeElement(ROOT, PLUGIN_NAMESPACE, PLUGIN_TABLE, { ...plugin, runAsPassword: '' }),
  prefix: '',
})

/**
 * What a Create or Put says of a plug-in.
 * @throws EndpointFault SchemaValidationError for what does not fit the schema
 */
export function readPlugin(body: readonly XmlElement[]): StoredPlugin {
  const [root] = body
  if (!root || body.length > 1 || !isNamed(root, ROOT)) {
    throw schemaValidation(`The body is one element ${ROOT} in the namespace ${PLUGIN_NAMESPACE}.`)
  }
  assertKnown(root, PLUGIN_TABLE)
  const read = readModel(root, PLUGIN_TABLE, (row, text, path) => {
    throw schemaValidation(
      `plugin.${path.join('.')} cannot be ${JSON.stringify(text)}: it is of type ${row.type}.`,
    )
  })
  try {
    assertDocument(PLUGIN_TABLE, read, 'plugin')
  } catch (error) {
    if (error instanceof UsageError) throw schemaValidation(error.message)
    throw error
  }
  // Checked against the table that the type is derived from.
  const plugin = completed(read, PLUGIN_TABLE, WITHOUT_DEFAULT) as unknown as StoredPlugin
  assertWhole(plugin, root)
  // The service takes XmlReader for text (MS-WSMV 3.1.4.1.34.2).
  return { ...plugin, xmlRenderingType: 'text' }
}

/** Attributes with a namespace, such as `xml:lang`, are not the schema's. */
function assertKnown(read: XmlElement, table: DocumentTable): void {
  const { namespace, local } = read.name
  if (namespace !== PLUGIN_NAMESPACE) {
    throw schemaValidation(`${local} stands in the namespace ${PLUGIN_NAMESPACE}.`)
  }
  const entries = Object.values(table)
  for (const { name } of read.attributes) {
    const isKnown = entries.some((entry) => 'type' in entry && isSame(entry.wire, name.local))
    if (name.namespace === '' && !isKnown) throw schemaValidation(`${local} has no attribute ${name.local}.`)
  }
  for (const child of read.elements) {
    const entry = entries.find((one) => !('type' in one) && isNamed(child, wireOf(one)))
    if (!entry || 'type' in entry) throw schemaValidation(`${local} has no element ${child.name.local}.`)
    if ('members' in entry) assertKnown(child, entry.members)
    else if (entry.wire === undefined) assertKnown(child, entry.items)
    else assertList(child, entry.item, entry.items)
  }
}

function assertList(holder: XmlElement, item: string, items: DocumentTable): void {
  for (const child of holder.elements) {
    if (!isNamed(child, item))
      throw schemaValidation(`${holder.name.local} has no element ${child.name.local}.`)
    assertKnown(child, items)
  }
}

function completed(
  model: Readonly<Record<string, unknown>>,
  table: DocumentTable,
  without: ReadonlySet<string> = new Set(),
): Record<string, unknown> {
  const entries = Object.entries(table).flatMap(([name, entry]): [string, unknown][] => {
    const value = model[name]
    if ('items' in entry) {
      const items = (value ?? []) as readonly Readonly<Record<string, unknown>>[]
      return [[name, items.map((item) => completed(item, entry.items))]]
    }
    if (value !== undefined) return [[name, value]]
    return 'members' in entry || without.has(name) ? [] : [[name, entry.default]]
  })
  return Object.fromEntries(entries)
}

/** MS-WSMV 2.2.4.22, 2.2.4.28 to 2.2.4.30. */
function assertWhole({ filename, resources }: StoredPlugin, root: XmlElement): void {
  const demand = (holds: boolean, message: string): void => {
    if (!holds) throw schemaValidation(message)
  }
  demand(filename !== '', 'A plug-in has a Filename.')
  demand(root.attribute('SDKVersion') !== undefined, 'A plug-in has an SDKVersion.')
  demand(resources.length > 0, 'A plug-in has at least one Resource.')
  for (const { resourceUri, capabilities, security } of resources) {
    demand(resourceUri !== '', 'A Resource has a ResourceUri.')
    demand(capabilities.length > 0, `The Resource ${resourceUri} has at least one Capability.`)
    for (const { uri } of security) {
      demand(
        uri === '' || uri.toLowerCase().startsWith(resourceUri.toLowerCase()),
        `The Uri of Security must begin with the resource URI ${resourceUri}.`,
      )
    }
  }
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
