import { expect, it } from 'vitest'
import type { ConfigPlan } from '../../../src/config/plan.js'
import type { DesiredConfig } from '../../../src/config/plan-config.js'
import { connect, CUT, rejection, windowsFault } from '../../support/scripted-service.js'
import { describeWithShared } from '../../support/shared.js'
import { bodyOf, RECORDED, startConfig, type ConfigFacts, type ListenerText } from './service.js'

const THUMBPRINT = '0123456789abcdef0123456789abcdef01234567'

interface Circumstances extends Omit<ConfigFacts, 'listeners'> {
  /** @param port that of the service, which the listener in use has */
  readonly listeners?: (port: number) => readonly ListenerText[]
}

async function start({ listeners = (port) => [{ port }], ...facts }: Circumstances = {}) {
  let port = 0
  const service = await startConfig({ ...facts, listeners: () => listeners(port) })
  port = service.port
  return { service, config: connect(service).config }
}

const codes = ({ warnings }: ConfigPlan): string[] => warnings.map(({ code, path }) => `${code} ${path}`)

describeWithShared('corpus', 'a plan', () => {
  it('is plain JSON that says what would change, and changes nothing', async () => {
    const { service, config } = await start()
    const plan = await config.plan({
      protocol: { maxBatchItems: 20 },
      service: { maxConnections: 400, auth: { basic: true, kerberos: false } },
      winrs: { idleTimeoutMs: 7_200_000 },
    })
    expect(JSON.parse(JSON.stringify(plan))).toEqual({
      changed: true,
      changes: [
        { path: 'protocol.maxBatchItems', action: 'set', from: 32_000, to: 20 },
        { path: 'service.maxConnections', action: 'set', from: 300, to: 400 },
        { path: 'service.auth.kerberos', action: 'set', from: true, to: false },
      ],
      warnings: [],
    })
    expect(service.actions.filter((action) => action === 'Put')).toEqual([])
  })

  it('of what is there already has no changes, reads no policies and does nothing', async () => {
    const { service, config } = await start()
    const plan = await config.plan({
      service: { maxConnections: 300 },
      listeners: [{ address: '*', transport: 'HTTP', enabled: true }],
    })
    expect(plan).toMatchObject({ changed: false, changes: [], warnings: [] })
    await plan.apply()
    expect(service.actions).toEqual(['Get', 'Enumerate'])
  })

  it('tells what the host would not let be changed, and leaves it out', async () => {
    const config = bodyOf(RECORDED).replace(
      '<cfg:Basic>true</cfg:Basic><cfg:Kerberos>',
      '<cfg:Basic Source="GPO">true</cfg:Basic><cfg:Kerberos>',
    )
    const test = await start({ config })
    const plan = await test.config.plan({
      protocol: { maxProviderRequests: 25 },
      service: { auth: { basic: false }, maxConcurrentOperations: 5, maxConnections: 5 },
      winrs: { maxShellRunTimeMs: 1000 },
    })
    expect(plan.changes.map(({ path }) => path)).toEqual(['service.maxConnections'])
    expect(codes(plan)).toEqual([
      'deprecated protocol.maxProviderRequests',
      'readOnly winrs.maxShellRunTimeMs',
      'policy service.auth.basic',
      'deprecated service.maxConcurrentOperations',
    ])
    await plan.apply()
    expect(test.service.of('Put').map((put) => put.texts('MaxConnections'))).toEqual([['5']])
  })

  it('knows from the registry what Group Policy holds, where that may be read', async () => {
    const names = (...values: string[]): string =>
      '<p:EnumValues_OUTPUT xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/default/StdRegProv">' +
      `${values.map((value) => `<p:sNames>${value}</p:sNames>`).join('')}<p:ReturnValue>0</p:ReturnValue></p:EnumValues_OUTPUT>`
    const none =
      '<p:EnumValues_OUTPUT xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/default/StdRegProv">' +
      '<p:ReturnValue>2</p:ReturnValue></p:EnumValues_OUTPUT>'
    const { service, config } = await start({
      script: {
        EnumValues: [
          none,
          names('AllowUnencryptedTraffic', 'CBTHardeningLevel', 'cbthardeninglevelstatus'),
          names('IdleTimeout'),
        ],
      },
    })
    const plan = await config.plan({
      service: { allowUnencrypted: true, auth: { cbtHardeningLevel: 'None' }, maxConnections: 5 },
      winrs: { idleTimeoutMs: 60_000 },
    })
    expect(plan.changes.map(({ path }) => path)).toEqual(['service.maxConnections'])
    expect(codes(plan)).toEqual([
      'policy winrs.idleTimeoutMs',
      'policy service.allowUnencrypted',
      'policy service.auth.cbtHardeningLevel',
    ])
    expect(
      service.of('EnumValues').map((request) => [request.texts('hDefKey'), request.texts('sSubKeyName')]),
    ).toEqual(
      ['Client', 'Service', String.raw`Service\WinRS`].map((key) => [
        ['2147483650'],
        [String.raw`SOFTWARE\Policies\Microsoft\Windows\WinRM` + `\\${key}`],
      ]),
    )
  })

  it('goes without policies where the method refuses to tell them', async () => {
    const refused =
      '<p:EnumValues_OUTPUT xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/default/StdRegProv">' +
      '<p:ReturnValue>5</p:ReturnValue></p:EnumValues_OUTPUT>'
    const { service, config } = await start({ script: { EnumValues: refused } })
    const plan = await config.plan({ service: { maxConnections: 5 } })
    expect([plan.changes.length, plan.warnings]).toEqual([1, []])
    expect(service.of('EnumValues')).toHaveLength(1)
  })

  it('does not take a lost connection for a lack of policies', async () => {
    const { config } = await start({ script: { EnumValues: CUT } })
    expect(await rejection(config.plan({ service: { maxConnections: 5 } }))).toMatchObject({
      code: 'ERR_WSMAN_SOCKET',
    })
  })

  it.each<[DesiredConfig, string]>([
    [
      { service: { maxConnections: 0 }, winrs: { idleTimeoutMs: -1 } },
      'service.maxConnections must be between 1 and',
    ],
    [
      { service: { maxConnections: 0 }, winrs: { idleTimeoutMs: -1 } },
      'winrs.idleTimeoutMs must be between 0 and',
    ],
    [{ services: {} } as object, 'services is no setting'],
    [{ listeners: [{ address: '*', transport: 'HTTP', port: 0 }] }, 'port must be between 1 and 65535'],
    [{ listeners: [{ address: '*', transport: 'FTP' }] }, 'transport must be one of HTTP, HTTPS'],
    [{ listeners: [{ address: '*' } as never] }, 'A listener is named by address, transport.'],
    [{ listeners: [{ address: '*', transport: 'HTTP', color: 1 } as never] }, 'color is no setting'],
    [
      { listeners: [{ address: '*', transport: 'HTTP', ensure: 'gone' as never }] },
      "listeners[0].ensure must be 'present' or 'absent'.",
    ],
    [{ listeners: {} as never }, 'listeners must be a list.'],
    [
      {
        listeners: [
          { address: '*', transport: 'HTTP' },
          { address: '*', transport: 'HTTP', port: 80 },
        ],
      },
      'listeners[*+HTTP] is asked for twice.',
    ],
  ])('refuses %j before anything is sent', async (desired, message) => {
    const { service, config } = await start()
    const error = await rejection(config.plan(desired))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_USAGE' })
    expect(String(error)).toContain(message)
    expect(service.requests).toEqual([])
  })

  it('passes on what is valid and may not do what it seems to', async () => {
    const { config } = await start()
    const plan = await config.plan({ client: { trustedHosts: '*' } })
    expect(plan.warnings).toEqual([
      {
        code: 'dubious',
        path: 'client.trustedHosts',
        message: expect.stringContaining("'*'") as string,
        needsForce: false,
      },
    ])
    await plan.apply()
  })
})

