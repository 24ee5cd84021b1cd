import { Readable } from 'node:stream'
import { text as readText } from 'node:stream/consumers'
import axios, { AxiosError, type AxiosInstance } from 'axios'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ProtocolError, UsageError } from '../../../src/errors/errors.js'
import { sendRequest } from '../../../src/http/adapter.js'
import { HttpConnection } from '../../../src/http/connection.js'
import type { ExchangeLimits, WireRequest, WireResponse } from '../../../src/http/message.js'
import { reply, startRawServer, type RawServer } from './raw-server.js'

const LIMITS: ExchangeLimits = { inactivityTimeoutMs: 20_000, maxResponseBytes: 1000 }
const opened: HttpConnection[] = []

async function connect({ port }: RawServer): Promise<HttpConnection> {
  const target = { hostname: '127.0.0.1', port, secure: false }
  const options = { target, tls: undefined, connectTimeoutMs: 20_000 }
  const connection = await HttpConnection.open(options, new AbortController().signal)
  connection.take()
  opened.push(connection)
  return connection
}

afterEach(() => {
  for (const connection of opened.splice(0)) connection.destroy()
})

function send(
  connection: HttpConnection,
  instance: AxiosInstance,
  given: Partial<WireRequest> = {},
): Promise<WireResponse> {
  const { signal } = new AbortController()
  const headers = { 'Content-Type': 'application/soap+xml;charset=UTF-8', Authorization: 'Basic c2VjcmV0' }
  const request = { path: '/wsman', headers, body: '<x/>', replyTimeoutMs: 20_000, signal, ...given }
  return sendRequest(connection, request, LIMITS, instance)
}

function receive(response: WireResponse): Promise<string> {
  const chunks: Uint8Array[] = []
  return response.receive({
    write: (chunk) => {
      chunks.push(Buffer.from(chunk))
    },
    end: () => Buffer.concat(chunks).toString(),
  })
}

const echo = (): Promise<RawServer> =>
  startRawServer(({ socket, body }) =>
    socket.write(reply(`<${body}>`, { headers: ['X-Seen: 1', 'Set-Cookie: a=1', 'Set-Cookie: b=2'] })),
  )

