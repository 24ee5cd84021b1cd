import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaultSettings } from '../../../src/settings/defaults.js'
import { formatSettings } from '../../../src/settings/format-settings.js'
import { parseSettings } from '../../../src/settings/parse.js'
import type { SettingRow, SettingTable } from '../../../src/settings/rows.js'
import { CONFIG_TABLE, type Settings } from '../../../src/settings/table.js'
import { validateSettings } from '../../../src/settings/validate.js'
import { describeWithShared, shared } from '../../support/shared.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'

/** Any value that a row allows, and the extremes often. */
function valueOf(row: SettingRow): fc.Arbitrary<unknown> {
  switch (row.type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.oneof(fc.constantFrom(row.min, row.max), fc.integer({ min: row.min, max: row.max }))
    case 'choice':
      return fc.constantFrom(...row.choices)
    case 'text':
      return row.pattern ? fc.constantFrom(...examplesOf(row)) : fc.string().map((text) => text.trim())
  }
}

function examplesOf(row: SettingRow): string[] {
  const examples = ['wsman', 'a/b_1', 'ab'.repeat(20), '']
  return examples.filter((example) => row.type === 'text' && row.pattern?.test(example))
}

/** A model of the table of which any members may be missing. */
function modelOf(table: SettingTable): fc.Arbitrary<Record<string, unknown>> {
  const members = Object.entries(table).map(
    ([name, entry]) => [name, 'members' in entry ? modelOf(entry.members) : valueOf(entry)] as const,
  )
  return fc.record(Object.fromEntries(members), { requiredKeys: [], noNullPrototype: true })
}

const anySettings = fc.record({
  protocol: modelOf(CONFIG_TABLE.protocol),
  client: modelOf(CONFIG_TABLE.client),
  service: modelOf(CONFIG_TABLE.service),
  winrs: modelOf(CONFIG_TABLE.winrs),
}) as fc.Arbitrary<Settings>

describe('formatSettings', () => {
  it('writes whatever is allowed so that it is read again', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(parseSettings(formatSettings(settings))).toEqual(settings)
      }),
    )
  })

  it('finds nothing wrong with what a table allows, TrustedHosts apart', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const errors = validateSettings(settings).filter(({ severity }) => severity === 'error')
        const texts = ['client.trustedHosts', 'service.ipv4Filter', 'service.ipv6Filter', 'service.rootSddl']
        expect(errors.filter(({ path }) => !texts.includes(path))).toEqual([])
      }),
    )
  })

  it('writes the protocol before the sections, in the namespace of the configuration (MS-WSMV 2.2.4.10)', () => {
    const xml = formatSettings({ client: { networkDelayMs: 700 }, protocol: { maxTimeoutMs: 800 } })
    expect(xml).toBe(
      `<cfg:Config xmlns:cfg="${CONFIG}"><cfg:MaxTimeoutms>800</cfg:MaxTimeoutms>` +
        '<cfg:Client><cfg:NetworkDelayms>700</cfg:NetworkDelayms></cfg:Client></cfg:Config>',
    )
  })

  it('leaves elements, attributes and namespaces alone that it does not know', () => {
    const written =
      `<x:Config xmlns:x="${CONFIG}" xml:lang="en-US"><x:Future a="1">new <x:Inner>&amp;</x:Inner></x:Future>` +
      '<x:Service><x:MaxConnections Source="GPO">9</x:MaxConnections><y:Other xmlns:y="urn:y" y:b="2"/></x:Service></x:Config>'
    const settings = parseSettings(written)
    settings.service.allowUnencrypted = true
    const again = formatSettings(settings)
    expect(again).toBe(
      `<cfg:Config xmlns:cfg="${CONFIG}" xml:lang="en-US"><cfg:Future a="1">new <cfg:Inner>&amp;</cfg:Inner></cfg:Future>` +
        '<cfg:Service><cfg:MaxConnections Source="GPO">9</cfg:MaxConnections>' +
        '<cfg:AllowUnencrypted>true</cfg:AllowUnencrypted><cfg:Other xmlns:cfg="urn:y" cfg:b="2"/></cfg:Service></cfg:Config>',
    )
    const copy = { ...settings, service: { ...settings.service, maxConnections: 10 } }
    expect(formatSettings(copy, settings)).toContain('<cfg:Future a="1">')
    expect(formatSettings(copy, settings)).toContain('>10</cfg:MaxConnections>')
    expect(formatSettings(copy)).not.toContain('Future')
  })
})

describeWithShared('corpus', 'formatSettings, for what was recorded', () => {
  it('writes it as it stood', () => {
    const path = shared('corpus', 'pypsrp', 'xml', 'test_psrp_small_msg_size', '00-response.xml')
    const recorded = readFileSync(path, 'utf8')
    const [config = ''] = /<cfg:Config .*<\/cfg:Config>/.exec(recorded) ?? []
    const plain = (xml: string): string => xml.replace(/<(cfg:\w+)\/>/g, '<$1></$1>')
    expect(plain(formatSettings(parseSettings(recorded)))).toBe(config)
    expect(config).toContain('<cfg:TrustedHosts></cfg:TrustedHosts>')
  })

  it('writes the defaults of a current system in its order', () => {
    const path = shared('corpus', 'pypsrp', 'xml', 'test_psrp_small_msg_size', '00-response.xml')
    const names = (xml: string): string[] => [...xml.matchAll(/<cfg:(\w+)/g)].map(([, name = '']) => name)
    const [config = ''] = /<cfg:Config .*<\/cfg:Config>/.exec(readFileSync(path, 'utf8')) ?? []
    expect(names(formatSettings(defaultSettings('3.0')))).toEqual(names(config))
  })
})
