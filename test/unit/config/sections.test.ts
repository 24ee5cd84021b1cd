import { expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { connect, rejection, windowsFault } from '../../support/scripted-service.js'
import { describeWithShared } from '../../support/shared.js'
import {
  differences,
  elementsOf,
  localName,
  parseXml,
  select,
  textOf,
  trimmed,
} from '../../support/xml-compare.js'
import type { Asked } from '../../support/scripted-service.js'
import { bodyOf, CONFIG, RECORDED, startConfig } from './service.js'

/** Names and texts of the elements that were put, groups by their names. */
function written(request: Asked | undefined): unknown[] {
  const [root] = request ? elementsOf(select(request.root, 'Body')[0] ?? request.root) : []
  const list = (element: typeof root): unknown[] =>
    (element ? elementsOf(element) : []).map((child) =>
      elementsOf(child).length > 0 ? [localName(child), list(child)] : [localName(child), textOf(child)],
    )
  return list(root)
}

describeWithShared('corpus', 'reading the configuration of a recorded server', () => {
  it('gives all four sections, typed', async () => {
    const service = await startConfig()
    const { protocol, client, service: serviceSettings, winrs } = await connect(service).config.get()
    expect(protocol).toEqual({
      maxEnvelopeSizeKb: 500,
      maxTimeoutMs: 60_000,
      maxBatchItems: 32_000,
      maxProviderRequests: 4_294_967_295,
    })
    expect(client).toEqual({
      networkDelayMs: 5000,
      urlPrefix: 'wsman',
      allowUnencrypted: false,
      auth: { basic: true, digest: true, kerberos: true, negotiate: true, certificate: true, credSsp: false },
      defaultPorts: { http: 5985, https: 5986 },
      trustedHosts: '',
    })
    expect(serviceSettings).toMatchObject({
      maxConnections: 300,
      auth: { basic: true, credSsp: true, cbtHardeningLevel: 'Relaxed' },
      ipv6Filter: '*',
      allowRemoteAccess: true,
    })
    expect(winrs).toMatchObject({ idleTimeoutMs: 7_200_000, maxConcurrentUsers: 2_147_483_647 })
    expect(service.requests.map((request) => request.texts('ResourceURI'))).toEqual([[CONFIG]])
  })

  it('tells the client how large requests may be', async () => {
    const service = await startConfig({
      config: bodyOf('pypsrp/xml/test_psrp_small_msg_size/00-response.xml'),
    })
    const client = connect(service)
    await client.config.get()
    const large = client.put(`${CONFIG}/x`, { X: 'x'.repeat(40_000) })
    expect(await rejection(large)).toMatchObject({ message: /larger than the 32 kB/ })
  })

  it('reads one section through its own resource', async () => {
    const service = await startConfig()
    expect(await connect(service).config.winrs.get()).toMatchObject({ maxShellsPerUser: 2_147_483_647 })
    expect(service.requests[0]?.texts('ResourceURI')).toEqual([`${CONFIG}/winrs`])
  })
})

describeWithShared('corpus', 'changing a section', () => {
  it('puts the document of MS-WSMV 4.2.2 for that of 4.2.1', async () => {
    const service = await startConfig({ config: bodyOf('ms-wsmv/4.2.1-Retrieving-Configuration/02.xml') })
    await connect(service).config.protocol.update({ maxBatchItems: 10 })
    const [, put] = service.requests
    expect(put?.action).toBe('Put')
    expect(put?.texts('ResourceURI')).toEqual([CONFIG])
    const example = parseXml(bodyOf('ms-wsmv/4.2.2-Modifying-Configuration/02.xml'))
    const [ours] = put ? elementsOf(select(put.root, 'Body')[0] ?? put.root) : []
    const found = differences(trimmed(ours ?? example), trimmed(example))
    // The example leaves two elements out that were read in 4.2.1; there the SDDL is broken into lines for print.
    expect(found).toEqual([
      { at: 'Client/Auth/Certificate', what: 'only ours', detail: `{${CONFIG}}Certificate` },
      { at: 'Service/MaxConnections', what: 'only ours', detail: `{${CONFIG}}MaxConnections` },
      expect.objectContaining({ at: 'Service/RootSDDL', what: 'text' }),
    ])
  })

  it('leaves out what a current service does not take back', async () => {
    const service = await startConfig()
    const changed = await connect(service).config.service.update({
      maxConnections: 400,
      auth: { cbtHardeningLevel: 'Strict' },
    })
    expect(changed.maxConnections).toBe(300) // what the service says it has, whatever was sent
    expect(service.actions).toEqual(['Get', 'Put'])
    const put = service.requests[1]
    expect(put?.texts('ResourceURI')).toEqual([`${CONFIG}/service`])
    const root = put?.elements('Service')[0]
    expect(root?.name).toBe(`{${CONFIG}/service}Service`)
    expect(written(put)).toEqual([
      ['RootSDDL', 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)'],
      ['MaxConcurrentOperationsPerUser', '1500'],
      ['EnumerationTimeoutms', '240000'],
      ['MaxConnections', '400'],
      ['MaxPacketRetrievalTimeSeconds', '120'],
      ['AllowUnencrypted', 'false'],
      [
        'Auth',
        [
          ['Basic', 'true'],
          ['Kerberos', 'true'],
          ['Negotiate', 'true'],
          ['Certificate', 'false'],
          ['CredSSP', 'true'],
          ['CbtHardeningLevel', 'Strict'],
        ],
      ],
      [
        'DefaultPorts',
        [
          ['HTTP', '5985'],
          ['HTTPS', '5986'],
        ],
      ],
      ['IPv4Filter', '*'],
      ['IPv6Filter', '*'],
      ['EnableCompatibilityHttpListener', 'false'],
      ['EnableCompatibilityHttpsListener', 'false'],
      ['CertificateThumbprint', ''],
      ['AllowRemoteAccess', 'true'],
    ])
  })

  it('sends the protocol with everything else, in the namespaces that were read', async () => {
    const service = await startConfig()
    await connect(service).config.protocol.update({ maxEnvelopeSizeKb: 1024 })
    const names = (written(service.requests[1]) as [string, unknown][]).map(([name]) => name)
    expect(names).toEqual([
      'MaxEnvelopeSizekb',
      'MaxTimeoutms',
      'MaxBatchItems',
      'Client',
      'Service',
      'Winrs',
    ])
    expect(service.requests[1]?.texts('MaxEnvelopeSizekb')).toEqual(['1024'])
    expect(service.requests[1]?.texts('MaxShellRunTime')).toEqual([])
  })

  it('keeps what it does not know, and drops what Group Policy holds', async () => {
    const config = bodyOf(RECORDED)
      .replace('<cfg:IPv4Filter>', '<cfg:Novel Kind="x">1 &lt; 2</cfg:Novel><cfg:IPv4Filter Source="GPO">')
      .replace(
        '<cfg:Basic>true</cfg:Basic><cfg:Kerberos>',
        '<cfg:Basic Source="GPO">true</cfg:Basic><cfg:Kerberos>',
      )
    const service = await startConfig({ config })
    await connect(service).config.service.update({ maxConnections: 7 })
    const put = service.requests[1]
    expect(put?.texts('Novel')).toEqual(['1 < 2'])
    expect(put?.attribute('Novel', 'Kind')).toBe('x')
    expect(put?.texts('IPv4Filter')).toEqual([])
    expect(put?.texts('Basic')).toEqual([])
    expect(put?.texts('Kerberos')).toEqual(['true'])
  })

  it('puts an element in its place that the service did not show', async () => {
    const config = bodyOf(RECORDED).replace(/<cfg:MaxConnections>.*?<\/cfg:MaxConnections>/, '')
    const service = await startConfig({ config })
    await connect(service).config.service.update({ maxConnections: 9 })
    const names = (written(service.requests[1]) as [string, unknown][]).map(([name]) => name)
    expect(names.slice(2, 5)).toEqual([
      'EnumerationTimeoutms',
      'MaxConnections',
      'MaxPacketRetrievalTimeSeconds',
    ])
  })

  it('writes nothing where nothing differs', async () => {
    const service = await startConfig()
    const same = { maxConnections: 300, auth: { basic: true, cbtHardeningLevel: 'Relaxed' } } as const
    expect((await connect(service).config.service.update(same)).maxConnections).toBe(300)
    expect(service.actions).toEqual(['Get'])
  })

  it('happens one after another: each reads what the one before it wrote', async () => {
    const service = await startConfig()
    const { config } = connect(service)
    await Promise.all([
      config.service.update({ maxConnections: 1 }),
      config.protocol.update({ maxBatchItems: 1 }),
      config.winrs.update({ idleTimeoutMs: 60_000 }),
    ])
    expect(service.actions).toEqual(['Get', 'Put', 'Get', 'Put', 'Get', 'Put'])
  })

  it('lets the next one in after one that failed', async () => {
    const service = await startConfig({ script: { Put: [windowsFault(5), ''] } })
    const { config } = connect(service)
    const [first, second] = await Promise.allSettled([
      config.service.update({ maxConnections: 1 }),
      config.service.update({ maxConnections: 2 }),
    ])
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
  })

  it.each([
    ['protocol', { maxTimeoutMs: 499 }, /^protocol\.maxTimeoutMs must be between 500 and 4294967295/],
    ['client', { networkDelayMs: 1.5 }, /^client\.networkDelayMs must be an integer between 500 and/],
    ['client', { trustedHosts: 'a,,b' }, /client\.trustedHosts has an empty entry/],
    [
      'service',
      { auth: { cbtHardeningLevel: 'strict' } },
      /^service\.auth\.cbtHardeningLevel must be one of/,
    ],
    ['service', { maxConnection: 5 }, /^service\.maxConnection is no setting; service has rootSddl, /],
    ['service', { allowUnencrypted: 'true' }, /^service\.allowUnencrypted must be true or false/],
    ['winrs', { maxShellsPerUser: -1 }, /^winrs\.maxShellsPerUser must be between 0 and 2147483647/],
  ] as const)('refuses %s %j before anything is sent', async (name, changes, message) => {
    const service = await startConfig()
    const section: { update(changes: object): Promise<unknown> } = connect(service).config[name]
    const error = await rejection(section.update(changes))
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_USAGE', message })
    expect([service.requests.length, service.openSockets]).toEqual([0, 0])
  })

  it.each([
    [
      'service',
      { maxConcurrentOperations: 100 },
      /^service\.maxConcurrentOperations has had no effect since/,
    ],
    ['protocol', { maxProviderRequests: 25 }, /^protocol\.maxProviderRequests has had no effect since/],
    ['winrs', { maxShellRunTimeMs: 1 }, /^winrs\.maxShellRunTimeMs is read-only/],
  ] as const)(
    'refuses to change %s %j on a current host before anything is written',
    async (name, changes, message) => {
      const service = await startConfig()
      const section: { update(changes: object): Promise<unknown> } = connect(service).config[name]
      expect(await rejection(section.update(changes))).toMatchObject({
        code: 'ERR_WSMAN_SETTING_FIXED',
        message,
      })
      expect(service.actions).toEqual(['Get'])
    },
  )

  it('changes them on a host of the first version, which still takes them', async () => {
    const service = await startConfig({ config: bodyOf('ms-wsmv/4.2.1-Retrieving-Configuration/02.xml') })
    await connect(service).config.service.update({ maxConcurrentOperations: 50 })
    expect(service.requests[1]?.texts('MaxConcurrentOperations')).toEqual(['50'])
  })

  it('refuses what Group Policy holds, and takes the value it has', async () => {
    const config = bodyOf(RECORDED).replace('<cfg:MaxConnections>', '<cfg:MaxConnections Source="GPO">')
    const service = await startConfig({ config })
    const { config: remote } = connect(service)
    expect(await rejection(remote.service.update({ maxConnections: 5 }))).toMatchObject({
      code: 'ERR_WSMAN_SETTING_FIXED',
      message: 'service.maxConnections is set by Group Policy on the host, and can be changed there only.',
      host: '127.0.0.1',
    })
    await remote.service.update({ maxConnections: 300, allowUnencrypted: true })
    expect(service.actions).toEqual(['Get', 'Get', 'Put'])
  })
})
