import { describe, expect, it } from 'vitest'
import { reply, startRawServer, type RawRequest, type RawServer } from '../http/raw-server.js'
import { connect, echo, failure, send, until } from './harness.js'

/** What tells the forms apart: path, the header of Windows, the credential. */
const forms = ({ requests }: RawServer): unknown[] =>
  requests.map(({ requestLine, headers }) => [
    requestLine.split(' ')[1],
    headers.get('WSMANIDENTIFY'),
    headers.has('Authorization'),
  ])

const HEADER = ['/wsman', 'unauthenticated', false]
const PATH = ['/wsman-anon/identify', undefined, false]

/** Answers the first form with one status and the second with another; 0 ends the connection. */
const answering =
  (first: string, second: string, ...headers: string[]) =>
  ({ socket, requestLine, body }: RawRequest): void => {
    const status = requestLine.includes('/wsman-anon/') ? second : first
    socket.write(reply(status.startsWith('200') ? `<${body}>` : 'no', { status, headers }))
    if (headers.includes('Connection: Close')) socket.end()
  }

const identify = (server: RawServer, options: Parameters<typeof connect>[1] = {}): Promise<string> =>
  send(connect(server, options), { anonymous: true })

describe('Identify without credentials', () => {
  it('is said by a header', async () => {
    const server = await startRawServer(echo)
    expect(await identify(server)).toBe('<<x/>>')
    expect(forms(server)).toEqual([HEADER])
  })

  it.each(['401 Unauthorized', '404 Not Found'])('is said by the path after %s', async (status) => {
    const server = await startRawServer(answering(status, '200 OK'))
    expect(await identify(server)).toBe('<<x/>>')
    expect(forms(server)).toEqual([HEADER, PATH])
    expect(server.sockets).toHaveLength(1)
  })

  it('is said by the path where openwsman ends each connection', async () => {
    const server = await startRawServer(answering('401 (null)', '200 (null)', 'Connection: Close'))
    expect(await identify(server)).toBe('<<x/>>')
    expect(forms(server)).toEqual([HEADER, PATH])
    expect(server.sockets).toHaveLength(2)
  })

  it.each([
    ['401 Unauthorized', '401 Unauthorized'],
    ['401 Unauthorized', '404 Not Found'],
    ['401 Unauthorized', '500 Error'],
    ['401 Unauthorized', '302 Found'],
    ['404 Not Found', '401 Unauthorized'],
  ])('is refused by %s and %s', async (first, second) => {
    const server = await startRawServer(answering(first, second, 'WWW-Authenticate: Negotiate'))
    const error = await failure(identify(server))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', offered: ['Negotiate'] })
    expect(error.message).toContain('demands authentication')
    expect(forms(server)).toEqual([HEADER, PATH])
  })

  it('tells what the first 401 offers', async () => {
    const server = await startRawServer((request) => {
      const scheme = request.requestLine.includes('/wsman-anon/') ? 'Basic' : 'Negotiate'
      answering('401 X', '401 X', `WWW-Authenticate: ${scheme}`)(request)
    })
    expect(await failure(identify(server))).toMatchObject({ offered: ['Negotiate'] })
  })

  it.each([
    ['404 Not Found', '404 Not Found', 2, 404],
    ['404 Not Found', '503 Busy', 2, 503],
    ['500 Error', '200 OK', 1, 500],
    ['403 Forbidden', '200 OK', 1, 403],
  ])('hands the answers %s and %s to the reader', async (first, second, requests, status) => {
    const server = await startRawServer(answering(first, second))
    const seen: number[] = []
    const transport = connect(server)
    const { signal } = new AbortController()
    await transport.send(
      { body: '<x/>', lane: 'call', replyTimeoutMs: 20_000, signal, anonymous: true },
      (head) => {
        seen.push(head.status)
        return { write: () => undefined, end: () => undefined }
      },
    )
    expect([seen, server.requests.length]).toEqual([[status], requests])
  })

  it('is never sent over a connection that carries credentials, nor they over its own', async () => {
    const server = await startRawServer(echo)
    const transport = connect(server)
    await send(transport)
    await send(transport, { anonymous: true })
    await send(transport)
    await send(transport, { anonymous: true })
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1, 0, 1])
    expect(server.requests.map(({ headers }) => headers.has('Authorization'))).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  it('does not open the gate for a credential', async () => {
    const waiting: RawRequest[] = []
    const server = await startRawServer((request) => {
      if (request.headers.has('Authorization')) waiting.push(request)
      else echo(request)
    })
    const transport = connect(server)
    await send(transport, { anonymous: true })
    const calls = [send(transport), send(transport)]
    await until(() => waiting.length > 0)
    expect(await send(transport, { anonymous: true })).toBe('<<x/>>')
    expect(waiting).toHaveLength(1)
    const [first] = waiting
    if (first) echo(first)
    await until(() => waiting.length === 2)
    const [, second] = waiting
    if (second) echo(second)
    expect(await Promise.all(calls)).toEqual(['<<x/>>', '<<x/>>'])
  })

  it('ends with the transport', async () => {
    const server = await startRawServer(() => undefined)
    const transport = connect(server)
    const running = failure(send(transport, { anonymous: true }))
    await until(() => server.requests.length > 0)
    const reason = new Error('closed')
    transport.close(() => reason)
    expect(await running).toBe(reason)
    expect(await failure(send(transport, { anonymous: true }))).toBe(reason)
    await until(() => server.sockets.every((socket) => socket.destroyed))
  })

  it('is refused by a transport that was closed before the first one', async () => {
    const server = await startRawServer(() => undefined)
    const transport = connect(server)
    const reason = new Error('closed')
    transport.close(() => reason)
    expect(await failure(send(transport, { anonymous: true }))).toBe(reason)
    expect(server.sockets).toEqual([])
  })
})
