import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WsmanClient, type ConfigPlan, type DesiredConfig } from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { LONG_MS, until } from '../support/gates.js'
import { rejection } from '../support/scripted-service.js'
import { issue, thumbprintOf } from '../support/windows-host/certificates.js'

const codes = ({ warnings }: ConfigPlan): string[] => warnings.map(({ code, path }) => `${code} ${path}`)
const paths = ({ changes }: ConfigPlan): string[] => changes.map(({ action, path }) => `${action} ${path}`)

const OWN = { address: 'IP:127.0.0.1', transport: 'HTTP' } as const
const OTHER = { address: 'IP:127.0.0.2', transport: 'HTTP' } as const
const BASIC = { service: { auth: { basic: true }, allowUnencrypted: true } } as const

async function start(options: EndpointOptions = {}): Promise<{ endpoint: Endpoint; client: WsmanClient }> {
  const endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: BASIC,
    classes: [],
    ...options,
  })
  onTestFinished(() => endpoint.close())
  const client = new WsmanClient({ ...endpoint.clientOptions('alice'), retry: { attempts: 1 } })
  onTestFinished(() => client.close())
  return { endpoint, client }
}

const given = new Set<number>()

/** A port that nobody has, and that neither the system nor another test gives to anybody. */
async function freePort(host = '127.0.0.2'): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false))
      server.listen(port, host, () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (!isFree || given.has(port)) continue
    given.add(port)
    return port
  }
}

