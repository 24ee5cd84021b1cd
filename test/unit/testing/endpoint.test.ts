import http from 'node:http'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { WsmanClient } from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { UsageError } from '../../../src/errors/errors.js'
import { makeCertificate } from '../../../src/testing/certificate.js'
import { ACTIONS, basic, send, soap, textAt } from './support/raw-client.js'

const open = { service: { auth: { basic: true }, allowUnencrypted: true } }
let endpoint: Endpoint | undefined
afterEach(() => endpoint?.close())
const start = async (options: EndpointOptions): Promise<Endpoint> => {
  endpoint = await startEndpoint(options)
  return endpoint
}

describe('clientOptions', () => {
  it('fits the first listener and the first user', async () => {
    const { clientOptions, listeners } = await withMethods({
      users: [
        { username: 'alice', password: 'secret' },
        { username: 'bob', password: 'other' },
      ],
      settings: open,
    })
    expect(clientOptions()).toEqual({
      host: '127.0.0.1',
      port: listeners[0]?.port,
      transport: 'http',
      urlPrefix: 'wsman',
      auth: { scheme: 'basic', username: 'alice', password: 'secret' },
      settings: { client: { allowUnencrypted: true, trustedHosts: '' } },
    })
    expect(clientOptions('BOB').auth).toEqual({ scheme: 'basic', username: 'bob', password: 'other' })
  })

  it('pins the certificate of an HTTPS listener', async () => {
    const { clientOptions, listeners } = await withMethods({
      listeners: [{}, { transport: 'HTTPS', urlPrefix: 'other' }],
    })
    const [, https] = listeners
    expect(https?.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    expect(clientOptions(undefined, { transport: 'https' })).toMatchObject({
      port: https?.port,
      transport: 'https',
      urlPrefix: 'other',
      tls: { fingerprint256: https?.fingerprint256 },
      settings: { client: { allowUnencrypted: false } },
    })
  })

  it('makes a client work, over HTTP and HTTPS', async () => {
    const endpoint = await start({
      listeners: [{}, { transport: 'HTTPS', urlPrefix: 'other' }],
      settings: open,
      classes: [],
    })
    for (const transport of ['http', 'https'] as const) {
      const client = new WsmanClient({ ...endpoint.clientOptions(undefined, { transport }) })
      expect(await client.get('winrm/config/winrs')).toMatchObject({ AllowRemoteShellAccess: 'true' })
      await client.close()
      expect(endpoint.requests.at(-1)?.url).toMatch(new RegExp(`^${transport}:`))
    }
  })

  it('knows a password that was drawn at random', async () => {
    const endpoint = await start({ settings: open, classes: [] })
    const { username, password } = endpoint.clientOptions().auth
    expect(password).toMatch(/^[\w-]{24}$/)
    const reply = await send(endpoint.url, soap(), { headers: { Authorization: basic(username, password) } })
    expect(reply.status).toBe(200)
  })

  it('does not know others', async () => {
    const endpoint = await start({})
    expect(() => endpoint.clientOptions('bob')).toThrow(UsageError)
    expect(() => endpoint.clientOptions(undefined, { transport: 'https' })).toThrow(UsageError)
    await endpoint.close()
    const empty = await start({ users: [] })
    expect(() => empty.clientOptions()).toThrow('The endpoint has no user.')
  })

  async function withMethods(options: EndpointOptions) {
    const endpoint = await start(options)
    return {
      listeners: endpoint.listeners,
      clientOptions: (...given: Parameters<Endpoint['clientOptions']>) => endpoint.clientOptions(...given),
    }
  }
})

describe('the endpoint', () => {
  it('keeps what arrived, without credentials', async () => {
    const endpoint = await start({
      users: [{ username: 'alice', password: 'pass-word' }],
      settings: open,
      classes: [],
    })
    const message = soap()
    await send(endpoint.url, message)
    await send(endpoint.url, message, { headers: { Authorization: basic('alice', 'pass-word') } })
    await send(endpoint.url, '<x', { headers: { Authorization: basic('alice', 'pass-word') } })
    const [refused, served, broken] = endpoint.requests
    expect(refused).toMatchObject({ status: 401, action: undefined, username: undefined, body: message })
    expect(served).toMatchObject({
      status: 200,
      action: ACTIONS.get,
      resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/config',
      username: 'alice',
      body: message,
      url: endpoint.url,
    })
    expect(served?.headers.authorization).toBe('Basic [redacted]')
    expect(broken).toMatchObject({ status: 500, action: undefined, body: '<x' })
  })

  it('prints no password', async () => {
    const endpoint = await start({ users: [{ username: 'alice', password: 'pass-word' }] })
    expect(inspect(endpoint, { depth: 20, showHidden: true })).not.toContain('pass-word')
    expect(JSON.stringify(endpoint)).not.toContain('pass-word')
  })

  it('serves classes about this machine unless others are given', async () => {
    const endpoint = await start({ users: [{ username: 'alice', password: 'secret' }], settings: open })
    const resourceUri = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Process'
    const reply = await send(
      endpoint.url,
      soap({ resourceUri, selectors: { Handle: String(process.pid) } }),
      {
        headers: { Authorization: basic('alice', 'secret') },
      },
    )
    expect(textAt(reply.xml, 'Body', 'Win32_Process', 'ProcessId')).toBe(String(process.pid))
  })

  it('listens on every address where it is told to', async () => {
    const endpoint = await start({
      listeners: [{ address: '*' }],
      users: [{ username: 'alice', password: 'secret' }],
      settings: open,
    })
    const resourceUri = 'http://schemas.microsoft.com/wbem/wsman/1/config/listener'
    const reply = await send(
      endpoint.url,
      soap({ resourceUri, selectors: { Address: '*', Transport: 'HTTP' } }),
      { headers: { Authorization: basic('alice', 'secret') } },
    )
    expect(textAt(reply.xml, 'Body', 'Listener', 'Address')).toBe('*')
    expect(reply.text).toContain('<cfg:ListeningOn>127.0.0.1</cfg:ListeningOn>')
  })

  it('takes a certificate of the user', async () => {
    const tls = await makeCertificate('server01')
    const [one, other] = await Promise.all([
      startEndpoint({ listeners: [{ transport: 'HTTPS', tls }] }),
      startEndpoint({ listeners: [{ transport: 'HTTPS', tls }] }),
    ])
    expect(one.listeners[0]?.fingerprint256).toBe(other.listeners[0]?.fingerprint256)
    await Promise.all([one.close(), other.close()])
  })

  it('shows the shells that are open', async () => {
    const endpoint = await start({ users: [{ username: 'alice', password: 'secret' }], settings: open })
    const resourceUri = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd'
    const action = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Create'
    const body =
      '<r:Shell xmlns:r="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><r:InputStreams>stdin</r:InputStreams><r:OutputStreams>stdout stderr</r:OutputStreams></r:Shell>'
    const headers = { Authorization: basic('alice', 'secret') }
    const created = await send(endpoint.url, soap({ action, resourceUri, body }), { headers })
    const shellId = textAt(created.xml, 'Body', 'Shell', 'ShellId')
    expect(endpoint.shells).toMatchObject([{ shellId, commands: [] }])
    expect(endpoint.shells[0]?.owner).toMatch(/alice$/)
    const chunked = await send(endpoint.url, soap({ action, resourceUri, body }), { headers, chunked: true })
    expect(chunked.text).toContain('Code="50"')
    await endpoint.close()
    expect(endpoint.shells).toEqual([])
  })

  it('closes once, at once, with connections open', async () => {
    const endpoint = await start({ settings: open })
    const agent = new http.Agent({ keepAlive: true })
    await send(endpoint.url, '', { agent })
    await Promise.all([endpoint.close(), endpoint.close(), endpoint[Symbol.asyncDispose]()])
    await expect(send(endpoint.url, '')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    agent.destroy()
  })
})

describe('options', () => {
  const thing = { name: 'Thing', properties: {}, instances: [] }

  it.each<[string, EndpointOptions, string]>([
    ['no listener', { listeners: [] }, 'listeners must name'],
    ['a name for an address', { listeners: [{ address: 'localhost' }] }, 'listeners[0].address'],
    ['a port that is none', { listeners: [{}, { transport: 'HTTPS', port: 70_000 }] }, 'listeners[1].port'],
    ['a path with slashes', { listeners: [{ urlPrefix: '/wsman' }] }, 'listeners[0].urlPrefix'],
    ['two listeners with one key', { listeners: [{}, {}] }, 'key of a listener'],
    ['a certificate for HTTP', { listeners: [{ tls: { cert: '', key: '' } }] }, 'tls is for HTTPS'],
    ['a domain in the name', { users: [{ username: 'A\\b', password: '' }] }, 'users[0].username'],
    [
      'two users with one name',
      {
        users: [
          { username: 'a', password: '' },
          { username: 'A', password: '' },
        ],
      },
      'same name',
    ],
    ['a setting out of range', { settings: { protocol: { maxEnvelopeSizeKb: 1 } } }, 'maxEnvelopeSizeKb'],
    ['two classes with one name', { classes: [thing, { ...thing, name: 'THING' }] }, 'given twice'],
    ['a class that is its own base', { classes: [{ ...thing, superclass: 'thing' }] }, 'own superclass'],
    ['a class without a proper name', { classes: [{ ...thing, name: 'A-B' }] }, 'no name that CIM knows'],
    ['a script that cannot be followed', { script: [{ times: 0 }] }, 'script[0].times'],
  ])('%s', async (_, options, message) => {
    await expect(startEndpoint(options)).rejects.toThrow(message)
    await expect(startEndpoint(options)).rejects.toBeInstanceOf(UsageError)
  })

  it('a transport that is none, as JavaScript may give it', async () => {
    const listener = JSON.parse('{"transport":"FTP"}') as object
    await expect(startEndpoint({ listeners: [listener] })).rejects.toThrow('listeners[0].transport')
  })

  it('a certificate that is none', async () => {
    const listeners = [{ transport: 'HTTPS', tls: { cert: 'x', key: 'y' } }] as const
    await expect(startEndpoint({ listeners })).rejects.toBeInstanceOf(UsageError)
  })

  it('a port that is taken', async () => {
    const { listeners } = await start({})
    await expect(startEndpoint({ listeners: [{ port: listeners[0]?.port ?? 0 }] })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })
})
