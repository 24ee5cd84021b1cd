import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaultSettings } from '../../../src/settings/defaults.js'
import { formatSettings } from '../../../src/settings/format-settings.js'
import { parseSettings } from '../../../src/settings/parse.js'
import { describeWithShared, shared } from '../../support/shared.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'

describe('formatSettings', () => {
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
