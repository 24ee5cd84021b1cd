import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { reply, startRawServer } from '../unit/http/raw-server.js'
import { clientOf, failureOf, RESOURCE, SOAP } from './support.js'

const envelope = (body: string): string =>
  reply(`<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"><Body>${body}</Body></Envelope>`, {
    headers: [SOAP, 'Connection: close'],
  })

const FOUND = envelope('<Thing xmlns=""><Name>good</Name></Thing>')
const CREATED = envelope(
  '<ResourceCreated xmlns="http://schemas.xmlsoap.org/ws/2004/09/transfer"><a:Address xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">x</a:Address><a:ReferenceParameters xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><w:ResourceURI xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">urn:created</w:ResourceURI></a:ReferenceParameters></ResourceCreated>',
)

const RETRY = { attempts: 5, baseDelayMs: 0 }

/** The three ways HTTP frames a body. */
const FRAMINGS: readonly (readonly [name: string, frame: (whole: string) => string])[] = [
  ['with a length', (whole) => whole],
  [
    'in chunks',
    (whole) => {
      const [head = '', body = ''] = whole.split('\r\n\r\n')
      const half = body.length >> 1
      const chunks = [body.slice(0, half), body.slice(half), ''].map(
        (chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`,
      )
      return `${head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked')}\r\n\r\n${chunks.join('')}`
    },
  ],
  ['to the end of the connection', (whole) => whole.replace(/Content-Length: \d+\r\n/, '')],
]

describe.each(FRAMINGS)('a reply %s that is cut after any byte', (_, frame) => {
  it('is asked for again by Get', async () => {
    const whole = frame(FOUND)
    let [cutAt, requests] = [0, 0]
    const server = await startRawServer(({ socket }) =>
      socket.end(++requests === 1 ? whole.slice(0, cutAt) : FOUND),
    )
    const client = clientOf(server, { retry: RETRY })
    for (cutAt = 0; cutAt < whole.length; cutAt++) {
      requests = 0
      const outcome: unknown = await client.get('urn:things').catch((error: unknown) => error)
      // What ends with the connection may look whole to HTTP; that it is not, the XML tells.
      if (requests === 1) expect([cutAt, outcome]).toMatchObject([cutAt, { code: 'ERR_WSMAN_MALFORMED_XML' }])
      else expect([cutAt, outcome, requests]).toEqual([cutAt, { Name: 'good' }, 2])
    }
  })

  it('is not asked for again by Create', async () => {
    const whole = frame(CREATED)
    let cutAt = 0
    const server = await startRawServer(({ socket }) => socket.end(whole.slice(0, cutAt)))
    const client = clientOf(server, { retry: RETRY })
    for (cutAt = 0; cutAt < whole.length; cutAt++) {
      const { code, retryable } = await failureOf(client.create(RESOURCE, { Name: 'a' }))
      expect([cutAt, retryable, server.requests.length]).toEqual([cutAt, false, cutAt + 1])
      expect(['ERR_WSMAN_SOCKET', 'ERR_WSMAN_MALFORMED_XML']).toContain(code)
    }
    expect((await client.create(RESOURCE, { Name: 'a' })).resourceUri).toBe('urn:created')
  })
})

interface Cutter {
  readonly port: number
  /** Connections since the last `cut`. */
  readonly connections: () => number
  /** Resets the next connection as soon as so many bytes of it were read. */
  readonly cut: (length: number) => void
}

async function startCutter(answer: string): Promise<Cutter> {
  let [limit, connections] = [Infinity, 0]
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const mine = limit
    limit = Infinity
    connections += 1
    sockets.add(socket)
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.length >= mine) socket.resetAndDestroy()
      else if (text.includes('</s:Envelope>')) socket.end(answer)
    })
    if (mine === 0) socket.resetAndDestroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    cut: (length) => {
      ;[limit, connections] = [length, 0]
    },
  }
}

describe('a request whose connection is reset after any byte', () => {
  /** Shorter than any request of these tests. */
  const LENGTH = 1000

  it('is sent again by Get', async () => {
    const server = await startCutter(FOUND)
    const client = clientOf(server, { retry: RETRY })
    for (let length = 1; length < LENGTH; length++) {
      server.cut(length)
      expect([length, await client.get('urn:things')]).toEqual([length, { Name: 'good' }])
      expect(server.connections()).toBe(2)
    }
  })

  it('is not sent again by Create', async () => {
    const server = await startCutter(CREATED)
    const client = clientOf(server, { retry: RETRY })
    for (let length = 1; length < LENGTH; length++) {
      server.cut(length)
      const { code } = await failureOf(client.create(RESOURCE, { Name: 'a' }))
      expect([length, code, server.connections()]).toEqual([length, 'ERR_WSMAN_SOCKET', 1])
    }
    expect((await client.create(RESOURCE, { Name: 'a' })).resourceUri).toBe('urn:created')
  })
})

describe('a connection', () => {
  it('that was ended while idle costs nothing, also to Create', async () => {
    const server = await startRawServer(({ socket }) =>
      socket.write(CREATED.replace('Connection: close\r\n', '')),
    )
    const client = clientOf(server, { maxConnections: 1 })
    await client.create(RESOURCE, { Name: 'a' })
    const [socket] = server.sockets
    await new Promise<void>((resolve) => {
      socket?.once('close', () => resolve())
      socket?.end()
    })
    expect((await client.create(RESOURCE, { Name: 'a' })).resourceUri).toBe('urn:created')
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1])
  })

  it('that is reset in the middle of a reply is a typed error', async () => {
    const server = await startRawServer(({ socket }) => {
      socket.write(FOUND.slice(0, 150), () => socket.resetAndDestroy())
    })
    expect(await failureOf(clientOf(server).get('urn:things'))).toMatchObject({
      code: 'ERR_WSMAN_SOCKET',
      host: '127.0.0.1',
      operation: 'Get',
    })
  })
})
