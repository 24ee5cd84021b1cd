import { describe, expect, it } from 'vitest'
import { ProtocolError, TransportError } from '../../src/errors/errors.js'
import { reply, startRawServer, type RawRequest } from '../unit/http/raw-server.js'
import {
  answerTo,
  attack,
  clientOf,
  createdReply,
  failureOf,
  goodReply,
  messageIdOf,
  RESOURCE,
  SOAP,
  thing,
} from './support.js'

const head = (...lines: string[]): string =>
  `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

describe('a reply that is not framed as HTTP wants it', () => {
  it.each([
    ['is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['is TLS', '\x15\x03\x01\x00\x02\x02\x46'],
    ['has no status', 'HTTP/1.1\r\n\r\n'],
    ['has a status that is none', 'HTTP/1.1 two OK\r\n\r\n'],
    ['is of another version', 'HTTP/3.7 200 OK\r\n\r\n'],
    ['has two lengths', head('Content-Length: 1', 'Content-Length: 2', SOAP)],
    ['has a length that is none', head('Content-Length: 1e3', SOAP)],
    ['has a negative length', head('Content-Length: -1', SOAP)],
    ['has an endless length', head('Content-Length: 99999999999999999999999', SOAP)],
    ['has a length and chunks', head('Content-Length: 5', 'Transfer-Encoding: chunked', SOAP)],
    ['has a chunk size that is none', `${head('Transfer-Encoding: chunked', SOAP)}zz\r\n`],
    ['has a negative chunk size', `${head('Transfer-Encoding: chunked', SOAP)}-5\r\nhello\r\n`],
    ['has an endless chunk', `${head('Transfer-Encoding: chunked', SOAP)}${'f'.repeat(32)}\r\n`],
    ['has a chunk longer than its size', `${head('Transfer-Encoding: chunked', SOAP)}3\r\nhello\r\n`],
    ['has a header without a colon', head('What is this', SOAP)],
    ['has a blank before the colon', head('Content-Length : 5', SOAP)],
    ['has a bare carriage return in a header', head('X-One: a\rX-Two: b', SOAP)],
    ['has a NUL in a header', head('X-One: a\0b', SOAP)],
    ['ends its header lines with line feeds alone', 'HTTP/1.0 411 Length Required\nContent-Length: 0\n\n'],
    ['changes the protocol', 'HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nPRI *'],
    ['is compressed, unasked', reply('x', { headers: ['Content-Encoding: gzip', SOAP] })],
  ])('%s', async (_, bytes) => {
    const { error } = await attack(bytes)
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_PROTOCOL', host: '127.0.0.1', operation: 'Get' })
  })

  it.each([
    ['headers without end', `HTTP/1.1 200 OK\r\n${'X-Filler: 0123456789\r\n'.repeat(10_000)}`],
    ['one header without end', `HTTP/1.1 200 OK\r\nX-Filler: ${'x'.repeat(100_000)}`],
    [
      'trailers without end',
      `${head('Transfer-Encoding: chunked', SOAP)}0\r\n${'X-Filler: 0123456789\r\n'.repeat(10_000)}`,
    ],
    ['more than the limit in one piece', head(`Content-Length: ${64 * 1024 * 1024 + 1}`, SOAP)],
  ])('has %s', async (_, bytes) => {
    expect((await attack(bytes)).error).toMatchObject({ code: 'ERR_WSMAN_LIMIT' })
  })

  it('has more than the limit in many chunks', async () => {
    const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`
    const { error } = await attack(({ socket }) => {
      socket.write(head('Transfer-Encoding: chunked', SOAP))
      const more = (left: number): void => {
        if (left > 0 && socket.writable) socket.write(chunk, () => more(left - 1))
      }
      more(70)
    })
    expect(error).toMatchObject({ code: 'ERR_WSMAN_LIMIT' })
  })
})