describeWithShared('corpus', 'a plan of listeners', () => {
  const https = { address: '*', transport: 'HTTPS', certificateThumbprint: THUMBPRINT } as const

  it('makes what is missing, changes what differs, and takes away only what it is asked to', async () => {
    const { service, config } = await start({
      listeners: (port) => [
        { port },
        { address: 'IP:10.0.0.1', port: 8080, hostname: 'a' },
        { address: 'IP:10.0.0.2', port: 8081, hostname: 'b' },
      ],
    })
    const plan = await config.plan({
      listeners: [
        { ...https, hostname: 'server01' },
        { address: 'ip:10.0.0.1', transport: 'HTTP', port: 8090 },
        { address: 'IP:10.0.0.2', transport: 'HTTP', ensure: 'absent' },
        { address: 'IP:10.0.0.9', transport: 'HTTP', ensure: 'absent' },
      ],
    })
    expect(plan.changes).toMatchObject([
      { path: 'listeners[*+HTTPS]', action: 'add', from: null, to: { ...https, hostname: 'server01' } },
      { path: 'listeners[ip:10.0.0.1+HTTP].port', action: 'set', from: 8080, to: 8090 },
      { path: 'listeners[IP:10.0.0.2+HTTP]', action: 'remove', to: null },
    ])
    expect(plan.warnings).toEqual([])
    await plan.apply()
    const writes = service.requests.filter(({ action }) => ['Create', 'Put', 'Delete'].includes(action))
    expect(writes.map(({ action, ...request }) => [action, request])).toHaveLength(3)
    const [create, put, remove] = writes
    expect(
      create?.elements('Selector').map((selector) => [selector.attributes.Name, selector.children[0]]),
    ).toEqual([
      ['Address', '*'],
      ['Transport', 'HTTPS'],
    ])
    expect(
      create?.elements('Listener')[0]?.children.map((child) => (child as { name: string }).name),
    ).toEqual(
      ['Hostname', 'CertificateThumbprint'].map(
        (name) => `{http://schemas.microsoft.com/wbem/wsman/1/config/listener}${name}`,
      ),
    )
    expect(put?.action).toBe('Put')
    expect(put?.texts('Port')).toEqual(['8090'])
    expect(put?.texts('ListeningOn')).toEqual([])
    expect(put?.attribute('Listener', '{http://www.w3.org/XML/1998/namespace}lang')).toBe('en-US')
    expect([remove?.action, remove?.texts('Selector')]).toEqual(['Delete', ['IP:10.0.0.2', 'HTTP']])
  })

  it('leaves what is not said of a new one to the host, its certificate too (MS-WSMV 3.1.4.1.29.5)', async () => {
    const { service, config } = await start()
    const plan = await config.plan({ listeners: [{ address: '*', transport: 'HTTPS' }] })
    await plan.apply()
    expect(service.of('Create').map((create) => create.elements('Listener')[0]?.children)).toEqual([[]])
  })

  it('compares thumbprints as what they are', async () => {
    const { config } = await start({
      listeners: (port) => [
        { port },
        {
          transport: 'HTTPS',
          port: 5986,
          thumbprint: '01 23 45 67 89 AB CD EF 01 23 45 67 89 AB CD EF 01 23 45 67',
        },
      ],
    })
    expect((await config.plan({ listeners: [https] })).changed).toBe(false)
  })

  it('leaves those of Group Policy alone', async () => {
    const { config } = await start({ listeners: (port) => [{ port, source: 'GPO' }] })
    const plan = await config.plan({ listeners: [{ address: '*', transport: 'HTTP', urlPrefix: 'other' }] })
    expect(plan.changed).toBe(false)
    expect(codes(plan).filter((text) => text.startsWith('policy'))).toEqual([
      'policy listeners[*+HTTP].urlPrefix',
    ])
  })
})

