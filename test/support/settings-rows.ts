import fc from 'fast-check'
import { CERT_MAPPING_TABLE } from '../../src/settings/cert-mapping-table.js'
import { LISTENER_TABLE } from '../../src/settings/listener-table.js'
import { PLUGIN_TABLE } from '../../src/settings/plugin-table.js'
import type { DocumentTable, SettingRow } from '../../src/settings/rows.js'
import { CONFIG_TABLE } from '../../src/settings/table.js'

/** Everything that is configured, by what paths begin with. */
export const TABLES: Readonly<Record<string, DocumentTable>> = {
  ...CONFIG_TABLE,
  listener: LISTENER_TABLE,
  certMapping: CERT_MAPPING_TABLE,
  plugin: PLUGIN_TABLE,
}

/** One row with where it stands. */
export interface PlacedRow {
  /** From its table down: `['auth', 'basic']`; parts of lists stand as the list itself. */
  readonly names: readonly string[]
  /** `service.auth.basic`, `plugin.resources.exactMatch` */
  readonly path: string
  readonly row: SettingRow
}

/** Every row of a table, in the order of the wire. */
export const rowsOf = (table: DocumentTable, path: string, names: readonly string[] = []): PlacedRow[] =>
  Object.entries(table).flatMap(([name, entry]): PlacedRow[] => {
    const here = [...names, name]
    if ('type' in entry) return [{ names: here, path: `${path}.${here.join('.')}`, row: entry }]
    return rowsOf('members' in entry ? entry.members : entry.items, path, here)
  })

/** A model with one value in it: what is a list gets one item. */
export function nest(table: DocumentTable, [name = '', ...rest]: readonly string[], value: unknown): object {
  const entry = table[name]
  if (rest.length === 0 || !entry || 'type' in entry) return { [name]: value }
  if ('members' in entry) return { [name]: nest(entry.members, rest, value) }
  return { [name]: [nest(entry.items, rest, value)] }
}

/** Texts that are right, for rows whose syntax is more than a range or a choice. */
const TEXTS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'client.trustedHosts': list(
    fc.constantFrom('server01', 'web*', '*.example.com', '<local>', '[2001:db8::1]', '10.0.0.1'),
  ),
  'service.rootSddl': sddl(),
  'plugin.resources.security.sddl': fc.oneof(fc.constant(''), sddl()),
  'service.ipv4Filter': list(fc.constantFrom('10.0.0.1-10.0.0.9', '10.0.1.1-10.0.1.1')),
  'service.ipv6Filter': list(fc.constantFrom('2001:db8::1-2001:db8::9', '::1-::1')),
  'listener.address': fc.constantFrom('*', 'IP:10.0.0.1', 'IP:2001:db8::1', 'MAC:00-11-22-33-44-55'),
  'certMapping.uri': fc.constantFrom(
    '*',
    'urn:a*',
    'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*',
  ),
  'certMapping.subject': fc.constantFrom('*', '*@mig.net', 'alice*', 'alice@example.com'),
  'certMapping.userName': fc.constantFrom('', 'alice', 'Ålice & Bob'),
}

function list(items: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom('', '*'),
    fc.array(items, { minLength: 1 }).map((all) => all.join(',')),
  )
}

function sddl(): fc.Arbitrary<string> {
  const entry = fc
    .tuple(
      fc.constantFrom('A', 'D'),
      fc.constantFrom('GA', 'GR', 'GRGX'),
      fc.constantFrom('BA', 'RM', 'S-1-5-4'),
    )
    .map(([type, rights, trustee]) => `(${type};;${rights};;;${trustee})`)
  return fc.array(entry).map((entries) => `O:NSG:BAD:P${entries.join('')}S:P(AU;FA;GA;;;WD)`)
}

const THUMBPRINT = 'ab'.repeat(20)
const EXAMPLES = ['wsman', 'a/b_1', THUMBPRINT, '']

/** Any value that is right, the extremes often. */
export function rightValue({ path, row }: PlacedRow): fc.Arbitrary<string | number | boolean> {
  switch (row.type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.oneof(fc.constantFrom(row.min, row.max), fc.integer({ min: row.min, max: row.max }))
    case 'choice':
      return fc.constantFrom(...row.choices)
    case 'text': {
      const known = TEXTS[path]
      if (known) return known
      const { pattern } = row
      if (pattern) return fc.constantFrom(...EXAMPLES.filter((example) => pattern.test(example)))
      return fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[^\P{C}\t\n]|\r/gu, '').trim())
    }
  }
}

/** Texts that are wrong on the wire, with what is wrong with them; none where any text is right. */
export function wrongTexts({ path, row }: PlacedRow): readonly string[] {
  switch (row.type) {
    case 'boolean':
      return ['maybe', '', '2']
    case 'integer':
      return [String(row.min - 1), String(row.max + 1), 'many', '', '1.5', '1e3']
    case 'choice':
      return ['Sometimes', '']
    case 'text': {
      const { pattern } = row
      const malformed = MALFORMED[path]
      if (malformed) return malformed
      return pattern
        ? ['a b?', '/x/', '0'.repeat(39), '*a*', 'A\\B'].filter((text) => !pattern.test(text))
        : []
    }
  }
}

const MALFORMED: Readonly<Record<string, readonly string[]>> = {
  'client.trustedHosts': ['a b', 'a,,b', 'a*b'],
  'service.rootSddl': ['O:NSG:BAD:P(A;;GQ;;;BA)', 'all'],
  'plugin.resources.security.sddl': ['O:NSG:BAD:P(A;;GQ;;;BA)', 'all'],
  'service.ipv4Filter': ['10.0.0.1', '10.0.0.9-10.0.0.1', '::1-::2'],
  'service.ipv6Filter': ['2001:db8::1', '10.0.0.1-10.0.0.9'],
}

/** The same as values of a model, and some that no text is. */
export function wrongValues(placed: PlacedRow): readonly unknown[] {
  const { row } = placed
  switch (row.type) {
    case 'boolean':
      return ['true', 1, null]
    case 'integer':
      return [row.min - 1, row.max + 1, row.min + 0.5, Number.NaN, String(row.min), null]
    case 'choice':
      return [...wrongTexts(placed), true, null]
    case 'text':
      return [...wrongTexts(placed), 7, null]
  }
}
