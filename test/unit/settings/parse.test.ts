import { readFileSync } from 'node:fs'
import { expect, it, describe } from 'vitest'
import { defaultSettings } from '../../../src/settings/defaults.js'
import { parseSettings } from '../../../src/settings/parse.js'
import { sourceOf } from '../../../src/settings/read-model.js'
import { describeWithShared, shared } from '../../support/shared.js'

const config = (members: string): string =>
  `<cfg:Config xmlns:cfg="http://schemas.microsoft.com/wbem/wsman/1/config" xml:lang="en-US">${members}</cfg:Config>`

describeWithShared('corpus', 'what was recorded and documented', () => {
  const recorded = (...path: string[]): string => readFileSync(shared('corpus', ...path), 'utf8')

  it('is the configuration of a current system', () => {
    const settings = parseSettings(recorded('pypsrp', 'xml', 'test_psrp_small_msg_size', '00-response.xml'))
    const { protocol, client, service } = defaultSettings('3.0')
    expect(settings.protocol).toEqual({ ...protocol, maxEnvelopeSizeKb: 32 })
    expect(settings.client).toEqual(client)
    expect(settings.service).toEqual({
      ...service,
      allowUnencrypted: true,
      auth: {
        basic: true,
        kerberos: true,
        negotiate: true,
        certificate: true,
        credSsp: true,
        cbtHardeningLevel: 'Strict',
      },
    })
    expect(settings.winrs).toEqual({
      allowRemoteShellAccess: true,
      idleTimeoutMs: 7_200_000,
      maxConcurrentUsers: 2_147_483_647,
      maxShellRunTimeMs: 2_147_483_647,
      maxProcessesPerShell: 2_147_483_647,
      maxMemoryPerShellMb: 2_147_483_647,
      maxShellsPerUser: 2_147_483_647,
    })
  })

  it('is the configuration of a first system (MS-WSMV 4.2.1)', () => {
    const { protocol, client, service, winrs } = parseSettings(
      recorded('ms-wsmv', '4.2.1-Retrieving-Configuration', '02.xml'),
    )
    const old = defaultSettings('1.1')
    expect(protocol).toEqual({ ...old.protocol, maxEnvelopeSizeKb: 50 })
    expect(client).toEqual(old.client)
    expect(winrs).toEqual(old.winrs)
    expect(service).toMatchObject({ maxConcurrentOperations: 100, maxConnections: 5, ipv4Filter: '*' })
    expect(service).not.toHaveProperty('maxConcurrentOperationsPerUser')
    expect(service.auth).toEqual({ basic: false, kerberos: true, negotiate: true })
  })

  it('is what a Put wrote (MS-WSMV 4.2.2)', () => {
    const { protocol, service } = parseSettings(
      recorded('ms-wsmv', '4.2.2-Modifying-Configuration', '02.xml'),
    )
    expect(protocol).toEqual({
      maxEnvelopeSizeKb: 50,
      maxTimeoutMs: 60_000,
      maxBatchItems: 10,
      maxProviderRequests: 25,
    })
    expect(service).not.toHaveProperty('maxConnections')
  })
})

describe('parseSettings', () => {
  it('takes any namespace, letter case and white space around values', () => {
    const { service, client } = parseSettings(
      '<config xmlns="urn:x"><SERVICE><maxconnections> 7 </maxconnections></SERVICE><Client><Auth><basic>TRUE</basic></Auth></Client></config>',
    )
    expect(service).toEqual({ maxConnections: 7 })
    expect(client).toEqual({ auth: { basic: true } })
  })

  it('leaves out what the document lacks', () => {
    expect(parseSettings(config('<cfg:MaxTimeoutms>700</cfg:MaxTimeoutms>'))).toEqual({
      protocol: { maxTimeoutMs: 700 },
    })
  })

  it.each([
    ['<cfg:MaxTimeoutms>soon</cfg:MaxTimeoutms>', 'protocol.maxTimeoutMs must be an integer, and is "soon".'],
    ['<cfg:MaxTimeoutms/>', 'protocol.maxTimeoutMs must be an integer, and is "".'],
    [
      '<cfg:Service><cfg:Auth><cfg:Basic>maybe</cfg:Basic></cfg:Auth></cfg:Service>',
      'service.auth.basic must be true or false, and is "maybe".',
    ],
  ])('refuses %s', (members, message) => {
    expect(() => parseSettings(config(members))).toThrow(message)
  })

  it.each([
    ['', 'not well-formed'],
    ['<cfg:Config/>', 'not well-formed'],
    ['<a/>', 'no element Config'],
    ['<!DOCTYPE x><Config/>', 'not well-formed'],
  ])('refuses the document %j', (xml, message) => {
    expect(() => parseSettings(xml)).toThrow(message)
  })
})

describe('sourceOf', () => {
  const { service, protocol } = parseSettings(
    config(
      '<cfg:MaxTimeoutms Source="GPO">700</cfg:MaxTimeoutms><cfg:Service>' +
        '<cfg:AllowUnencrypted Source="GPO">false</cfg:AllowUnencrypted><cfg:Auth Source="gpo"><cfg:Basic>true</cfg:Basic></cfg:Auth>' +
        '<cfg:EnableCompatibilityHttpListener Source="Compatibility">true</cfg:EnableCompatibilityHttpListener>' +
        '<cfg:MaxConnections>3</cfg:MaxConnections></cfg:Service>',
    ),
  )

  it('tells who set a value', () => {
    expect(sourceOf(service, 'allowUnencrypted')).toBe('policy')
    expect(sourceOf(protocol, 'maxTimeoutMs')).toBe('policy')
    expect(sourceOf(service, 'enableCompatibilityHttpListener')).toBe('compatibility')
    expect(sourceOf(service, 'maxConnections')).toBe('local')
    expect(sourceOf(service, 'ipv4Filter')).toBe('local')
  })

  it('counts for all that is in an element', () => {
    expect(sourceOf(service, 'auth')).toBe('policy')
    expect(sourceOf(service.auth, 'basic')).toBe('policy')
  })

  it('says local of what was not read', () => {
    expect(sourceOf(defaultSettings().service, 'allowUnencrypted')).toBe('local')
  })
})
