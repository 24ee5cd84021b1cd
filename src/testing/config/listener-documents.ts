import { formatSection } from '../../settings/format.js'
import { LISTENER_TABLE } from '../../settings/listener-table.js'
import { isNamed } from '../../settings/read-model.js'
import type { ListenerSettings } from '../../settings/table.js'
import type { XmlElement } from '../../xml/element.js'
import { NS } from '../../xml/namespaces.js'
import { element, type ElementTree } from '../../xml/writer.js'
import type { ListenerOrigin } from '../listening/listener-set.js'
import type { ListenerSpec } from '../listening/open-listener.js'
import { readOnlySetting } from './config-faults.js'
import { assertSchema, readItem } from './item-requests.js'

export const LISTENER_URI = `${NS.config}/listener`
const SCHEMA = { wire: 'Listener', namespaces: [LISTENER_URI], table: LISTENER_TABLE }

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
  const members = readItem(body, SCHEMA, (child) => {
    if (isNamed(child, 'ListeningOn')) throw readOnlySetting('ListeningOn')
  })
  assertSchema(LISTENER_TABLE, members, 'listener')
  // Checked against the table that the type is derived from.
  const { address, transport, ...rest } = members as Partial<ListenerSpec>
  assertKey('Address', address, key.address)
  assertKey('Transport', transport, key.transport)
  return rest
}

function assertKey(name: string, sent: string | undefined, key: string): void {
  if (sent !== undefined && sent.toLowerCase() !== key.toLowerCase()) throw readOnlySetting(name)
}
