import axios from 'axios'
import type { Readable, Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import {
  AbortError,
  associatorsOf,
  AuthenticationError,
  CommandError,
  cql,
  createCredential,
  createLimiter,
  EndpointReference,
  isWsmanError,
  isWsmanFault,
  metadataOf,
  PolicyError,
  ProtocolError,
  quickConfigScript,
  referencesOf,
  selectorFilter,
  sourceOf,
  TimeoutError,
  TransportError,
  UsageError,
  wql,
  WsmanClient,
  WsmanError,
  WsmanFault,
  xpath,
  type CallOptions,
  type ConfigPlan,
  type Enumeration,
  type EnumerateOptions,
  type IdentifyResult,
  type Instance,
  type RawValue,
  type RemoteCommand,
  type RunOptions,
  type Shell,
  type ShellInfo,
  type ShellOptions,
  type ShellPoolOptions,
  type ShellSessionManager,
  type WsmanClientOptions,
} from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'

/** A program as users write it from the documents alone: it compiles, and it does what they say. */

const endpointOptions = {
  listeners: [{ transport: 'HTTP', address: '127.0.0.1', port: 0 }, { transport: 'HTTPS' }],
  users: [{ username: 'alice', password: 'secret', domain: 'TEST' }],
  settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
  classes: [
    {
      name: 'Shop_Item',
      properties: {
        Name: { type: 'string', key: true },
        Price: 'uint32',
        Tags: { type: 'string', array: true },
      },
      instances: [
        { Name: 'apple', Price: 3, Tags: ['red', 'sweet'] },
        { Name: 'pear', Price: 4, Tags: [] },
      ],
      methods: { Sell: () => ({ ReturnValue: 0, Sold: 2 }) },
    },
  ],
  script: [{ match: { action: 'Delete', resourceUri: '*shop', nth: 99 }, delayMs: 1 }],
} satisfies EndpointOptions

let endpoint: Endpoint
let client: WsmanClient

beforeAll(async () => {
  endpoint = await startEndpoint(endpointOptions)
  client = new WsmanClient({ ...endpoint.clientOptions('alice') })
})
afterAll(async () => {
  await client.close()
  await client[Symbol.asyncDispose]()
  await endpoint.close()
})

describe('a client', () => {
  it('is made with every option there is', async () => {
    const options: WsmanClientOptions = {
      host: 'server01.example.com',
      transport: 'HTTPS',
      port: 5986,
      urlPrefix: 'wsman',
      auth: { scheme: 'negotiate', username: 'EXAMPLE\\alice', password: () => Promise.resolve('secret') },
      tls: { servername: 'server01', rejectUnauthorized: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
      proxy: 'http://proxy:3128',
      settings: {
        client: { networkDelayMs: 5000, trustedHosts: '*.example.com' },
        protocol: { maxTimeoutMs: 60_000 },
      },
      maxConnections: 4,
      connectTimeoutMs: 1000,
      inactivityTimeoutMs: 1000,
      retry: { attempts: 2, baseDelayMs: 1, maxDelayMs: 2 },
      locale: 'en-US',
      dataLocale: 'de-DE',
      spn: { service: 'HTTP', host: 'server01', port: 5986 },
      compatibility: 'windows',
      limiter: createLimiter(3),
      axios: axios.create(),
    }
    const made = new WsmanClient(options)
    expect([made.host, made.url]).toEqual(['server01.example.com', 'https://server01.example.com:5986/wsman'])
    const other = made.withHost('server02', { port: 443 })
    expect(other.url).toBe('https://server02:443/wsman')
    expectTypeOf(made).toExtend<AsyncDisposable>()
    await Promise.all([made.close(), other.close()])
    expect(() => new WsmanClient({ host: '::1', url: 'http://[::1]/wsman' })).toThrow(UsageError)
    expect(() => new WsmanClient({ host: 'x', compatibility: 'openwsman' as 'dmtf' })).toThrow(UsageError)
  })

  it.each<NonNullable<WsmanClientOptions['auth']>>([
    { scheme: 'none' },
    { username: 'alice', password: 'x' },
    { scheme: 'basic', username: 'alice', password: 'x' },
    { scheme: 'digest', username: 'alice', password: 'x', realm: 'r' },
    { scheme: 'ntlm', username: '.\\alice', password: 'x' },
    { scheme: 'kerberos' },
    {
      scheme: 'kerberos',
      username: 'a@R',
      password: 'x',
      keytab: '/k',
      ccache: '/c',
      realm: 'R',
      delegate: true,
    },
    createCredential({ scheme: 'ntlm', username: 'alice', password: 'x' }),
  ])('takes a credential: %#', async (auth) => {
    await new WsmanClient({ host: 'server01', auth }).close()
  })

  it('has calls that take CallOptions last', () => {
    expectTypeOf<keyof CallOptions>().toEqualTypeOf<
      | 'signal'
      | 'timeoutMs'
      | 'operationTimeoutMs'
      | 'locale'
      | 'dataLocale'
      | 'maxEnvelopeSizeKb'
      | 'optionSet'
    >()
    expectTypeOf<EnumerateOptions>().toExtend<CallOptions>()
    expectTypeOf<RunOptions>().toExtend<CallOptions>()
    type Last<F> = F extends (...args: infer A) => unknown
      ? Required<A> extends [...unknown[], infer L]
        ? L
        : never
      : never
    expectTypeOf<Last<WsmanClient['delete']>>().toEqualTypeOf<CallOptions>()
    expectTypeOf<CallOptions>().toExtend<NonNullable<Last<WsmanClient['identify']>>>()
    expectTypeOf<CallOptions>().toExtend<NonNullable<Last<WsmanClient['put']>>>()
    expectTypeOf<CallOptions>().toExtend<NonNullable<Last<WsmanClient['invoke']>>>()
    expectTypeOf<CallOptions>().toExtend<NonNullable<Last<WsmanClient['openShell']>>>()
  })
})

describe('resources', () => {
  const SHOP = 'wmicimv2/Shop_Item'
  const APPLE = `${SHOP}?Name=apple`

  it('identifies', async () => {
    const identity: IdentifyResult = await client.identify({ anonymous: false })
    expect(identity.protocolVersion).toBe('http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd')
    expect(Object.keys(identity)).toEqual(
      expect.arrayContaining(['protocolVersion', 'productVendor', 'productVersion', 'securityProfiles']),
    )
  })

  it('gets an instance that is nothing but its properties, in the order of the wire', async () => {
    const apple = await client.get(APPLE, { timeoutMs: 60_000, optionSet: { Anything: 'x' } })
    expectTypeOf(apple).toEqualTypeOf<Instance>()
    expectTypeOf(apple.Price).toExtend<RawValue | undefined>()
    expect(Object.entries(apple)).toEqual([
      ['Name', 'apple'],
      ['Price', '3'],
      ['Tags', ['red', 'sweet']],
    ])
    expect(JSON.stringify({ ...apple })).toBe('{"Name":"apple","Price":"3","Tags":["red","sweet"]}')
    const { className, namespaceUri, xmlName } = metadataOf(apple) ?? {}
    expect([className, xmlName]).toEqual(['Shop_Item', 'p:Shop_Item'])
    expect(namespaceUri).toBe('http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Shop_Item')
  })

  it('takes a locator, a fragment of one, and a listener by its aliases', async () => {
    const selectors = { Name: 'pear' }
    const resourceUri = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Shop_Item'
    expect(await client.get({ resourceUri, selectors })).toMatchObject({ Name: 'pear', Price: '4' })
    expect(await client.get({ resourceUri, selectors, fragment: 'Price/text()' })).toBe('4')
    const listener = await client.get('winrm/config/listener?Address=IP:127.0.0.1+Transport=HTTP')
    expect(listener.Port).toBe(String(endpoint.listeners[0]?.port))
  })

  it('puts, updates, creates, deletes and invokes', async () => {
    expect(await client.put(APPLE, { Name: 'apple', Price: 5 })).toMatchObject({ Price: '5' })
    expect(await client.update(APPLE, { Price: 6n })).toMatchObject({ Price: '6' })
    const reference = await client.create(SHOP, { Name: 'fig', Price: 9 })
    expect(reference).toBeInstanceOf(EndpointReference)
    expect(reference.selectors).toEqual({ Name: 'fig' })
    expect(await client.invoke(APPLE, 'Sell', { Count: 2 })).toEqual({ ReturnValue: '0', Sold: '2' })
    await client.delete(reference)
    expect(isWsmanFault(await client.get(reference).catch((error: unknown) => error))).toBe(true)
  })

  it('enumerates lazily, in three modes, as items, pages and a list', async () => {
    const filter = wql`SELECT Name FROM Shop_Item WHERE Price < ${5}`
    const items = client.enumerate('wmicimv2/*', {
      ...{ filter, mode: 'object', maxElements: 100, optimize: true, prefetch: 1, maxTimeMs: 5000 },
    })
    expectTypeOf(items).toEqualTypeOf<Enumeration<Instance>>()
    expectTypeOf(items).toExtend<AsyncIterable<Instance> & AsyncDisposable>()
    expect(await items.toArray()).toEqual([{ Name: 'pear' }])
    const pages: number[] = []
    for await (const page of client.enumerate(SHOP, { maxElements: 1 }).pages()) pages.push(page.length)
    expect(pages).toEqual([1, 1])
    expect(await client.enumerate(SHOP).toArray({ limit: 1 })).toHaveLength(1)
    const [reference] = await client.enumerate(SHOP, { mode: 'epr' }).toArray()
    expectTypeOf(reference).toEqualTypeOf<EndpointReference | undefined>()
    if (!reference) throw new Error('there was none')
    expect(await client.get(reference)).toMatchObject({ Name: 'apple' })
    const [both] = await client.enumerate(SHOP, { mode: 'objectAndEpr' }).toArray()
    expect([both?.object.Name, both?.reference.selectors]).toEqual(['apple', { Name: 'apple' }])
    const found = await client.enumerate(SHOP, { filter: selectorFilter({ Name: 'pear' }) }).toArray()
    expect(found.map(({ Name }) => Name)).toEqual(['pear'])
    for (const expression of [
      associatorsOf(reference, {}),
      referencesOf(reference, {}),
      xpath('..'),
      cql('SELECT * FROM Shop_Item'),
      { dialect: 'urn:dialect', text: 'x' },
    ] satisfies EnumerateOptions['filter'][]) {
      expect(client.enumerate(SHOP, { filter: expression })).toBeDefined()
    }
  })
})

describe.skipIf(process.platform === 'win32')('shells', () => {
  it('run, spawn and are listed', async () => {
    const options: ShellOptions = {
      ...{ workingDirectory: '/', environment: { GREETING: 'hi' }, codepage: 65001, noProfile: true },
      ...{ idleTimeoutMs: 60_000, lifetimeMs: 600_000, name: 'api' },
    }
    const shell: Shell = await client.openShell(options)
    const heard: string[] = []
    const result = await shell.run('cat; echo $GREETING', undefined, {
      input: 'in ',
      check: true,
      maxOutputBytes: 1000,
      onOutput: ({ text }) => heard.push(text),
      timeoutMs: 60_000,
      abortGraceMs: 2000,
    })
    expect(result).toEqual({
      host: '127.0.0.1',
      command: 'cat; echo $GREETING',
      exitCode: 0,
      stdout: 'in hi\n',
      stderr: '',
      durationMs: expect.any(Number) as number,
    })
    expect(heard.join('')).toBe('in hi\n')
    await expect(shell.run('exit 3', undefined, { check: true })).rejects.toThrow(CommandError)

    const command = await shell.spawn('cat', [], { stdout: 'pipe', stderr: 'ignore' })
    expectTypeOf(command.stdout).toExtend<Readable>()
    expectTypeOf(command.stdin).toExtend<Writable>()
    command.stdin.end('one\ntwo\n')
    const lines: string[] = []
    for await (const { stream, text } of command.lines()) lines.push(`${stream}: ${text}`)
    expect(lines).toEqual(['stdout: one', 'stdout: two'])
    expect(await command.exit).toEqual({ exitCode: 0 })

    const endless = await shell.spawn('exec sleep 1000')
    await endless.signal('ctrl_c')
    expectTypeOf<Parameters<RemoteCommand['signal']>[0]>().toEqualTypeOf<
      'ctrl_c' | 'ctrl_break' | 'terminate'
    >()
    expectTypeOf(await endless.exit).toEqualTypeOf<{ readonly exitCode: number }>()

    const open: ShellInfo[] = []
    for await (const info of client.shells()) open.push(info)
    expect(open.map(({ shellId, idleTimeoutMs }) => [shellId, idleTimeoutMs])).toEqual([
      [shell.shellId, 60_000],
    ])
    expectTypeOf(shell).toExtend<AsyncDisposable>()
    await shell.close()
    expect(endpoint.shells).toEqual([])
  })

  it('come by themselves for one command, and in a pool for many', async () => {
    expect((await client.run('echo', ['a b'])).stdout).toBe('a b\n')
    const options: ShellPoolOptions = { max: 2, idleMs: 60_000 }
    const pool: ShellSessionManager = client.shellPool(options)
    expect((await pool.run('echo pooled')).stdout).toBe('pooled\n')
    await pool.close()
    expectTypeOf<{ json: true; timeoutMs: 5 }>().toExtend<Parameters<WsmanClient['runPowerShell']>[1]>()
  })
})

describe('errors', () => {
  it('have one base, and what the documents name', async () => {
    const classes = [
      ...[WsmanFault, TransportError, AuthenticationError, PolicyError, ProtocolError, TimeoutError],
      ...[AbortError, CommandError, UsageError],
    ]
    for (const kind of classes) expect(kind.prototype).toBeInstanceOf(WsmanError)
    const fault: unknown = await client.get('wmicimv2/No_Such').catch((error: unknown) => error)
    if (!isWsmanFault(fault)) throw new Error('no fault')
    expect(isWsmanError(fault)).toBe(true)
    expect(isWsmanFault(fault, 'ERROR_WSMAN_RESOURCE_NOT_FOUND')).toBe(true)
    expect(isWsmanFault(fault, 'ERROR_WSMAN_QUOTA_MAX_SHELLS')).toBe(false)
    const { code, hint, host, operation, retryable, cause } = fault
    expect({ code, host, operation, retryable, cause }).toEqual({
      ...{ code: 'ERR_WSMAN_FAULT', host: '127.0.0.1', operation: 'Get', retryable: false, cause: undefined },
    })
    expect(hint).toMatch(/\w/)
    const { wsmanCode, wsmanName, faultCode, subcode, reason, detail, machine } = fault
    expect([wsmanCode, wsmanName, faultCode, subcode]).toEqual([
      ...[2150858752, 'ERROR_WSMAN_RESOURCE_NOT_FOUND', 'Sender', 'DestinationUnreachable'],
    ])
    for (const text of [reason, detail, machine]) expect(text).toMatch(/\w/)
    expect(fault.toJSON()).toMatchObject({ name: 'WsmanFault', code, wsmanCode, host })
  })

  it('of an abort say why and what is known of the other side', async () => {
    const error: unknown = await client
      .get('winrm/config', { signal: AbortSignal.abort('enough') })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: 'enough',
      remote: 'notStarted',
    })
    expectTypeOf<AbortError['remote']>().toEqualTypeOf<'stopped' | 'unknown' | 'notStarted'>()
  })

  it('of a policy come before any socket opens, with the line to add', async () => {
    const before = endpoint.requests.length
    const { port } = endpoint.clientOptions()
    const plain = new WsmanClient({
      ...{ host: '127.0.0.1', port, auth: { scheme: 'basic', username: 'alice', password: 'secret' } },
    })
    const error: unknown = await plain.identify().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(PolicyError)
    expect((error as PolicyError).hint).toContain('allowUnencrypted: true')
    expect(endpoint.requests).toHaveLength(before)
    await plain.close()
  })
})

