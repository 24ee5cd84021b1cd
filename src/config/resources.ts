import { CONFIG_DOCUMENT } from '../settings/parse.js'
import type { SettingTable } from '../settings/rows.js'
import { CONFIG_TABLE, type Settings } from '../settings/table.js'
import { NS } from '../xml/namespaces.js'

/** One of the four sections of winrm/config. */
export type SectionName = keyof Settings

/** Where the parts of the configuration are (MS-WSMV 3.1.4.1.29). */
export const CONFIG_URI = {
  config: NS.config,
  client: `${NS.config}/client`,
  service: `${NS.config}/service`,
  winrs: `${NS.config}/winrs`,
  listener: `${NS.config}/listener`,
  certMapping: `${NS.config}/service/certmapping`,
  plugin: `${NS.config}/plugin`,
} as const

/** Each section with the resource it is read and written through: the protocol has none of its own (MS-WSMV 3.1.4.3). */
export const SECTIONS: Readonly<Record<SectionName, { readonly uri: string; readonly table: SettingTable }>> =
  {
    protocol: { uri: CONFIG_URI.config, table: CONFIG_DOCUMENT },
    client: { uri: CONFIG_URI.client, table: CONFIG_TABLE.client },
    service: { uri: CONFIG_URI.service, table: CONFIG_TABLE.service },
    winrs: { uri: CONFIG_URI.winrs, table: CONFIG_TABLE.winrs },
  }
