import { randomInt } from 'node:crypto'
import { createServer, connect } from 'node:net'
import http from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { makeCertificate } from '../../../src/testing/certificate.js'
import { select, textOf } from '../../support/xml-compare.js'
import {
  ACTIONS,
  basic,
  enumerateBody,
  faultOf,
  send,
  soap,
  textAt,
  type RawReply,
  type RequestParts,
} from './support/raw-client.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'
const LISTENER = `${CONFIG}/listener`
const HTTP = { Address: 'IP:127.0.0.1', Transport: 'HTTP' }
const OTHER = { Address: 'IP:127.0.0.2', Transport: 'HTTP' }
const HTTPS = { Address: 'IP:127.0.0.2', Transport: 'HTTPS' }
const headers = { Authorization: basic('alice', 'secret') }

let endpoint: Endpoint
afterEach(() => endpoint.close())
const start = async (options: EndpointOptions = {}): Promise<void> => {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
    ...options,
  })
}

const ask = (parts: RequestParts, url = endpoint.url): Promise<RawReply> =>
  send(url, soap({ resourceUri: LISTENER, ...parts }), { headers })
const body = (members: string, namespace = LISTENER): string =>
  `<c:Listener xmlns:c="${namespace}">${members}</c:Listener>`
const create = (selectors: Readonly<Record<string, string>>, members = ''): Promise<RawReply> =>
  ask({ action: ACTIONS.create, selectors, body: body(members) })
const putService = (members: string): Promise<RawReply> =>
  ask({
    action: ACTIONS.put,
    resourceUri: `${CONFIG}/service`,
    body: `<c:Service xmlns:c="${CONFIG}/service">${members}</c:Service>`,
  })
const listeningOn = async (selectors: Readonly<Record<string, string>>): Promise<string[]> =>
  select((await ask({ selectors })).xml, 'Body', 'Listener', 'ListeningOn').map(textOf)

/** A port that nobody has, and that the system gives to nobody who asks for any. */
async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false))
      server.listen(port, host, () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return port
  }
}

const isOpen = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

