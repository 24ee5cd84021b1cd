import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { defaultSettings, mergeSettings, resolveSection } from '../../../src/settings/defaults.js'
import { validateSettings } from '../../../src/settings/validate.js'

describe('defaultSettings', () => {
  it('has the client of a current system (MS-WSMV 2.2.4.6)', () => {
    expect(defaultSettings().client).toEqual({
      networkDelayMs: 5000,
      urlPrefix: 'wsman',
      allowUnencrypted: false,
      auth: { basic: true, digest: true, kerberos: true, negotiate: true, certificate: true, credSsp: false },
      defaultPorts: { http: 5985, https: 5986 },
      trustedHosts: '',
    })
  })

  it.each([
    ['1.1', 150, 80, 25],
    ['2.0', 150, 5985, 4_294_967_295],
    ['3.0', 500, 5985, 4_294_967_295],
  ] as const)('knows version %s', (version, maxEnvelopeSizeKb, http, maxProviderRequests) => {
    const { protocol, client } = defaultSettings(version)
    expect(protocol).toMatchObject({ maxEnvelopeSizeKb, maxProviderRequests, maxTimeoutMs: 60_000 })
    expect(client.defaultPorts.http).toBe(http)
  })

  it('leaves out what version 1.1 does not know', () => {
    const { client, service } = defaultSettings('1.1')
    expect(client.auth).not.toHaveProperty('credSsp')
    expect(service).not.toHaveProperty('maxPacketRetrievalTimeSeconds')
    expect(service.auth).not.toHaveProperty('cbtHardeningLevel')
  })

  it.each(['1.1', '2.0', '3.0'] as const)(
    'finds nothing wrong with the defaults of version %s',
    (version) => {
      expect(validateSettings(defaultSettings(version))).toEqual([])
    },
  )
})

describe('resolveSection', () => {
  it('completes what is given', () => {
    const client = resolveSection('client', { networkDelayMs: 700, auth: { basic: false } })
    expect(client.networkDelayMs).toBe(700)
    expect(client.auth).toEqual({ ...defaultSettings().client.auth, basic: false })
    expect(client.defaultPorts).toEqual({ http: 5985, https: 5986 })
  })

  it('takes a member that is undefined for one that is left out', () => {
    const partial: Record<string, undefined> = { maxBatchItems: undefined }
    expect(resolveSection('protocol', partial).maxBatchItems).toBe(32_000)
  })

  it('freezes the model through and through', () => {
    const client = resolveSection('client')
    expect(Object.isFrozen(client)).toBe(true)
    expect(Object.isFrozen(client.auth)).toBe(true)
    expect(Object.isFrozen(client.defaultPorts)).toBe(true)
  })

  it('throws what is wrong, with its path and range', () => {
    expect(() => resolveSection('client', { networkDelayMs: 499 })).toThrow(
      new UsageError('client.networkDelayMs must be between 500 and 4294967295.'),
    )
    expect(() => resolveSection('client', { defaultPorts: { https: 65_536 } })).toThrow(
      'client.defaultPorts.https must be between 1 and 65535.',
    )
    expect(() => resolveSection('client', { trustedHosts: 'a b' })).toThrow(
      'client.trustedHosts has an entry',
    )
  })

  it('is not led astray by a member called __proto__', () => {
    const hostile = JSON.parse('{ "__proto__": { "allowUnencrypted": true } }') as object
    expect(() => resolveSection('client', hostile)).toThrow('client.__proto__ is no setting')
    expect({}).not.toHaveProperty('allowUnencrypted')
  })
})

describe('mergeSettings', () => {
  it('leaves both of its arguments as they were', () => {
    const base = defaultSettings().service
    const changes = { auth: { basic: true } }
    const merged = mergeSettings(base, changes)
    expect(merged.auth.basic).toBe(true)
    expect(merged.auth.kerberos).toBe(true)
    expect(base.auth.basic).toBe(false)
    expect(Object.isFrozen(base.auth)).toBe(false)
    expect(Object.isFrozen(changes.auth)).toBe(false)
    expect(Object.isFrozen(merged.defaultPorts)).toBe(true)
  })
})