describeWithShared('corpus', 'a plan that would cut this connection off', () => {
  const ours = { address: '*', transport: 'HTTP' } as const
  it.each<[string, DesiredConfig, string[]]>([
    [
      'its listener is taken away',
      { listeners: [{ ...ours, ensure: 'absent' }] },
      ['disconnects listeners[*+HTTP]'],
    ],
    [
      'its listener is switched off',
      { listeners: [{ ...ours, enabled: false }] },
      ['disconnects listeners[*+HTTP]'],
    ],
    [
      'its listener goes to another port',
      { listeners: [{ ...ours, port: 1 }] },
      ['disconnects listeners[*+HTTP]'],
    ],
    [
      'its listener gets another path',
      { listeners: [{ ...ours, urlPrefix: 'x' }] },
      ['disconnects listeners[*+HTTP]'],
    ],
    [
      'plaintext is forbidden',
      { service: { allowUnencrypted: false } },
      ['disconnects service.allowUnencrypted'],
    ],
    [
      'remote access is switched off',
      { service: { allowRemoteAccess: false } },
      ['disconnects service.allowRemoteAccess'],
    ],
    [
      'the filter leaves us out',
      { service: { ipv4Filter: '10.0.0.1-10.0.0.9' } },
      ['disconnects service.ipv4Filter'],
    ],
    ['the filter leaves everybody out', { service: { ipv4Filter: '' } }, ['disconnects service.ipv4Filter']],
    ['the other filter is another matter', { service: { ipv6Filter: '' } }, []],
    ['the filter lets us in', { service: { ipv4Filter: '127.0.0.1-127.0.0.1' } }, []],
    ['another scheme is switched off', { service: { auth: { kerberos: false } } }, []],
  ])('%s', async (_, desired, expected) => {
    const config = bodyOf(RECORDED).replace(
      /(<cfg:AllowUnencrypted>)false(<\/cfg:AllowUnencrypted><cfg:Auth><cfg:Basic>true<\/cfg:Basic><cfg:Kerberos>)/,
      '$1true$2',
    )
    const { service, config: remote } = await start({ config })
    const plan = await remote.plan(desired)
    expect(codes(plan)).toEqual(expected)
    expect(plan.changed).toBe(true)
    if (expected.length === 0) return
    expect(await rejection(plan.apply())).toMatchObject({
      code: 'ERR_WSMAN_FORCE_NEEDED',
      message: plan.warnings.map(({ message }) => message).join(' '),
    })
    expect(service.requests.filter(({ action }) => ['Put', 'Delete'].includes(action))).toEqual([])
    await plan.apply({ force: true })
    expect(service.requests.filter(({ action }) => ['Put', 'Delete'].includes(action))).toHaveLength(1)
  })

  it('its scheme is switched off', async () => {
    const { service } = await start()
    const { config } = connect(service, { auth: { scheme: 'basic', username: 'alice', password: 'secret' } })
    const plan = await config.plan({ service: { auth: { basic: false } } })
    expect(codes(plan)).toEqual(['disconnects service.auth.basic'])
  })

  it('is none where another listener serves it, too', async () => {
    const { config } = await start({
      listeners: (port) => [
        { port },
        { port, address: 'IP:127.0.0.1', listeningOn: ['127.0.0.1'], hostname: 'x' },
      ],
    })
    const plan = await config.plan({ listeners: [{ ...ours, ensure: 'absent' }] })
    expect(codes(plan)).toEqual([])
  })

  it('counts every listener of its transport where none has its port', async () => {
    const { config } = await start({ listeners: () => [{ port: 5985 }] })
    const plan = await config.plan({ listeners: [{ ...ours, ensure: 'absent' }] })
    expect(codes(plan)).toEqual(['disconnects listeners[*+HTTP]'])
  })

  it('is done last, and may leave what became of it unknown', async () => {
    const { service, config } = await start({
      listeners: (port) => [{ port }, { address: 'IP:10.0.0.2', port: 8081 }],
      script: { Delete: ['', CUT] },
    })
    const plan = await config.plan({
      service: { allowRemoteAccess: false, maxConnections: 5 },
      winrs: { idleTimeoutMs: 60_000 },
      listeners: [
        { ...ours, ensure: 'absent' },
        { address: 'IP:10.0.0.2', transport: 'HTTP', ensure: 'absent' },
        { address: '*', transport: 'HTTPS', certificateThumbprint: THUMBPRINT },
      ],
    })
    const reports: string[] = []
    await plan.apply({
      force: true,
      onProgress: ({ step, of, name, status }) => reports.push(`${step}/${of} ${name} ${status}`),
    })
    expect(reports).toEqual([
      '1/5 change winrs started',
      '1/5 change winrs done',
      '2/5 add listeners[*+HTTPS] started',
      '2/5 add listeners[*+HTTPS] done',
      '3/5 remove listeners[IP:10.0.0.2+HTTP] started',
      '3/5 remove listeners[IP:10.0.0.2+HTTP] done',
      '4/5 change service started',
      '4/5 change service done',
      '5/5 remove listeners[*+HTTP] started',
      '5/5 remove listeners[*+HTTP] unconfirmed',
    ])
    expect(service.complaints).toEqual([])
  })
})

