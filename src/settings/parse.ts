import { UsageError } from '../errors/errors.js'
import { TreeBuilder, type XmlElement } from '../xml/element.js'
import { XmlReader } from '../xml/reader.js'
import { readModel } from './read-model.js'
import type { SettingRow, SettingTable } from './rows.js'
import { CONFIG_TABLE, type Settings } from './table.js'

/** winrm/config as one document has it: the members of the protocol first, then the sections (MS-WSMV 2.2.4.10). */
export const CONFIG_DOCUMENT = {
  ...CONFIG_TABLE.protocol,
  client: { wire: 'Client', members: CONFIG_TABLE.client },
  service: { wire: 'Service', members: CONFIG_TABLE.service },
  winrs: { wire: 'Winrs', members: CONFIG_TABLE.winrs },
} as const satisfies SettingTable

/** The documents that models were read from, for what no table knows. */
const documents = new WeakMap<object, XmlElement>()

/** The document a model was read from. Copies of a model have none. */
export const documentOf = (model: object): XmlElement | undefined => documents.get(model)

/**
 * Reads winrm/config from XML: what `winrm get winrm/config -format:xml` prints, or a whole reply that holds it.
 * Settings that the document lacks are absent; elements and attributes that are not known are kept for
 * `formatSettings`.
 * @throws UsageError for text that is no such document, and for a value that is malformed, naming its path
 */
export function parseSettings(xml: string): Settings {
  const config = findConfig(readTree(xml))
  if (config === undefined) throw new UsageError('The document holds no element Config.')
  const refuse = (row: SettingRow, text: string, path: readonly string[]): never => {
    throw malformed(row, text, path)
  }
  const { client, service, winrs } = readModel(config, CONFIG_DOCUMENT, refuse)
  const settings = { protocol: readModel(config, CONFIG_TABLE.protocol, refuse), client, service, winrs }
  documents.set(settings, config)
  return settings
}

function readTree(xml: string): XmlElement {
  let root: XmlElement | undefined
  const reader = new XmlReader(new TreeBuilder((element) => (root = element)))
  try {
    reader.write(Buffer.from(xml))
    reader.end()
  } catch (cause) {
    throw new UsageError('The settings are not well-formed XML.', { cause })
  }
  if (root === undefined) throw new UsageError('The settings hold no element.')
  return root
}

function findConfig(element: XmlElement): XmlElement | undefined {
  if (element.name.local.toLowerCase() === 'config') return element
  for (const child of element.elements) {
    const found = findConfig(child)
    if (found) return found
  }
  return undefined
}

function malformed(row: SettingRow, text: string, path: readonly string[]): UsageError {
  const [first = ''] = path
  const section = first in CONFIG_TABLE ? path : ['protocol', ...path]
  const demand = row.type === 'boolean' ? 'true or false' : 'an integer'
  return new UsageError(`${section.join('.')} must be ${demand}, and is ${JSON.stringify(text.trim())}.`)
}
