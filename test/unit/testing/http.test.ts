import http from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { basic, faultOf, send, soap, SOAP, textAt, type RawOptions } from './support/raw-client.js'
import { parseXml } from '../../support/xml-compare.js'

const Authorization = basic('alice', 'secret')
const IDENTIFY =
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>' +
  '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/></s:Body></s:Envelope>'

let endpoint: Endpoint
beforeAll(async () => {
  endpoint = await startEndpoint({
    listeners: [{ transport: 'HTTP' }, { transport: 'HTTPS', urlPrefix: 'other/path' }],
    users: [
      { username: 'alice', password: 'secret', domain: 'TEST' },
      { username: 'bob', password: 'pä:ß' },
    ],
    settings: {
      protocol: { maxEnvelopeSizeKb: 32 },
      service: { auth: { basic: true }, allowUnencrypted: true },
    },
    classes: [],
  })
})
afterAll(() => endpoint.close())

const ask = (body: string | Buffer, options: RawOptions = {}) =>
  send(endpoint.url, body, { ...options, headers: { Authorization, ...options.headers } })

describe('an HTTP listener', () => {
  it('serves its path only, whatever the letter case, with or without a query', async () => {
    const { port } = endpoint.listeners[0] ?? { port: 0 }
    const status = async (path: string): Promise<number> =>
      (await send(`http://127.0.0.1:${port}${path}`, soap(), { headers: { Authorization } })).status
    expect(await status('/wsman')).toBe(200)
    expect(await status('/WSMan?PSVersion=5.1')).toBe(200)
    expect(await status('/wsman/')).toBe(200)
    expect(await status('/')).toBe(404)
    expect(await status('/wsman/more')).toBe(404)
  })

  it('takes the path and the certificate of the HTTPS listener', async () => {
    const [, listener] = endpoint.listeners
    expect(listener?.url).toBe(`https://127.0.0.1:${listener?.port}/other/path`)
    const reply = await send(listener?.url ?? '', soap(), { headers: { Authorization } })
    expect(reply.status).toBe(200)
  })

  it('takes POST only', async () => {
    const reply = await ask('', { method: 'GET' })
    expect(reply.status).toBe(405)
    expect(reply.headers.allow).toBe('POST')
  })

  it('names the server as Windows does', async () => {
    expect((await ask(soap())).headers.server).toBe('Microsoft-HTTPAPI/2.0')
    expect((await send(endpoint.url, '')).headers.server).toBe('Microsoft-HTTPAPI/2.0')
  })

  it('refuses a request larger than MaxEnvelopeSizekb without SOAP, chunked or not', async () => {
    const body = soap({ extra: `<p:ActivityId>${'x'.repeat(32 * 1024)}</p:ActivityId>` })
    for (const chunked of [false, true]) {
      const reply = await ask(body, { chunked })
      expect({ status: reply.status, length: reply.body.length }).toEqual({ status: 413, length: 0 })
    }
  })

  it('refuses what is no SOAP by its media type, and sealed messages on a connection that seals nothing', async () => {
    const status = async (type: string): Promise<number> =>
      (await ask(soap(), { headers: { 'Content-Type': type } })).status
    expect(await status('text/xml')).toBe(415)
    expect(await status('multipart/encrypted;boundary="Encrypted Boundary"')).toBe(400)
    expect(await status('application/soap+xml')).toBe(200)
  })

  it('keeps the connection for the next request', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    let sockets = 0
    agent.on('free', () => undefined)
    const create = agent.createConnection.bind(agent)
    agent.createConnection = (...args) => {
      sockets += 1
      return create(...args)
    }
    for (let count = 0; count < 3; count++) expect((await ask(soap(), { agent })).status).toBe(200)
    expect(sockets).toBe(1)
    agent.destroy()
  })

  it('answers UTF-16 with UTF-16', async () => {
    const body = Buffer.from(`\uFEFF${soap()}`, 'utf16le')
    const reply = await ask(body, { headers: { 'Content-Type': 'application/soap+xml;charset=UTF-16' } })
    expect(reply.headers['content-type']).toBe('application/soap+xml;charset=UTF-16')
    expect([...reply.body.subarray(0, 2)]).toEqual([0xff, 0xfe])
    const xml = parseXml(reply.body.toString('utf16le').slice(1))
    expect(textAt(xml, 'Body', 'Config', 'MaxEnvelopeSizekb')).toBe('32')
  })

  it('reads UTF-8 that calls itself UTF-16, as Windows was recorded to do', async () => {
    const reply = await ask(`<?xml version="1.0" encoding="utf-16"?>\r\n${soap()}`)
    expect(reply.status).toBe(200)
  })

  it.each([
    ['XML that is not well-formed', '<s:Envelope'],
    ['another document', '<html/>'],
    ['a DTD', `<!DOCTYPE x [<!ENTITY e "e">]>${soap()}`],
    ['bytes that are no text', Buffer.from([0x3c, 0xc3, 0x28, 0x3e, 0xff])],
    ['nothing', ''],
    [
      'a fault',
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><s:Fault/></s:Body></s:Envelope>',
    ],
  ])('refuses %s', async (_, body) => {
    expect(faultOf(await ask(body))).toEqual({
      status: 500,
      code: 's:Sender',
      subcode: 'w:SchemaValidationError',
      detail: undefined,
      wsmanCode: 2150858817,
    })
  })

  it('survives a client that goes away in the middle of its request', async () => {
    const { port } = endpoint.listeners[0] ?? { port: 0 }
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write('POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<s:')
        socket.destroy()
      })
      socket.on('close', () => resolve())
    })
    expect((await ask(soap())).status).toBe(200)
  })
})

