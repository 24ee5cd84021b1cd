import { UsageError } from '../../errors/errors.js'
import { formatSection } from '../../settings/format.js'
import { LISTENER_TABLE } from '../../settings/listener-table.js'
import { isNamed, readValue } from '../../settings/read-model.js'
import type { ListenerSettings } from '../../settings/table.js'
import { assertMembers } from '../../settings/validate.js'
import type { XmlElement } from '../../xml/element.js'
import { NS } from '../../xml/namespaces.js'
import { element, type ElementTree } from '../../xml/writer.js'
import { schemaValidation } from '../faults.js'
import type { ListenerOrigin } from '../listening/listener-set.js'
import type { ListenerSpec } from '../listening/open-listener.js'
import { readOnlySetting } from './config-faults.js'

export const LISTENER_URI = `${NS.config}/listener`

/** The listener as Windows shows it; who made it stands in an attribute. */
export function writeListener(listener: ListenerSettings, origin: ListenerOrigin): ElementTree {
  const section = formatSection(LISTENER_TABLE, listener, 'Listener', LISTENER_URI)
  const addresses = listener.listeningOn.map((address) => ({
    ...element(LISTENER_URI, 'ListeningOn', address),
    prefix: 'cfg',
  }))
  const attributes = origin === 'compatibility' ? [{ name: 'Source', value: 'Compatibility' }] : []
  return { ...section, attributes, children: [...(section.children ?? []), ...addresses] }
}

/**
 * What a Create or Put says of a listener. Keys may be repeated; they cannot be changed.
 * @throws EndpointFault for what does not fit the schema, for `ListeningOn`, and for other keys (MS-WSMV 3.1.4.1.29.5)
 */
export function readListener(
  body: readonly XmlElement[],
  key: Pick<ListenerSpec, 'address' | 'transport'>,
): Partial<ListenerSpec> {
  const [root] = body
  if (!root || body.length > 1 || !isNamed(root, 'Listener') || !isInNamespace(root)) {
    throw schemaValidation(`The body is one element Listener in the namespace ${LISTENER_URI}.`)
  }
  const members: Record<string, unknown> = {}
  for (const child of root.elements) {
    if (isNamed(child, 'ListeningOn')) throw readOnlySetting('ListeningOn')
    const [name, row] = Object.entries(LISTENER_TABLE).find(([, { wire }]) => isNamed(child, wire)) ?? []
    if (name === undefined || row === undefined || name in members || !isInNamespace(child)) {
      throw schemaValidation(`A listener has no element ${child.name.local}, or one only, in its namespace.`)
    }
    members[name] = readValue(row, child.text) ?? child.text
  }
  try {
    assertMembers(LISTENER_TABLE, members, 'listener')
  } catch (error) {
    if (error instanceof UsageError) throw schemaValidation(error.message)
    throw error
  }
  // Checked against the table that the type is derived from.
  const { address, transport, ...rest } = members as Partial<ListenerSpec>
  assertKey('Address', address, key.address)
  assertKey('Transport', transport, key.transport)
  return rest
}

function assertKey(name: string, sent: string | undefined, key: string): void {
  if (sent !== undefined && sent.toLowerCase() !== key.toLowerCase()) throw readOnlySetting(name)
}

const isInNamespace = ({ name }: XmlElement): boolean => name.namespace.toLowerCase() === LISTENER_URI
