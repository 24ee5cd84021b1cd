import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { validateSection, validateSettings } from '../../../src/settings/validate.js'

const complaints = (section: 'client' | 'service' | 'protocol', model: unknown): string[] =>
  validateSection(section, model).map(({ message }) => message)

describe('validateSettings', () => {
  it('says nothing about a partial model that is right', () => {
    expect(validateSettings({ client: { trustedHosts: 'a,b*' }, winrs: { maxShellsPerUser: 0 } })).toEqual([])
  })

  it('lists everything that is wrong', () => {
    const model: object = { client: { networkDelayMs: 1, colour: 'red' }, server: {} }
    expect(validateSettings(model).map(({ path, severity }) => [path, severity])).toEqual([
      ['client.networkDelayMs', 'error'],
      ['client.colour', 'error'],
      ['server', 'error'],
    ])
  })

  it.each([
    ['client', { allowUnencrypted: 'yes' }, 'client.allowUnencrypted must be true or false.'],
    [
      'client',
      { networkDelayMs: 600.5 },
      'client.networkDelayMs must be an integer between 500 and 4294967295.',
    ],
    [
      'client',
      { networkDelayMs: '5000' },
      'client.networkDelayMs must be an integer between 500 and 4294967295.',
    ],
    ['client', { urlPrefix: '/wsman' }, 'client.urlPrefix must be letters, digits, underscores and slashes'],
    ['client', { urlPrefix: 7 }, 'client.urlPrefix must be text.'],
    ['client', { auth: null }, 'client.auth must be an object.'],
    ['client', { auth: [] }, 'client.auth must be an object.'],
    ['client', { auth: { ntlm: true } }, 'client.auth.ntlm is no setting; client.auth has basic, digest,'],
    ['client', 'fast', 'client must be an object.'],
    ['client', { toString: true }, 'client.toString is no setting'],
    [
      'service',
      { auth: { cbtHardeningLevel: 'strict' } },
      'service.auth.cbtHardeningLevel must be one of Strict, Relaxed, None.',
    ],
    [
      'service',
      { rootSddl: 'O:NSG:BAD:P(A;;GQ;;;BA)' },
      'service.rootSddl: The SDDL is malformed at character 16: "GQ" is no right, such as GA, GR, GW or GX.',
    ],
    ['protocol', { maxEnvelopeSizeKb: 31 }, 'protocol.maxEnvelopeSizeKb must be between 32 and 4294967295.'],
  ] as const)('%s %j: %s', (section, model, message) => {
    expect(complaints(section, model)).toEqual([expect.stringContaining(message)])
  })

  it('warns of what is allowed and unwise', () => {
    expect(
      validateSettings({
        client: { trustedHosts: '*' },
        service: { rootSddl: 'O:NSG:BA' },
        protocol: { maxEnvelopeSizeKb: 2_000_000 },
      }),
    ).toEqual([
      expect.objectContaining({ path: 'client.trustedHosts', severity: 'warning' }),
      expect.objectContaining({ path: 'service.rootSddl', severity: 'warning' }),
      expect.objectContaining({ path: 'protocol.maxEnvelopeSizeKb', severity: 'warning' }),
    ])
  })

  it('takes exactly the integers of a range', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -10, max: 70_000 }), fc.double()), (port) => {
        const right = Number.isInteger(port) && port >= 1 && port <= 65_535
        expect(complaints('client', { defaultPorts: { http: port } })).toHaveLength(right ? 0 : 1)
      }),
    )
  })
})