describe('a reply that is not SOAP', () => {
  it.each([
    ['a web page of a proxy', reply('<html>Log in</html>', { headers: ['Content-Type: text/html'] })],
    ['JSON', reply('{}', { headers: ['Content-Type: application/json'] })],
    ['plain text', reply('ok', { headers: ['Content-Type: text/plain'] })],
    ['a multipart body', reply('--x--', { headers: ['Content-Type: multipart/encrypted; boundary=x'] })],
    ['something whose type only looks like XML', reply('x', { headers: ['Content-Type: text/xmlx'] })],
    ['nothing, with a length', reply('', { headers: [SOAP] })],
    ['nothing at all', reply('')],
    ['nothing, in chunks', `${head('Transfer-Encoding: chunked', SOAP)}0\r\n\r\n`],
  ])('but %s', async (_, bytes) => {
    const { error } = await attack((request) => request.socket.end(bytes))
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error.message).not.toContain('Log in')
  })

  it.each([
    ['500 Internal Server Error', '', []],
    ['500 Internal Server Error', '', [SOAP]],
    ['503 Service Unavailable', '<html/>', ['Content-Type: text/html']],
    ['404 Not Found', 'no', ['Content-Type: text/plain']],
    ['413 Request Entity Too Large', '', []],
    ['403 Forbidden', '', []],
    ['407 Proxy Authentication Required', '', ['Proxy-Authenticate: Basic']],
    ['400 (null)', '', []],
    ['202 Accepted', '', []],
    ['204 No Content', '', []],
    ['999 What', '', []],
  ])('but %s', async (status, body, headers) => {
    const { error } = await attack((request) => request.socket.end(reply(body, { status, headers })))
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_HTTP_STATUS', status: Number(status.slice(0, 3)) })
  })

  it.each([301, 302, 303, 307, 308, 300, 304])('but a redirect with %i', async (status) => {
    const elsewhere = await startRawServer(() => undefined)
    const location = `http://127.0.0.1:${elsewhere.port}/wsman`
    const { error } = await attack((request) =>
      request.socket.end(reply('', { status: `${status} Go`, headers: [`Location: ${location}`] })),
    )
    expect(error).toMatchObject({ code: 'ERR_WSMAN_REDIRECT', status, location })
    expect(elsewhere.sockets).toEqual([])
  })
})

describe('a reply to something else', () => {
  it('has the RelatesTo of another request', async () => {
    const { error } = await attack((request) => {
      const other = { ...request, body: '<a:MessageID>uuid:00000000-0000-0000-0000-000000000000<' }
      request.socket.end(goodReply(other, 'evil'))
    })
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error.message).toContain('RelatesTo')
  })

  it('was there before the request', async () => {
    const server = await startRawServer(
      ({ socket, ...rest }) => socket.write(goodReply({ socket, ...rest })),
      {
        onConnection: (socket) => {
          if (server.sockets.length > 1) return
          const other = answerTo({ body: '<a:MessageID>uuid:1<' } as RawRequest, thing('evil'))
          socket.write(reply(other, { headers: [SOAP] }))
        },
      },
    )
    const client = clientOf(server)
    expect((await failureOf(client.get('urn:things'))).code).toBe('ERR_WSMAN_PROTOCOL')
    expect(await client.get('urn:things')).toEqual({ Name: 'good' })
  })

  it.each([
    ['a second reply', (request: RawRequest) => goodReply(request, 'evil'), [0, 1, 1]],
    ['half of one', (request: RawRequest) => goodReply(request, 'evil').slice(0, 50), [0, 1, 1]],
    ['a line break', () => '\r\n', [0, 1, 1]],
    ['something that is not HTTP', () => '\0\x01 garbage\r\n\r\n', [0, 1, 1]],
  ])('comes with the right one: %s', async (_, more, connections) => {
    const server = await startRawServer((request) => {
      const extra = server.requests.length === 1 ? more(request) : ''
      // In one segment, so that it is there when the reply is read.
      request.socket.write(goodReply(request, `reply ${server.requests.length}`) + extra)
    })
    const client = clientOf(server, { maxConnections: 1 })
    const names: unknown[] = []
    for (let count = 0; count < 3; count++) names.push((await client.get('urn:things')).Name)
    expect(names).toEqual(['reply 1', 'reply 2', 'reply 3'])
    expect(server.requests.map(({ connection }) => connection)).toEqual(connections)
  })
})

