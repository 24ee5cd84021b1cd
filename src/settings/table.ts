/**
 * Every setting of winrm/config, once: types, defaults, parsing, formatting, validation and documentation derive from
 * the tables named here (MS-WSMV 2.2.4.2 to 2.2.4.42 with its notes 4 to 34, and the WinRM configuration page). Members
 * stand in the order of the wire.
 */
import type { CERT_MAPPING_TABLE } from './cert-mapping-table.js'
import { CLIENT_TABLE } from './client-table.js'
import type { LISTENER_TABLE } from './listener-table.js'
import type { PLUGIN_TABLE } from './plugin-table.js'
import { PROTOCOL_TABLE } from './protocol-table.js'
import type { ModelOf } from './rows.js'
import { SERVICE_TABLE } from './service-table.js'
import { WINRS_TABLE } from './winrs-table.js'

/** The whole of winrm/config. The protocol section has no element of its own: its members stand directly in `Config`. */
export const CONFIG_TABLE = {
  protocol: PROTOCOL_TABLE,
  client: CLIENT_TABLE,
  service: SERVICE_TABLE,
  winrs: WINRS_TABLE,
} as const

/** The settings of the protocol, which stand directly in winrm/config. */
export type ProtocolSettings = ModelOf<typeof PROTOCOL_TABLE>
/** winrm/config/client. */
export type ClientSettings = ModelOf<typeof CLIENT_TABLE>
/** winrm/config/service. */
export type ServiceSettings = ModelOf<typeof SERVICE_TABLE>
/** winrm/config/winrs. */
export type WinrsSettings = ModelOf<typeof WINRS_TABLE>
/** One listener of winrm/config/listener; `listeningOn` is told by the service. */
export type ListenerSettings = ModelOf<typeof LISTENER_TABLE> & { listeningOn: readonly string[] }
/** One mapping of client certificates to a local account. The password is written and cannot be read. */
export type CertMappingSettings = ModelOf<typeof CERT_MAPPING_TABLE>
/** One plug-in, with the resources it answers, who may use them, and its quotas. */
export type PluginSettings = ModelOf<typeof PLUGIN_TABLE>
/** All of winrm/config. */
export interface Settings {
  protocol: ProtocolSettings
  client: ClientSettings
  service: ServiceSettings
  winrs: WinrsSettings
}