describeWithShared('corpus', 'listeners that conflict', () => {
  it.each<[string, DesiredConfig['listeners'], string[]]>([
    [
      'one port, no hostname',
      [{ address: 'IP:10.0.0.1', transport: 'HTTP', port: 8080 }],
      ['conflict listeners[IP:10.0.0.1+HTTP]'],
    ],
    ['another hostname', [{ address: 'IP:10.0.0.1', transport: 'HTTP', port: 8080, hostname: 'a' }], []],
    ['another port', [{ address: 'IP:10.0.0.1', transport: 'HTTP', port: 8081 }], []],
    ['one that is off', [{ address: 'IP:10.0.0.1', transport: 'HTTP', port: 8080, enabled: false }], []],
    [
      'a new one on its default port',
      [
        { address: 'IP:10.0.0.1', transport: 'HTTP' },
        { address: 'IP:10.0.0.3', transport: 'HTTP', port: 5985 },
      ],
      ['conflict listeners[IP:10.0.0.3+HTTP]'],
    ],
    [
      'one that leaves, another that comes',
      [
        { address: 'IP:10.0.0.2', transport: 'HTTP', ensure: 'absent' },
        { address: 'IP:10.0.0.1', transport: 'HTTP', port: 8080 },
      ],
      [],
    ],
  ])('%s', async (_, listeners, expected) => {
    const { config } = await start({
      listeners: (port) => [{ port }, { address: 'IP:10.0.0.2', port: 8080 }],
    })
    const plan = await config.plan({ listeners })
    expect(codes(plan)).toEqual(expected)
  })

  it('are no news where they conflict already', async () => {
    const { config } = await start({
      listeners: (port) => [
        { port },
        { address: 'IP:10.0.0.2', port: 8080 },
        { address: 'IP:10.0.0.3', port: 8080 },
      ],
    })
    expect(codes(await config.plan({ service: { maxConnections: 5 } }))).toEqual([])
  })

  it('are replaced with the old one gone before the new one comes', async () => {
    const { service, config } = await start({
      listeners: (port) => [{ port }, { address: 'IP:10.0.0.2', port: 8080 }],
    })
    const plan = await config.plan({
      listeners: [
        { address: 'IP:10.0.0.1', transport: 'HTTP', port: 8080 },
        { address: 'IP:10.0.0.2', transport: 'HTTP', ensure: 'absent' },
      ],
    })
    await plan.apply()
    expect(service.actions.slice(-2)).toEqual(['Delete', 'Create'])
  })
})