describe('the configuration', () => {
  it('is read and planned, and so is access', async () => {
    const { config } = client
    const { service } = await config.get()
    expectTypeOf(service.maxConnections).toEqualTypeOf<number>()
    expect(sourceOf(service, 'allowUnencrypted')).toBe('local')
    const account = 'S-1-5-21-1-2-3-1001'
    const plans = [
      await config.plan({ service: { maxConnections: service.maxConnections } }),
      await config.quickConfig({ transport: 'HTTPS' }),
      await config.grantAccess({ account, rights: ['GR'] }),
      await config.revokeAccess({ account }),
      await config.grantWmiAccess({ account, namespace: 'root/cimv2' }),
    ]
    expectTypeOf(plans).toEqualTypeOf<ConfigPlan[]>()
    for (const plan of plans) {
      const json = JSON.parse(JSON.stringify(plan)) as object
      expect(Object.keys(json)).toEqual(['changed', 'changes', 'warnings'])
      expect(json).toEqual({ changed: plan.changed, changes: plan.changes, warnings: plan.warnings })
    }
    expect(quickConfigScript({ transport: 'HTTPS' })).toContain("$transport = 'HTTPS'")
  })
})

describe('the endpoint', () => {
  it('tells what arrived, and how clients reach it', async () => {
    const secure = new WsmanClient({
      ...endpoint.clientOptions('alice', { transport: 'https', scheme: 'ntlm' }),
    })
    await secure.identify()
    await secure.close()
    expect(endpoint.requests.at(-1)).toMatchObject({ action: 'Identify', status: 200 })
    expect(endpoint.clientOptions()).toMatchObject({
      host: '127.0.0.1',
      port: endpoint.listeners[0]?.port,
      auth: { username: expect.stringContaining('alice') as string, password: 'secret' },
      settings: { client: { allowUnencrypted: true } },
    })
    expect(endpoint.clientOptions('alice', { transport: 'https' }).tls?.fingerprint256).toBe(
      endpoint.listeners[1]?.fingerprint256,
    )
    expectTypeOf(endpoint).toExtend<AsyncDisposable>()
  })
})