describe("the caller's axios instance", () => {
  it('is left out where it has nothing to add', async () => {
    const connection = await connect(await echo())
    const instance = axios.create()
    // What older versions of axios leave of an interceptor that was ejected.
    Reflect.set(instance.interceptors.request, 'handlers', [null])
    const request = vi.spyOn(instance, 'request')
    expect(await receive(await send(connection, instance))).toBe('<<x/>>')
    expect(request).not.toHaveBeenCalled()
  })

  it('sees the request as it is sent', async () => {
    const server = await echo()
    const connection = await connect(server)
    const instance = axios.create()
    const seen: unknown[] = []
    instance.interceptors.request.use((config) => {
      const { url, method, headers, maxRedirects } = config
      seen.push({ url, method, data: config.data as unknown, headers: { ...headers.toJSON() }, maxRedirects })
      return config
    })
    const response = await send(connection, instance)
    expect([response.status, response.statusText, response.headers['x-seen']]).toEqual([200, 'OK', '1'])
    expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(await receive(response)).toBe('<<x/>>')
    const host = `127.0.0.1:${server.port}`
    const headers = {
      Host: host,
      'Content-Type': 'application/soap+xml;charset=UTF-8',
      Authorization: 'Basic c2VjcmV0',
    }
    expect(seen).toEqual([
      { url: `http://${host}/wsman`, method: 'post', data: '<x/>', headers, maxRedirects: 0 },
    ])
    expect(Object.fromEntries(server.requests[0]?.headers ?? [])).toEqual({
      ...headers,
      'Content-Length': '4',
      Connection: 'keep-alive',
    })
  })

  it('may change headers and data, and the length follows', async () => {
    const server = await echo()
    const connection = await connect(server)
    const instance = axios.create()
    instance.interceptors.request.use(async (config) => {
      await Promise.resolve()
      config.headers.set('X-Trace', 'abc')
      config.headers.set('Content-Length', '99999')
      config.headers.set('Transfer-Encoding', 'chunked')
      config.data = `${String(config.data)}€`
      return config
    })
    expect(await receive(await send(connection, instance))).toBe('<<x/>€>')
    const headers = server.requests[0]?.headers
    expect([
      headers?.get('X-Trace'),
      headers?.get('Content-Length'),
      headers?.has('Transfer-Encoding'),
    ]).toEqual(['abc', '7', false])
  })

  it('adds its default headers, with interceptors or without', async () => {
    const server = await echo()
    const connection = await connect(server)
    for (const headers of [
      { 'X-Team': 'blue' },
      { common: { 'X-Team': 'blue' } },
      { post: { 'X-Team': 'blue' } },
    ]) {
      await receive(await send(connection, axios.create({ headers })))
      expect(server.requests.at(-1)?.headers.get('X-Team')).toBe('blue')
      expect(server.requests.at(-1)?.headers.has('Accept')).toBe(false)
    }
  })

  it.each([
    ['text', 'other'],
    ['bytes', Buffer.from('other')],
    ['a stream', Readable.from([Buffer.from('oth'), Buffer.from('er')])],
  ])('may put %s in place of the reply', async (_, data) => {
    const connection = await connect(await echo())
    const instance = axios.create()
    instance.interceptors.response.use(async (response) => {
      await readText(response.data as Readable)
      return { ...response, status: 299, data }
    })
    const response = await send(connection, instance)
    expect([response.status, await receive(response)]).toEqual([299, 'other'])
    expect(connection.usable).toBe(true)
  })

  it('loses the connection where it leaves the reply unread', async () => {
    const server = await startRawServer(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'),
    )
    const connection = await connect(server)
    const instance = axios.create()
    instance.interceptors.response.use((response) => ({ ...response, data: '' }))
    expect(await receive(await send(connection, instance))).toBe('')
    expect(connection.usable).toBe(false)
  })

  it('cannot follow redirects, use another adapter, proxy or timeout', async () => {
    const server = await startRawServer(({ socket }) =>
      socket.write(reply('', { status: '302 Found', headers: ['Location: http://elsewhere/'] })),
    )
    const connection = await connect(server)
    const adapter = vi.fn()
    const proxy = { host: '127.0.0.1', port: 9, protocol: 'http' }
    const instance = axios.create({
      adapter,
      proxy,
      timeout: 1,
      maxRedirects: 9,
      baseURL: 'http://elsewhere',
      headers: { 'X-Y': '1' },
    })
    const response = await send(connection, instance)
    expect([response.status, response.headers.location]).toEqual([302, 'http://elsewhere/'])
    expect(adapter).not.toHaveBeenCalled()
  })

  it.each<[string, (instance: AxiosInstance) => unknown, string]>([
    [
      'changes the URL',
      ({ interceptors }) => interceptors.request.use((config) => ({ ...config, url: 'http://elsewhere/' })),
      'changed the URL',
    ],
    [
      'replaces the data with an object',
      ({ interceptors }) => interceptors.request.use((config) => ({ ...config, data: {} })),
      'neither text nor bytes',
    ],
    [
      'sends the request elsewhere',
      ({ interceptors }) =>
        interceptors.request.use((config) => ({
          ...config,
          adapter: (own) =>
            Promise.resolve({ data: '', status: 200, statusText: '', headers: {}, config: own }),
        })),
      'kept the request from being sent',
    ],
    [
      'sends it twice',
      (instance) => instance.interceptors.response.use(({ config }) => instance.request(config)),
      'sent a request again',
    ],
    [
      'throws',
      ({ interceptors }) =>
        interceptors.request.use(() => {
          throw new Error('no token')
        }),
      'An axios interceptor failed: no token',
    ],
    [
      'breaks a header',
      ({ interceptors }) =>
        interceptors.request.use((config) => ({ ...config, headers: config.headers.set('X', 'a\u2028b') })),
      'The HTTP header "X"',
    ],
  ])('that %s is a UsageError', async (_, spoil, message) => {
    const connection = await connect(await echo())
    const instance = axios.create()
    spoil(instance)
    const error: unknown = await send(connection, instance).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toContain(message)
    expect(connection.usable).toBe(false)
  })

  it('does not carry the request, with its credentials, out in an error', async () => {
    const connection = await connect(await echo())
    const instance = axios.create()
    instance.interceptors.response.use((response) => {
      throw new AxiosError('rejected', 'E', response.config)
    })
    const error: unknown = await send(connection, instance).catch((reason: unknown) => reason)
    const { inspect } = await import('node:util')
    expect(String(error)).toContain('rejected')
    expect(inspect(error, { depth: 12, showHidden: true })).not.toContain('c2VjcmV0')
  })

  it('lets the errors of the exchange through as they are', async () => {
    const server = await startRawServer(({ socket }) =>
      socket.write(reply('x', { headers: ['Content-Encoding: br'] })),
    )
    const connection = await connect(server)
    const instance = axios.create()
    const seen = vi.fn((error: unknown) => Promise.reject(error as Error))
    instance.interceptors.response.use(undefined, seen)
    const error: unknown = await send(connection, instance).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ProtocolError)
    expect(seen).toHaveBeenCalledWith(error)
  })

  it('does not hide why the exchange failed behind an error of its own', async () => {
    const server = await startRawServer(({ socket }) => socket.destroy())
    const connection = await connect(server)
    const instance = axios.create()
    instance.interceptors.response.use(undefined, () => Promise.reject(new Error('oops')))
    await expect(send(connection, instance)).rejects.toMatchObject({ code: 'ERR_WSMAN_SOCKET' })
  })

  it('does not outlast the signal', async () => {
    const connection = await connect(await echo())
    const instance = axios.create()
    const controller = new AbortController()
    const reason = new Error('enough')
    instance.interceptors.request.use(() => {
      controller.abort(reason)
      return new Promise(() => undefined)
    })
    await expect(send(connection, instance, { signal: controller.signal })).rejects.toBe(reason)
  })
})
