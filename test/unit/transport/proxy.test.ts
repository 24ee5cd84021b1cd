import { afterEach, describe, expect, it, vi } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { startRawServer } from '../http/raw-server.js'
import { startProxy, type ConnectRequest } from '../http/tunnel-proxy.js'
import { connect, echo, failure, send, until } from './harness.js'

const via = ({ port }: { port: number }, credential = ''): { proxy: string } => ({
  proxy: `http://${credential}127.0.0.1:${port}`,
})

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a transport with a proxy', () => {
  it('keeps its connections, each in a tunnel of its own', async () => {
    const server = await startRawServer(echo)
    const proxy = await startProxy()
    const transport = connect(server, via(proxy))
    expect([await send(transport), await send(transport)]).toEqual(['<<x/>>', '<<x/>>'])
    await Promise.all([send(transport), send(transport), send(transport)])
    await send(transport, { anonymous: true })
    expect(proxy.requests.length).toBe(server.sockets.length)
    expect(server.requests).toHaveLength(6)
    expect(new Set(proxy.requests.map(({ requestLine }) => requestLine))).toEqual(
      new Set([`CONNECT 127.0.0.1:${server.port} HTTP/1.1`]),
    )
  })

  it('goes there also for loopback and whatever the environment says', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9')
    vi.stubEnv('NO_PROXY', '*')
    const server = await startRawServer(echo)
    const proxy = await startProxy()
    expect(await send(connect(server, via(proxy)))).toBe('<<x/>>')
    expect(proxy.requests).toHaveLength(1)
    expect(await send(connect(server))).toBe('<<x/>>')
    expect(proxy.requests).toHaveLength(1)
  })

  it('asks the environment when it is told to', async () => {
    const server = await startRawServer(echo)
    const proxy = await startProxy()
    vi.stubEnv('http_proxy', undefined)
    vi.stubEnv('no_proxy', undefined)
    vi.stubEnv('HTTP_PROXY', via(proxy).proxy)
    vi.stubEnv('NO_PROXY', '')
    expect(await send(connect(server, { proxy: 'env' }))).toBe('<<x/>>')
    expect(proxy.requests).toHaveLength(1)
    vi.stubEnv('NO_PROXY', `example.com,127.0.0.1:${server.port}`)
    expect(await send(connect(server, { proxy: 'env' }))).toBe('<<x/>>')
    expect(proxy.requests).toHaveLength(1)
    vi.stubEnv('NO_PROXY', '')
    vi.stubEnv('HTTP_PROXY', 'socks5://alice:hunter2@127.0.0.1')
    expect(() => connect(server, { proxy: 'env' })).toThrow(UsageError)
  })

  it('tries the credential for the proxy on one connection before the others follow', async () => {
    const held: ConnectRequest[] = []
    const server = await startRawServer(echo)
    const proxy = await startProxy((request) => {
      held.push(request)
      return held.length > 1
    })
    const transport = connect(server, { ...via(proxy, 'alice:secret@'), auth: { scheme: 'none' } })
    const calls = [send(transport), send(transport), send(transport)]
    await until(() => held.length === 1)
    expect(proxy.sockets).toHaveLength(1)
    held[0]?.socket.destroy()
    expect((await failure(calls[0] ?? Promise.resolve())).code).toBe('ERR_WSMAN_PROXY')
    expect(await Promise.all(calls.slice(1))).toEqual(['<<x/>>', '<<x/>>'])
  })

  it('sends a refused credential for the proxy once, however many ask', async () => {
    const proxy = await startProxy(({ socket }) => {
      socket.end('HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n')
      return false
    })
    const transport = connect({ port: 5985 }, { ...via(proxy, 'alice:wrong@'), auth: { scheme: 'none' } })
    const errors = await Promise.all(Array.from({ length: 8 }, () => failure(send(transport))))
    errors.push(await failure(send(transport, { anonymous: true })))
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['ERR_WSMAN_PROXY']))
    expect(proxy.requests).toHaveLength(1)
  })

  it('opens its tunnels side by side where no credential is at stake', async () => {
    const held: ConnectRequest[] = []
    const proxy = await startProxy((request) => {
      held.push(request)
      return false
    })
    const transport = connect({ port: 5985 }, { ...via(proxy), auth: { scheme: 'none' } })
    const calls = [failure(send(transport)), failure(send(transport)), failure(send(transport))]
    await until(() => held.length === 3)
    for (const { socket } of held) socket.end('HTTP/1.1 503 Busy\r\n\r\n')
    expect((await Promise.all(calls)).map(({ retryable }) => retryable)).toEqual([true, true, true])
  })

  it('ends what waits for a tunnel on close', async () => {
    const proxy = await startProxy(() => false)
    const transport = connect({ port: 5985 }, { ...via(proxy, 'alice:secret@'), auth: { scheme: 'none' } })
    const calls = [failure(send(transport)), failure(send(transport))]
    await until(() => proxy.requests.length === 1)
    const reason = new Error('closed')
    transport.close(() => reason)
    expect(await Promise.all(calls)).toEqual([reason, reason])
    await until(() => proxy.sockets.every((socket) => socket.destroyed))
  })
})
