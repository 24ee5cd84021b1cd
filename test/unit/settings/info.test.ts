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

  it.each([
    '',
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
