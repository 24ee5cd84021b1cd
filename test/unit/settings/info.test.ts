import { describe, expect, it } from 'vitest'
import { settingInfo } from '../../../src/settings/info.js'

describe('settingInfo', () => {
  it('tells a number with its bounds and unit', () => {
    expect(settingInfo('client.networkDelayMs')).toMatchObject({
      default: 5000,
      range: { min: 500, max: 4_294_967_295 },
      unit: 'ms',
      since: '1.1',
      deprecated: undefined,
      readOnly: false,
    })
  })

  it('tells choices, versions and what has no effect any more', () => {
    expect(settingInfo('service.auth.cbtHardeningLevel')).toMatchObject({
      default: 'Relaxed',
      range: ['Strict', 'Relaxed', 'None'],
      since: '2.0',
    })
    expect(settingInfo('protocol.maxProviderRequests').deprecated).toBe('2.0')
    expect(settingInfo('winrs.maxShellRunTimeMs').readOnly).toBe(true)
    expect(settingInfo('listener.port').default).toBe(5985)
    expect(settingInfo('client.auth.basic').description).toContain('password')
  })

  it('tells the items of lists down to their attributes', () => {
    expect(settingInfo('certMapping.issuer').wireName).toBe('Issuer')
    expect(settingInfo('plugin.quotas.maxShells')).toMatchObject({ default: 25, range: { min: 1 } })
    expect(settingInfo('plugin.resources.security.sddl').source).toBe('MS-WSMV 2.2.4.30')
    expect(settingInfo('plugin.initializationParameters.name').wireName).toBe('Name')
  })

  it('tells where sources disagree', () => {
    expect(settingInfo('service.enumerationTimeoutMs')).toMatchObject({
      defaults: { '1.1': 60_000, '2.0': 60_000, '3.0': 240_000 },
      otherDefaults: [{ version: '3.0', value: 60_000 }],
    })
    expect(settingInfo('client.auth.basic').defaults).toEqual({ '1.1': false, '2.0': true, '3.0': true })
  })

  it.each([
    '',
    'plugin.quotas',
    'plugin.resources.security',
    'client',
    'client.auth',
    'client.nothing',
    'client.auth.basic.more',
    'constructor',
    'client.toString',
  ])('knows no setting %j', (path) => {
    expect(() => settingInfo(path)).toThrow(`There is no setting ${JSON.stringify(path)}.`)
  })
})
