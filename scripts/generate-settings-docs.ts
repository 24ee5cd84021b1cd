/**
 * Writes docs/configuration.md from the tables in src/settings and the notes in scripts/configuration-notes.md. Run it
 * with `npm run docs:settings` after a change there; a test fails where the file is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CERT_MAPPING_TABLE } from '../src/settings/cert-mapping-table.js'
import { LISTENER_TABLE } from '../src/settings/listener-table.js'
import { PLUGIN_TABLE } from '../src/settings/plugin-table.js'
import type { DocumentTable, OtherDefault, SettingRow, SettingsVersion } from '../src/settings/rows.js'
import { CONFIG_TABLE } from '../src/settings/table.js'

interface Chapter {
  readonly path: string
  readonly title: string
  readonly table: DocumentTable
}

const CHAPTERS: readonly Chapter[] = [
  { path: 'protocol', title: 'Protocol: directly in `winrm/config`', table: CONFIG_TABLE.protocol },
  { path: 'client', title: 'Client: `winrm/config/client`', table: CONFIG_TABLE.client },
  { path: 'service', title: 'Service: `winrm/config/service`', table: CONFIG_TABLE.service },
  { path: 'winrs', title: 'Remote shells: `winrm/config/winrs`', table: CONFIG_TABLE.winrs },
  { path: 'listener', title: 'Listeners: `winrm/config/listener`', table: LISTENER_TABLE },
  {
    path: 'certMapping',
    title: 'Certificate mappings: `winrm/config/service/certmapping`',
    table: CERT_MAPPING_TABLE,
  },
  { path: 'plugin', title: 'Plug-ins: `winrm/config/plugin`', table: PLUGIN_TABLE },
]

const VERSIONS: readonly SettingsVersion[] = ['1.1', '2.0', '3.0']

/** The text of docs/configuration.md. */
export function settingsDocs(): string {
  const notes = readFileSync(fileURLToPath(new URL('configuration-notes.md', import.meta.url)), 'utf8')
  return notes.replace('<!-- settings -->', () => CHAPTERS.map(chapter).join('\n\n'))
}

function chapter({ path, title, table }: Chapter): string {
  const rows = rowsOf(table, path)
  const lines = rows.map(
    ([name, row]) => `| \`${name}\` | \`${row.wire}\` | ${valuesOf(row)} | ${defaultsOf(row)} |`,
  )
  const meanings = rows.map(([name, row]) => `- **\`${name}\`** ${meaningOf(row)}`)
  return `### ${title}\n\n| setting | on the wire | values | default |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n\n${meanings.join('\n')}`
}

function rowsOf(table: DocumentTable, path: string): readonly (readonly [string, SettingRow])[] {
  return Object.entries(table).flatMap(([name, entry]): (readonly [string, SettingRow])[] => {
    const here = `${path}.${name}`
    if ('type' in entry) return [[here, entry]]
    return [...rowsOf('members' in entry ? entry.members : entry.items, here)]
  })
}

function valuesOf(row: SettingRow): string {
  switch (row.type) {
    case 'boolean':
      return '`true`, `false`'
    case 'integer': {
      const older = Object.entries(row.olderMax ?? {}).map(([version, max]) => `; ${version}: up to ${max}`)
      return `${row.min} to ${row.max}${row.unit ? ` ${row.unit}` : ''}${older.join('')}`
    }
    case 'choice':
      return row.choices.map((choice) => `\`${choice}\``).join(', ')
    case 'text':
      return cell(row.form ?? 'text')
  }
}

function defaultsOf(row: SettingRow): string {
  const values = row.default
  const main =
    typeof values === 'object'
      ? VERSIONS.flatMap((version) =>
          version in values ? [`${version}: ${shown(values[version] ?? '')}`] : [],
        ).join('<br>')
      : shown(values)
  const others: readonly OtherDefault[] = row.otherDefaults ?? []
  return [
    main,
    ...others.map(({ version, value, source }) => `${version}: ${shown(value)} (${source})`),
  ].join('<br>')
}

function meaningOf(row: SettingRow): string {
  const remarks = [
    row.key ? 'Names the item, and cannot be changed.' : '',
    row.secret ? 'Secret.' : '',
    row.readOnly ? 'Read-only.' : '',
    row.deprecatedSince === undefined ? '' : `Deprecated since ${row.deprecatedSince}.`,
    'default' in row && typeof row.default === 'object' && !('1.1' in row.default) ? 'Since 2.0.' : '',
  ]
  return [
    row.about,
    `*Effect:* ${row.affects}`,
    ...remarks.filter((remark) => remark !== ''),
    `(${row.source})`,
  ].join(' ')
}

const shown = (value: string | number | boolean): string =>
  value === '' ? 'empty' : `\`${cell(String(value))}\``

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`)

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(
    resolve(fileURLToPath(new URL('..', import.meta.url)), 'docs/configuration.md'),
    settingsDocs(),
  )
}
