import { describe, expect, it } from 'vitest'
import { defaultSettings } from '../../../src/settings/defaults.js'
import { formatMembers, formatSection } from '../../../src/settings/format.js'
import { CLIENT_TABLE } from '../../../src/settings/client-table.js'
import { PROTOCOL_TABLE } from '../../../src/settings/protocol-table.js'
import { WINRS_TABLE } from '../../../src/settings/winrs-table.js'
import { writeXml } from '../../../src/xml/writer.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'

describe('formatSection', () => {
  it('writes members in the order of the table, whatever that of the model', () => {
    const { winrs } = defaultSettings()
    const backwards = Object.fromEntries(Object.entries(winrs).reverse()) as typeof winrs
    expect(writeXml(formatSection(WINRS_TABLE, backwards, 'Winrs'))).toBe(
      `<cfg:Winrs xmlns:cfg="${CONFIG}"><cfg:AllowRemoteShellAccess>true</cfg:AllowRemoteShellAccess>` +
        '<cfg:IdleTimeout>7200000</cfg:IdleTimeout><cfg:MaxConcurrentUsers>10</cfg:MaxConcurrentUsers>' +
        '<cfg:MaxShellRunTime>2147483647</cfg:MaxShellRunTime><cfg:MaxProcessesPerShell>25</cfg:MaxProcessesPerShell>' +
        '<cfg:MaxMemoryPerShellMB>1024</cfg:MaxMemoryPerShellMB><cfg:MaxShellsPerUser>30</cfg:MaxShellsPerUser></cfg:Winrs>',
    )
  })

  it('nests groups and leaves out what the model lacks', () => {
    const { client } = defaultSettings('1.1')
    const xml = writeXml(formatSection(CLIENT_TABLE, client, 'Client', `${CONFIG}/client`))
    expect(xml).toContain(`<cfg:Client xmlns:cfg="${CONFIG}/client">`)
    expect(xml).toContain('<cfg:Certificate>true</cfg:Certificate></cfg:Auth>')
    expect(xml).toContain(
      '<cfg:DefaultPorts><cfg:HTTP>80</cfg:HTTP><cfg:HTTPS>443</cfg:HTTPS></cfg:DefaultPorts>',
    )
    expect(xml).not.toContain('CredSSP')
  })

  it('escapes', () => {
    const model = { trustedHosts: '<local>,a&b' }
    expect(writeXml(formatSection(CLIENT_TABLE, model, 'Client'))).toContain(
      '<cfg:TrustedHosts>&lt;local&gt;,a&amp;b</cfg:TrustedHosts>',
    )
  })
})

it('formatMembers writes a section that has no element of its own', () => {
  const { protocol } = defaultSettings()
  expect(formatMembers(PROTOCOL_TABLE, protocol).map(({ name, children }) => [name, children])).toEqual([
    ['MaxEnvelopeSizekb', ['500']],
    ['MaxTimeoutms', ['60000']],
    ['MaxBatchItems', ['32000']],
    ['MaxProviderRequests', ['4294967295']],
  ])
})
