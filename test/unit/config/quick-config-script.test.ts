import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import type { QuickConfigOptions } from '../../../src/config/quick-config-options.js'
import { quickConfigScript } from '../../../src/config/quick-config-script.js'
import { errorsIn, powershellParser, textsOf } from '../../support/powershell-parser.js'

let parse: Awaited<ReturnType<typeof powershellParser>>
beforeAll(async () => {
  parse = await powershellParser()
})

/** The assignments at the top are all that options change, but for whole parts that are there or not. */
const headOf = (script: string): string[] => script.split('\n\n', 1)[0]?.split('\n') ?? []
const bodyOf = (script: string): string => script.slice(script.indexOf('\n\n'))

const HTTPS = {
  transport: 'HTTPS',
  port: 8443,
  hostname: 'server01.example.com',
  certificateThumbprint: '0123456789abcdef0123456789abcdef01234567',
} as const

it('says at its top what it is for, and is the same below', () => {
  expect(headOf(quickConfigScript())).toEqual([
    '# Sets up Windows Remote Management over HTTP.',
    "$ErrorActionPreference = 'Stop'",
    "$transport = 'HTTP'",
    '$port = $null',
    '$defaultPort = 5985',
    '$hostname = $null',
    '$thumbprint = $null',
    '$skipNetworkProfileCheck = $false',
  ])
  expect(headOf(quickConfigScript({ ...HTTPS, skipNetworkProfileCheck: true }))).toEqual([
    '# Sets up Windows Remote Management over HTTPS.',
    "$ErrorActionPreference = 'Stop'",
    "$transport = 'HTTPS'",
    '$port = 8443',
    '$defaultPort = 5986',
    "$hostname = 'server01.example.com'",
    "$thumbprint = '0123456789ABCDEF0123456789ABCDEF01234567'",
    '$skipNetworkProfileCheck = $true',
  ])
  expect(bodyOf(quickConfigScript(HTTPS))).toBe(bodyOf(quickConfigScript({ transport: 'HTTPS' })))
})

const label = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,20}$/)
const options: fc.Arbitrary<QuickConfigOptions> = fc.oneof(
  fc.record(
    {
      transport: fc.constant('HTTP' as const),
      port: fc.integer({ min: 1, max: 65_535 }),
      skipNetworkProfileCheck: fc.boolean(),
      localAccountTokenFilterPolicy: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
  fc.record(
    {
      transport: fc.constant('HTTPS' as const),
      port: fc.integer({ min: 1, max: 65_535 }),
      hostname: fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
      certificateThumbprint: fc.stringMatching(/^[0-9A-Fa-f]{40}$/),
      skipNetworkProfileCheck: fc.boolean(),
      localAccountTokenFilterPolicy: fc.boolean(),
    },
    { requiredKeys: ['transport'] },
  ),
)

it('parses, in plain characters, whatever it is made for', () => {
  fc.assert(
    fc.property(options, (given) => {
      const script = quickConfigScript(given)
      expect(script).toMatch(/^[\x20-\x7E\n]*\n$/)
      expect(errorsIn(parse(script))).toEqual([])
    }),
    { numRuns: 20 },
  )
})

it('calls nothing but what Windows PowerShell 5.1 has', () => {
  const root = parse(quickConfigScript({ ...HTTPS, localAccountTokenFilterPolicy: true }))
  const commands = new Set(textsOf(root, 'command_name'))
  expect([...commands].sort()).toEqual(
    [
      'Enable-NetFirewallRule',
      'Get-ChildItem',
      'Get-Command',
      'Get-Date',
      'Get-ItemProperty',
      'Get-NetConnectionProfile',
      'Get-NetFirewallApplicationFilter',
      'Get-NetFirewallPortFilter',
      'Get-NetFirewallRule',
      'Get-WSManInstance',
      'Get-WmiObject',
      'New-ItemProperty',
      'New-NetFirewallRule',
      'New-Object',
      'New-WSManInstance',
      'Select-Object',
      'Set-WSManInstance',
      'Sort-Object',
      'Start-Service',
      'Test-Path',
      'Where-Object',
      'Write-Output',
    ].sort(),
  )
})

it('does what was asked for and no more', () => {
  const http = quickConfigScript()
  const https = quickConfigScript({ transport: 'HTTPS' })
  for (const script of [http, https]) {
    expect(script).toContain('sc.exe" config WinRM start= delayed-auto')
    expect(script).toContain('Start-Service -Name WinRM')
    expect(script).toContain("New-WSManInstance -ResourceURI 'winrm/config/Listener'")
    expect(script).not.toContain('LocalAccountTokenFilterPolicy')
    // It looks before it changes anything but the service, which has to run for that.
    const firstChange = script.search(
      /New-WSManInstance|Set-WSManInstance|Enable-Net|New-Net|netsh advfirewall/,
    )
    expect(script.lastIndexOf('throw "A network')).toBeLessThan(firstChange)
    expect(script.lastIndexOf('throw "No certificate')).toBeLessThan(firstChange)
  }
  expect(http).not.toContain('Cert:')
  expect(https).toContain("-notcontains '1.3.6.1.5.5.7.3.1'")
  expect(quickConfigScript({ localAccountTokenFilterPolicy: true })).toContain(
    'New-ItemProperty -Path $policy -Name LocalAccountTokenFilterPolicy -Value 1 -PropertyType DWord',
  )
})

it.each<[QuickConfigOptions, string]>([
  [{ transport: 'HTTPS', hostname: "a'; Remove-Item C:\\ -Recurse #" }, 'hostname must be the DNS name'],
  [{ transport: 'HTTPS', hostname: 'a\u2019b' }, 'hostname must be the DNS name'],
  [{ transport: 'HTTPS', hostname: 'a..b' }, 'hostname must be the DNS name'],
  [
    { transport: 'HTTPS', certificateThumbprint: '$(exit)' },
    'certificateThumbprint must be 40 hexadecimal digits',
  ],
  [{ port: '5985; exit' as never }, 'port must be an integer'],
  [{ port: 1.5 }, 'port must be an integer'],
  [{ skipNetworkProfileCheck: '$true' as never }, 'skipNetworkProfileCheck must be true or false'],
  [{ transport: 'https; exit' as never }, 'transport must be HTTP or HTTPS'],
])('refuses %j', (given, message) => {
  expect(() => quickConfigScript(given)).toThrow(message)
})