describeWithShared('corpus', 'applying a plan', () => {
  it('stops at the step that fails, and says which', async () => {
    const { service, config } = await start({ script: { Put: ['', windowsFault(2_150_858_890)] } })
    const plan = await config.plan({
      protocol: { maxBatchItems: 5 },
      client: { networkDelayMs: 600 },
      winrs: { idleTimeoutMs: 60_000 },
    })
    const reports: string[] = []
    const error = await rejection(
      plan.apply({ onProgress: ({ name, status }) => reports.push(`${name} ${status}`) }),
    )
    expect(error).toMatchObject({
      wsmanName: 'ERROR_WSMAN_CONFIG_CANNOT_CHANGE_GPO_CONTROLLED_SETTING',
      hint: 'Group Policy holds this setting: change it there.',
    })
    expect(reports).toEqual([
      'change protocol started',
      'change protocol done',
      'change client started',
      'change client failed',
    ])
    expect(service.of('Put')).toHaveLength(2)
  })

  it('is an iteration, too, which may be left', async () => {
    const { service, config } = await start()
    const plan = await config.plan({ protocol: { maxBatchItems: 5 }, client: { networkDelayMs: 600 } })
    for await (const { status, changes } of plan.steps()) {
      if (status !== 'done') continue
      expect(changes).toEqual([{ path: 'protocol.maxBatchItems', action: 'set', from: 32_000, to: 5 }])
      break
    }
    expect(service.of('Put')).toHaveLength(1)
    expect(await rejection(plan.apply())).toMatchObject({
      message: 'The plan has been applied; make a new one.',
    })
  })

  it('has one deadline and one signal for all of it', async () => {
    const { service, config } = await start()
    const plan = await config.plan({ protocol: { maxBatchItems: 5 }, client: { networkDelayMs: 600 } })
    const controller = new AbortController()
    const applied = plan.apply({
      signal: controller.signal,
      onProgress: ({ status }) => {
        if (status === 'done') controller.abort()
      },
    })
    expect(await rejection(applied)).toMatchObject({ code: 'ABORT_ERR' })
    expect(service.of('Put')).toHaveLength(1)
  })
})