describe('a reply that is strange and still right', () => {
  const works = async (write: (good: string) => string, close = false): Promise<number> => {
    const server = await startRawServer((request) => {
      const bytes = write(goodReply(request))
      if (close) request.socket.end(bytes)
      else request.socket.write(bytes)
    })
    const client = clientOf(server, { maxConnections: 1 })
    for (let count = 0; count < 3; count++) expect(await client.get('urn:things')).toEqual({ Name: 'good' })
    expect(server.requests).toHaveLength(3)
    return server.sockets.length
  }

  it.each<[string, (good: string) => string, boolean, number]>([
    ['100 Continue before it', (good) => `HTTP/1.1 100 Continue\r\n\r\n${good}`, false, 1],
    [
      'other interim replies before it',
      (good) => `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${good}`,
      false,
      1,
    ],
    [
      'openwsman: (null), and the end of each connection',
      (good) => good.replace('200 OK\r\n', '200 (null)\r\nConnection: Close\r\n'),
      true,
      3,
    ],
    ['HTTP/1.0', (good) => good.replace('HTTP/1.1', 'HTTP/1.0'), true, 3],
    [
      'no length, ended by the end of the connection',
      (good) => good.replace(/Content-Length: \d+\r\n/, ''),
      true,
      3,
    ],
    ['no reason phrase', (good) => good.replace('200 OK', '200 '), false, 1],
    [
      'header names in any letter case',
      (good) => good.replace(/^C/gm, 'c').replace('Length', 'LENGTH'),
      false,
      1,
    ],
    ['no content type', (good) => good.replace(/Content-Type: .*\r\n/, ''), false, 1],
    ['text/xml', (good) => good.replace('application/soap+xml', 'text/xml'), false, 1],
    ['a thousand headers', (good) => good.replace('\r\n', `\r\n${'X-A: b\r\n'.repeat(1000)}`), false, 1],
  ])('%s', async (_, write, close, sockets) => {
    expect(await works(write, close)).toBe(sockets)
  })

  it('HTTP/1.0 with the status 404 of openwsman', async () => {
    const { error } = await attack((request) =>
      request.socket.end('HTTP/1.0 404 Not Found\r\nServer: Openwsman\r\n\r\n'),
    )
    expect(error).toMatchObject({ code: 'ERR_WSMAN_HTTP_STATUS', status: 404 })
    expect(error.hint).toContain('urlPrefix')
  })

  it('one byte after the other', async () => {
    const server = await startRawServer((request) => {
      request.socket.setNoDelay(true)
      const bytes = Buffer.from(goodReply(request))
      const next = (at: number): void => {
        if (at < bytes.length) request.socket.write(bytes.subarray(at, at + 1), () => next(at + 1))
      }
      next(0)
    })
    expect(await clientOf(server).get('urn:things')).toEqual({ Name: 'good' })
  })

  it('a refusal before the request was read', async () => {
    const server = await startRawServer((request) => request.socket.write(goodReply(request)), {
      onConnection: (socket) => {
        if (server.sockets.length === 1) socket.pause().end(reply('', { status: '413 Too Large' }))
      },
    })
    const client = clientOf(server)
    const error = await failureOf(client.create(RESOURCE, { Name: 'x'.repeat(100_000) }))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_HTTP_STATUS', status: 413 })
    expect(await client.get('urn:things')).toEqual({ Name: 'good' })
    expect(server.sockets).toHaveLength(2)
  })
})

describe('a request that may not run twice', () => {
  it('is sent once whatever answers it', async () => {
    const answers = [
      '',
      'HTTP/1.1 200 OK\r\nContent-Le',
      head('Content-Length: 1000', SOAP),
      reply('', { status: '503 Busy' }),
      reply('', { status: '500 Error' }),
      reply('<html/>', { headers: ['Content-Type: text/html'] }),
      'garbage\r\n\r\n',
    ]
    const server = await startRawServer((request) => {
      const answer = answers[server.requests.length - 1]
      if (answer === undefined) request.socket.write(createdReply(request))
      else request.socket.end(answer)
    })
    const client = clientOf(server, { retry: { attempts: 5, baseDelayMs: 0 } })
    const ids = new Set<string>()
    for (const [index] of answers.entries()) {
      await failureOf(client.create(RESOURCE, { Name: 'a' }))
      expect(server.requests).toHaveLength(index + 1)
    }
    expect((await client.create(RESOURCE, { Name: 'a' })).selectors).toEqual({ Name: 'good' })
    for (const request of server.requests) ids.add(messageIdOf(request))
    expect(ids.size).toBe(answers.length + 1)
  })
})