describe('Create', () => {
  it('opens a listener, which Get, Enumerate and the endpoint show', async () => {
    await start()
    const port = await freePort('127.0.0.2')
    const reply = await create(OTHER, `<c:Port>${port}</c:Port><c:URLPrefix>other/path</c:URLPrefix>`)
    expect(reply.status).toBe(200)
    const created = ['Body', 'ResourceCreated', 'ReferenceParameters'] as const
    expect(textAt(reply.xml, ...created, 'ResourceURI')).toBe(LISTENER)
    expect(
      select(reply.xml, ...created, 'SelectorSet', 'Selector').map((one) => [
        one.attributes.Name,
        textOf(one),
      ]),
    ).toEqual([
      ['Address', 'IP:127.0.0.2'],
      ['Transport', 'HTTP'],
    ])
    const url = `http://127.0.0.2:${port}/other/path`
    expect(endpoint.listeners[1]).toEqual({
      transport: 'HTTP',
      address: '127.0.0.2',
      port,
      urlPrefix: 'other/path',
      url,
    })
    const shown = await ask({ selectors: OTHER }, url)
    expect(textAt(shown.xml, 'Body', 'Listener', 'Port')).toBe(String(port))
    expect(textAt(shown.xml, 'Body', 'Listener', 'ListeningOn')).toBe('127.0.0.2')
    const optimized = '<w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements>'
    const all = await ask({ action: ACTIONS.enumerate, body: enumerateBody(optimized) })
    expect(select(all.xml, 'Body', 'EnumerateResponse', 'Items', 'Listener')).toHaveLength(2)
  })

  it('opens HTTPS with the certificate that bears the name', async () => {
    const certificate = await makeCertificate('server01')
    await start({ certificates: [certificate] })
    const port = await freePort('127.0.0.2')
    const members = `<c:Port>${port}</c:Port><c:Hostname>server01</c:Hostname>`
    expect((await create(HTTPS, members)).status).toBe(200)
    const shown = await ask({ selectors: HTTPS }, `https://127.0.0.2:${port}/wsman`)
    expect(textAt(shown.xml, 'Body', 'Listener', 'CertificateThumbprint')).toMatch(/^[0-9A-F]{40}$/)
    expect(endpoint.listeners[1]?.fingerprint256).toMatch(/^[0-9A-F:]{95}$/)
  })

  it('takes the default port of the transport where none is given', async () => {
    const defaultPorts = { http: await freePort('127.0.0.2'), https: await freePort('127.0.0.2') }
    await start({
      certificates: [await makeCertificate('server01')],
      settings: { service: { auth: { basic: true }, allowUnencrypted: true, defaultPorts } },
    })
    expect((await create(OTHER)).status).toBe(200)
    expect((await create(HTTPS, '<c:Hostname>server01</c:Hostname>')).status).toBe(200)
    expect(endpoint.listeners.slice(1).map(({ port }) => port)).toEqual([
      defaultPorts.http,
      defaultPorts.https,
    ])
  })

  it.each([
    ['the same again', HTTP, '', 'w:AlreadyExists', 2150858803],
    [
      'an address of another machine',
      { Address: 'IP:192.0.2.1', Transport: 'HTTP' },
      '',
      'w:InternalError',
      2150858889,
    ],
    ['no address', { Address: 'server01', Transport: 'HTTP' }, '', 'w:InternalError', 2150858889],
    [
      'a hardware address of another machine',
      { Address: 'MAC:02-00-00-00-00-01', Transport: 'HTTP' },
      '',
      'w:InternalError',
      2150858889,
    ],
    ['another transport', { Address: '*', Transport: 'FTP' }, '', 'w:SchemaValidationError', 2150858817],
    ['a port out of range', OTHER, '<c:Port>65536</c:Port>', 'w:SchemaValidationError', 2150858817],
    ['a malformed path', OTHER, '<c:URLPrefix>/wsman</c:URLPrefix>', 'w:SchemaValidationError', 2150858817],
    ['an unknown element', OTHER, '<c:Colour>red</c:Colour>', 'w:SchemaValidationError', 2150858817],
    [
      'an element twice',
      OTHER,
      '<c:Port>5</c:Port><c:Port>6</c:Port>',
      'w:SchemaValidationError',
      2150858817,
    ],
    ['ListeningOn', OTHER, '<c:ListeningOn>127.0.0.1</c:ListeningOn>', 'w:InternalError', 2150859071],
    ['other keys', OTHER, '<c:Address>*</c:Address>', 'w:InternalError', 2150859071],
    [
      'a certificate for HTTP',
      OTHER,
      `<c:CertificateThumbprint>${'a'.repeat(40)}</c:CertificateThumbprint>`,
      'w:InternalError',
      2150858987,
    ],
    [
      'HTTPS without a certificate that fits',
      HTTPS,
      '<c:Hostname>nobody</c:Hostname>',
      'w:InternalError',
      2150859029,
    ],
    [
      'HTTPS with an unknown certificate',
      HTTPS,
      `<c:CertificateThumbprint>${'a'.repeat(40)}</c:CertificateThumbprint>`,
      'w:InternalError',
      2148081668,
    ],
  ])('refuses %s', async (_, selectors, members, subcode, wsmanCode) => {
    await start()
    expect(faultOf(await create(selectors, members))).toMatchObject({ status: 500, subcode, wsmanCode })
    expect(endpoint.listeners).toHaveLength(1)
  })

  it('refuses a certificate of another name, a port that is taken, and the namespace of another resource', async () => {
    await start({ listeners: [{}, { transport: 'HTTPS' }] })
    const shown = await ask({ selectors: { ...HTTP, Transport: 'HTTPS' } })
    const thumbprint = textAt(shown.xml, 'Body', 'Listener', 'CertificateThumbprint') ?? ''
    const members = `<c:Hostname>other</c:Hostname><c:CertificateThumbprint>${thumbprint}</c:CertificateThumbprint>`
    expect(faultOf(await create(HTTPS, members)).wsmanCode).toBe(2150858985)
    await endpoint.close()
    await start({ listeners: [{}, { address: '127.0.0.2', transport: 'HTTPS' }] })
    const taken = endpoint.listeners[1]?.port
    expect(faultOf(await create(OTHER, `<c:Port>${taken}</c:Port>`)).wsmanCode).toBe(32)
    const foreign = { action: ACTIONS.create, selectors: OTHER, body: body('', CONFIG) }
    expect(faultOf(await ask(foreign)).wsmanCode).toBe(2150858817)
  })
})

describe('Put', () => {
  it('moves a listener while it answers', async () => {
    await start()
    const before = endpoint.listeners[0]?.port ?? 0
    const port = await freePort()
    const agent = new http.Agent({ keepAlive: true })
    const reply = await send(
      endpoint.url,
      soap({
        resourceUri: LISTENER,
        action: ACTIONS.put,
        selectors: HTTP,
        body: body(`<c:Port>${port}</c:Port>`),
      }),
      { headers, agent },
    )
    expect(textAt(reply.xml, 'Body', 'Listener', 'Port')).toBe(String(port))
    expect(reply.headers.connection).toBe('close')
    expect(await isOpen(before)).toBe(false)
    expect((await ask({ selectors: HTTP })).status).toBe(200)
    expect(endpoint.url).toBe(`http://127.0.0.1:${port}/wsman`)
    agent.destroy()
  })

  it('switches a listener off and on', async () => {
    await start({ listeners: [{}, { address: '127.0.0.2' }] })
    const port = endpoint.listeners[1]?.port ?? 0
    const enable = (value: boolean): Promise<RawReply> =>
      ask({ action: ACTIONS.put, selectors: OTHER, body: body(`<c:Enabled>${value}</c:Enabled>`) })
    expect((await enable(false)).status).toBe(200)
    expect(await isOpen(port, '127.0.0.2')).toBe(false)
    expect(await listeningOn(OTHER)).toEqual([])
    expect((await enable(true)).status).toBe(200)
    expect(await isOpen(port, '127.0.0.2')).toBe(true)
  })

  it('leaves a listener as it was where the port is taken', async () => {
    await start({ listeners: [{}, { transport: 'HTTPS' }] })
    const [own, other] = endpoint.listeners
    const reply = await ask({
      action: ACTIONS.put,
      selectors: HTTP,
      body: body(`<c:Port>${other?.port}</c:Port>`),
    })
    expect(faultOf(reply).wsmanCode).toBe(32)
    expect(endpoint.listeners[0]).toEqual(own)
    expect((await ask({ selectors: HTTP })).status).toBe(200)
  })
})