describe('Basic', () => {
  it('is asked for, and nothing that is not implemented', async () => {
    const reply = await send(endpoint.url, soap())
    expect(reply.status).toBe(401)
    expect(reply.headers['www-authenticate']).toBe('Negotiate, Basic realm="WSMAN"')
    expect(reply.body.length).toBe(0)
  })

  it.each(['alice', 'ALICE', '.\\alice', 'TEST\\alice', 'test\\Alice', 'alice@test'])(
    'knows the user as %s',
    async (name) => {
      const reply = await send(endpoint.url, soap(), { headers: { Authorization: basic(name, 'secret') } })
      expect(reply.status).toBe(200)
      expect(endpoint.requests.at(-1)?.username).toBe('alice')
    },
  )

  it.each(['utf8', 'latin1'] as const)('reads passwords in %s', async (encoding) => {
    const Authorization = `Basic ${Buffer.from('bob:pä:ß', encoding).toString('base64')}`
    expect((await send(endpoint.url, soap(), { headers: { Authorization } })).status).toBe(200)
  })

  it.each([
    ['a wrong password', basic('alice', 'Secret')],
    ['no password', basic('alice', '')],
    ['an unknown user', basic('carol', 'secret')],
    ['an unknown user without password', basic('carol', '')],
    ['another domain', basic('OTHER\\alice', 'secret')],
    ['no colon', `Basic ${Buffer.from('alice').toString('base64')}`],
    ['an unknown scheme', 'Negotiate TlRMTVNTUAAB'],
    ['nothing', ''],
  ])('refuses %s', async (_, authorization) => {
    const reply = await send(endpoint.url, soap(), { headers: { Authorization: authorization } })
    expect(reply.status).toBe(401)
  })

  it('must come with every request', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    expect((await ask(soap(), { agent })).status).toBe(200)
    expect((await send(endpoint.url, soap(), { agent })).status).toBe(401)
    agent.destroy()
  })

  it('is not there with the settings of Windows, nor over HTTP while messages must be encrypted', async () => {
    for (const service of [{}, { auth: { basic: true } }]) {
      const strict = await startEndpoint({
        listeners: [{}, { transport: 'HTTPS' }],
        users: [{ username: 'alice', password: 'secret' }],
        settings: { service },
        classes: [],
      })
      const [plain, encrypted] = await Promise.all(
        strict.listeners.map(({ url }) => send(url, soap(), { headers: { Authorization } })),
      )
      expect(plain?.status).toBe(401)
      expect(plain?.headers['www-authenticate']).toBe('Negotiate')
      expect(encrypted?.status).toBe('auth' in service ? 200 : 401)
      await strict.close()
    }
  })
})

describe('Identify', () => {
  const path = ['Body', 'IdentifyResponse'] as const

  it('tells strangers nothing of the system', async () => {
    const reply = await send(endpoint.url, IDENTIFY, { headers: { WSMANIDENTIFY: 'unauthenticated' } })
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toBe(SOAP)
    expect(textAt(reply.xml, ...path, 'ProductVersion')).toBe('OS: 0.0.0 SP: 0.0 Stack: 3.0')
    expect(textAt(reply.xml, ...path, 'SecurityProfiles')).toBeUndefined()
  })

  it('is also refused to strangers who do not say so, and so is anything else to those who do', async () => {
    expect((await send(endpoint.url, IDENTIFY)).status).toBe(401)
    const other = await send(endpoint.url, soap(), { headers: { WSMANIDENTIFY: 'unauthenticated' } })
    expect(other.status).toBe(401)
  })

  it('tells users the version and the profiles in force', async () => {
    const reply = await ask(IDENTIFY)
    expect(textAt(reply.xml, ...path, 'ProductVersion')).toMatch(/^OS: \d+\.\d+\.\d+ SP: 0\.0 Stack: 3\.0$/)
    expect(reply.text.match(/secprofile\/[a-z/-]+/g)).toEqual([
      'secprofile/http/spnego-kerberos',
      'secprofile/https/spnego-kerberos',
      'secprofile/http/basic',
      'secprofile/https/basic',
    ])
    expect(endpoint.requests.at(-1)?.action).toBe('Identify')
  })
})