describe('a plan for the embedded endpoint', () => {
  it('gives it the configuration that was asked for, and nothing else; a second one is empty', async () => {
    const certificate = await issue({ name: 'server01' })
    const { client } = await start({
      certificates: [certificate],
      authorities: [certificate.authority],
    })
    const before = await client.config.get()
    const ports = [await freePort(), await freePort()] as const
    const desired: DesiredConfig = {
      protocol: { maxEnvelopeSizeKb: 600, maxTimeoutMs: 120_000 },
      client: { networkDelayMs: 6000, trustedHosts: 'a,*.b', auth: { digest: false } },
      winrs: { idleTimeoutMs: 3_600_000, maxShellsPerUser: 7 },
      service: {
        maxConnections: 400,
        enumerationTimeoutMs: 90_000,
        auth: { cbtHardeningLevel: 'Strict', certificate: true },
      },
      listeners: [
        { ...OTHER, port: ports[0], hostname: 'other', urlPrefix: 'manage' },
        {
          address: 'IP:127.0.0.2',
          transport: 'HTTPS',
          port: ports[1],
          hostname: 'server01',
          certificateThumbprint: certificate.thumbprint,
        },
      ],
      certMappings: [
        {
          issuer: thumbprintOf(certificate.authority),
          subject: 'alice@*',
          uri: '*',
          userName: 'alice',
          password: 'secret',
        },
      ],
      plugins: [{ name: 'WMI Provider', autoRestart: true }],
    }
    const plan = await client.config.plan(desired)
    expect(plan.warnings).toEqual([])
    await plan.apply()
    expect(plan.applied).toEqual(plan.changes)

    const after = await client.config.get()
    expect(after).toEqual({
      protocol: { ...before.protocol, ...desired.protocol },
      client: { ...before.client, ...desired.client, auth: { ...before.client.auth, digest: false } },
      winrs: { ...before.winrs, ...desired.winrs },
      service: {
        ...before.service,
        ...desired.service,
        auth: { ...before.service.auth, ...desired.service?.auth },
      },
    })
    const listeners = await client.config.listeners.enumerate().toArray()
    expect(listeners).toMatchObject([{ ...OWN, enabled: true }, ...(desired.listeners ?? [])])
    expect(await client.config.certMappings.enumerate().toArray()).toMatchObject([
      { subject: 'alice@*', userName: 'alice', enabled: true },
    ])
    expect(await client.config.plugins.get({ name: 'WMI Provider' })).toMatchObject({ autoRestart: true })

    expect(await client.config.plan(desired)).toMatchObject({ changed: false, changes: [], warnings: [] })
  })

  it('takes away only what it is asked to, after what is new', async () => {
    const { endpoint, client } = await start()
    const [port, another] = [await freePort(), await freePort()]
    await client.config.listeners.create({ ...OTHER, port })
    await client.config.listeners.create({ address: 'IP:127.0.0.3', transport: 'HTTP', port: another })

    expect(await client.config.plan({ listeners: [OTHER] })).toMatchObject({ changed: false })
    const plan = await client.config.plan({
      listeners: [
        { ...OTHER, ensure: 'absent' },
        { address: 'IP:127.0.0.4', transport: 'HTTP', port: await freePort('127.0.0.4') },
      ],
      winrs: { maxShellsPerUser: 9 },
    })
    const names: string[] = []
    await plan.apply({ onProgress: ({ name, status }) => status === 'done' && names.push(name) })
    expect(names).toEqual([
      'change winrs',
      'add listeners[IP:127.0.0.4+HTTP]',
      'remove listeners[IP:127.0.0.2+HTTP]',
    ])
    expect(endpoint.listeners.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.3', '127.0.0.4'])
  })

  it('tells what is held by policy, read-only or deprecated, and does the rest', async () => {
    const { client } = await start({
      policy: { service: { maxConnections: 77 }, winrs: { allowRemoteShellAccess: false } },
    })
    const plan = await client.config.plan({
      protocol: { maxProviderRequests: 25 },
      service: { maxConnections: 5, maxConcurrentOperations: 10, enumerationTimeoutMs: 90_000 },
      winrs: { allowRemoteShellAccess: true, maxShellRunTimeMs: 1000 },
    })
    expect(codes(plan)).toEqual([
      'deprecated protocol.maxProviderRequests',
      'policy winrs.allowRemoteShellAccess',
      'readOnly winrs.maxShellRunTimeMs',
      'policy service.maxConnections',
      'deprecated service.maxConcurrentOperations',
    ])
    expect(paths(plan)).toEqual(['set service.enumerationTimeoutMs'])
    await plan.apply()
    const { service, winrs } = await client.config.get()
    expect([service.enumerationTimeoutMs, service.maxConnections]).toEqual([90_000, 77])
    expect(winrs.allowRemoteShellAccess).toBe(false)
  })

  it('says what was done when it is aborted in the middle', async () => {
    const { endpoint, client } = await start({
      script: [{ match: { action: 'Put', nth: 2 }, delayMs: LONG_MS }],
    })
    const controller = new AbortController()
    const desired: DesiredConfig = {
      client: { networkDelayMs: 6000 },
      winrs: { maxShellsPerUser: 9 },
      service: { maxConnections: 5 },
    }
    const plan = await client.config.plan(desired)
    const reports: string[] = []
    const applying = plan.apply({
      signal: controller.signal,
      onProgress: ({ name, status }) => reports.push(`${name} ${status}`),
    })
    const outcome = rejection(applying)
    await until(() => endpoint.requests.filter(({ action = '' }) => action.endsWith('/Put')).length === 2)
    controller.abort()
    expect(await outcome).toMatchObject({ name: 'AbortError' })
    expect(reports).toEqual([
      'change client started',
      'change client done',
      'change winrs started',
      'change winrs failed',
    ])
    expect(plan.applied.map(({ path }) => path)).toEqual(['client.networkDelayMs'])
    const { client: settings, service } = await client.config.get()
    expect([settings.networkDelayMs, service.maxConnections]).toEqual([6000, 300])
    expect(await rejection(plan.apply())).toMatchObject({ code: 'ERR_WSMAN_USAGE' })
    await (await client.config.plan(desired)).apply()
    expect((await client.config.get()).service.maxConnections).toBe(5)
  })
})

describe('a plan that would cut the connection off', () => {
  /** What a new client of the same account meets. */
  const CUT_OFF = {
    name: expect.stringMatching(/^(TransportError|AuthenticationError|WsmanFault)$/) as string,
  }

  it.each<[string, DesiredConfig, string]>([
    [
      'its listener is taken away',
      { listeners: [{ ...OWN, ensure: 'absent' }] },
      'listeners[IP:127.0.0.1+HTTP]',
    ],
    [
      'its listener is switched off',
      { listeners: [{ ...OWN, enabled: false }] },
      'listeners[IP:127.0.0.1+HTTP]',
    ],
    [
      'its listener gets another path',
      { listeners: [{ ...OWN, urlPrefix: 'x' }] },
      'listeners[IP:127.0.0.1+HTTP]',
    ],
    ['its scheme is switched off', { service: { auth: { basic: false } } }, 'service.auth.basic'],
    ['plaintext is forbidden', { service: { allowUnencrypted: false } }, 'service.allowUnencrypted'],
    ['the filter leaves it out', { service: { ipv4Filter: '10.0.0.1-10.0.0.9' } }, 'service.ipv4Filter'],
    [
      'the descriptor lets nobody in',
      { service: { rootSddl: 'O:NSG:BAD:P(D;;GA;;;BG)S:P(AU;FA;GA;;;WD)' } },
      'service.rootSddl',
    ],
    [
      'the descriptor lets only the system in',
      { service: { rootSddl: 'O:NSG:BAD:P(A;;GA;;;SY)S:P(AU;FA;GA;;;WD)' } },
      'service.rootSddl',
    ],
  ])('is refused without force, and does it with force: %s', async (_, desired, path) => {
    const { endpoint, client } = await start()
    const plan = await client.config.plan(desired)
    expect(codes(plan)).toEqual([`disconnects ${path}`])
    const writes = () =>
      endpoint.requests.filter(({ action = '' }) => /\/(Put|Delete|Create)$/.test(action)).length
    expect(await rejection(plan.apply())).toMatchObject({
      code: 'ERR_WSMAN_FORCE_NEEDED',
      message: plan.warnings.map(({ message }) => message).join(' '),
    })
    expect(writes()).toBe(0)
    const options = endpoint.clientOptions('alice')
    await plan.apply({ force: true })
    expect(writes()).toBe(1)
    // The warning was right.
    const next = new WsmanClient({ ...options, retry: { attempts: 1 } })
    onTestFinished(() => next.close())
    expect(await rejection(next.get('winrm/config'))).toMatchObject(CUT_OFF)
  })

  it('is refused where remote access is switched off, which a test on one machine cannot feel', async () => {
    const { client } = await start()
    const plan = await client.config.plan({ service: { allowRemoteAccess: false } })
    expect(codes(plan)).toEqual(['disconnects service.allowRemoteAccess'])
    expect(await rejection(plan.apply())).toMatchObject({ code: 'ERR_WSMAN_FORCE_NEEDED' })
    await plan.apply({ force: true })
    expect((await client.config.get()).service.allowRemoteAccess).toBe(false)
  })

  it('is refused where listeners conflict', async () => {
    const { endpoint, client } = await start()
    const [{ port } = { port: 0 }] = endpoint.listeners
    const plan = await client.config.plan({ listeners: [{ ...OTHER, port }] })
    expect(codes(plan)).toEqual(['conflict listeners[IP:127.0.0.2+HTTP]'])
    expect(await rejection(plan.apply())).toMatchObject({ code: 'ERR_WSMAN_FORCE_NEEDED' })
    await plan.apply({ force: true })
    expect(endpoint.listeners.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.2'])
  })

  it('is none where the descriptor gives and does not take', async () => {
    const { client } = await start()
    const { rootSddl } = (await client.config.get()).service
    const wider = rootSddl.replace('(A;;GR;;;IU)', '(A;;GRGX;;;IU)(A;;GA;;;RM)')
    expect(wider).not.toBe(rootSddl)
    const plan = await client.config.plan({ service: { rootSddl: wider } })
    expect(plan).toMatchObject({ changed: true, warnings: [] })
    await plan.apply()
    const narrower = await client.config.plan({ service: { rootSddl } })
    expect(narrower.warnings).toMatchObject([
      {
        path: 'service.rootSddl',
        message:
          String.raw`The new descriptor takes GXGWGR from BUILTIN\Remote Management Users, takes GX from NT AUTHORITY\Interactive. ` +
          'If that is what lets this client in, this connection would be cut off.',
      },
    ])
  })
})