it('Delete closes a listener, even the one that is asked', async () => {
  await start({ listeners: [{}, { address: '127.0.0.2' }] })
  const port = endpoint.listeners[1]?.port ?? 0
  expect((await ask({ action: ACTIONS.delete, selectors: OTHER })).status).toBe(200)
  expect(await isOpen(port, '127.0.0.2')).toBe(false)
  expect(faultOf(await ask({ selectors: OTHER })).subcode).toBe('a:DestinationUnreachable')
  const { url } = endpoint
  expect((await ask({ action: ACTIONS.delete, selectors: HTTP })).status).toBe(200)
  await expect(ask({ selectors: HTTP }, url)).rejects.toThrow('ECONNREFUSED')
})

describe('settings of the service', () => {
  const ALL = { Address: '*', Transport: 'HTTP' }

  it('let filters say on which addresses a listener for all listens', async () => {
    await start()
    const port = await freePort()
    await putService('<c:IPv6Filter></c:IPv6Filter>')
    expect((await create(ALL, `<c:Port>${port}</c:Port>`)).status).toBe(200)
    expect(await listeningOn(ALL)).toEqual(['127.0.0.1'])
    expect(await isOpen(port)).toBe(true)
    // The listener that is asked keeps the connection it answers on.
    await putService('<c:IPv4Filter>10.0.0.1-10.0.0.2</c:IPv4Filter>')
    expect(await isOpen(port)).toBe(false)
  })

  it('let no listener reach beyond the machine where AllowRemoteAccess is off', async () => {
    await start({
      listeners: [{ address: '*' }],
      settings: { service: { auth: { basic: true }, allowUnencrypted: true, allowRemoteAccess: false } },
    })
    const addresses = await listeningOn(ALL)
    expect(addresses).toContain('127.0.0.1')
    expect(addresses.every((address) => address === '::1' || address.startsWith('127.'))).toBe(true)
  })

  it('open and close the compatibility listener', async () => {
    const port = await freePort()
    await start({ compatibilityPorts: { http: port } })
    const enable = (value: boolean): Promise<RawReply> =>
      putService(`<c:EnableCompatibilityHttpListener>${value}</c:EnableCompatibilityHttpListener>`)
    expect(await isOpen(port)).toBe(false)
    await enable(true)
    expect(await isOpen(port)).toBe(true)
    const optimized = '<w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements>'
    const all = await ask({ action: ACTIONS.enumerate, body: enumerateBody(optimized) })
    const shown = select(all.xml, 'Body', 'EnumerateResponse', 'Items', 'Listener')
    expect(shown.map((one) => [one.attributes.Source, textAt(one, 'Port')])).toEqual([
      [undefined, String(endpoint.listeners[0]?.port)],
      ['Compatibility', String(port)],
    ])
    expect((await ask({ selectors: HTTP }, `http://127.0.0.1:${port}/wsman`)).status).toBe(200)
    await enable(false)
    expect(await isOpen(port)).toBe(false)
  })

  it('open the compatibility listener for HTTPS with the certificate of the other one', async () => {
    const port = await freePort()
    await start({
      listeners: [{}, { transport: 'HTTPS' }],
      compatibilityPorts: { https: port },
      settings: {
        service: { auth: { basic: true }, allowUnencrypted: true, enableCompatibilityHttpsListener: true },
      },
    })
    expect((await ask({ selectors: HTTP }, `https://127.0.0.1:${port}/wsman`)).status).toBe(200)
  })

  it('make listeners ask for certificates at once', async () => {
    await start({ listeners: [{}, { transport: 'HTTPS' }] })
    const { url = '', port } = endpoint.listeners[1] ?? {}
    expect((await putService('<c:Auth><c:Certificate>true</c:Certificate></c:Auth>')).status).toBe(200)
    expect(endpoint.listeners[1]?.port).toBe(port)
    const mutual = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual'
    expect((await send(url, soap(), { headers: { Authorization: mutual } })).status).toBe(403)
  })
})
