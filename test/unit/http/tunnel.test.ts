import { X509Certificate } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { generate } from 'selfsigned'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { TimeoutError, TransportError } from '../../../src/errors/errors.js'
import type { WsmanError } from '../../../src/errors/wsman-error.js'
import { sendRequest } from '../../../src/http/adapter.js'
import { HttpConnection } from '../../../src/http/connection.js'
import { ProxyServer, type ProxyOptions } from '../../../src/http/proxy.js'
import type { Target } from '../../../src/http/target.js'
import { TlsProfile, type TlsOptions } from '../../../src/http/tls.js'
import { reply, startRawServer, type RawServer } from './raw-server.js'
import { startProxy } from './tunnel-proxy.js'

interface Identity {
  readonly cert: string
  readonly key: string
  readonly fingerprint256: string
}

async function makeIdentity(name: string): Promise<Identity> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
  })
  return { cert, key, fingerprint256: new X509Certificate(cert).fingerprint256 }
}

let serverId: Identity
let proxyId: Identity
beforeAll(async () => {
  serverId = await makeIdentity('server')
  proxyId = await makeIdentity('proxy')
})

const opened: HttpConnection[] = []
afterEach(() => {
  vi.useRealTimers()
  for (const connection of opened.splice(0)) connection.destroy()
})

interface Route {
  readonly target?: Partial<Target>
  readonly tls?: TlsOptions
  readonly connectTimeoutMs?: number
  readonly signal?: AbortSignal
}

async function open(
  { port }: { port: number },
  proxy: ProxyOptions | ProxyServer,
  { target, tls, connectTimeoutMs = 20_000, signal = new AbortController().signal }: Route = {},
): Promise<HttpConnection> {
  const connection = await HttpConnection.open(
    {
      target: { hostname: '127.0.0.1', port, secure: tls !== undefined, ...target },
      tls: tls && new TlsProfile(tls),
      proxy: proxy instanceof ProxyServer ? proxy : new ProxyServer(proxy),
      connectTimeoutMs,
    },
    signal,
  )
  opened.push(connection)
  return connection
}

async function ask(connection: HttpConnection, body: string): Promise<string> {
  connection.take()
  const { signal } = new AbortController()
  const request = { path: '/wsman', headers: {}, body, replyTimeoutMs: 20_000, signal }
  const response = await sendRequest(connection, request, {
    inactivityTimeoutMs: 20_000,
    maxResponseBytes: 1 << 20,
  })
  const chunks: Uint8Array[] = []
  const text = await response.receive({
    write: (chunk) => {
      chunks.push(Buffer.from(chunk))
    },
    end: () => Buffer.concat(chunks).toString(),
  })
  connection.release()
  return text
}

async function failure(promise: Promise<unknown>): Promise<WsmanError> {
  const error: unknown = await promise.then(
    () => expect.unreachable('it resolved'),
    (reason: unknown) => reason,
  )
  return error as WsmanError
}

const echo = (tls = false): Promise<RawServer> =>
  startRawServer(
    ({ socket, body }) => socket.write(reply(`<${body}>`)),
    tls ? { tls: { cert: serverId.cert, key: serverId.key } } : {},
  )

const url = ({ port }: { port: number }, credential = ''): ProxyOptions => ({
  url: `http://${credential}127.0.0.1:${port}`,
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe('a tunnel', () => {
  it('carries plain HTTP, which the proxy never sees as such', async () => {
    const server = await echo()
    const proxy = await startProxy()
    const connection = await open(server, url(proxy))
    expect([await ask(connection, 'one'), await ask(connection, 'two')]).toEqual(['<one>', '<two>'])
    expect(proxy.requests.map(({ requestLine }) => requestLine)).toEqual([
      `CONNECT 127.0.0.1:${server.port} HTTP/1.1`,
    ])
    expect(Object.fromEntries(proxy.requests[0]?.headers ?? [])).toEqual({
      Host: `127.0.0.1:${server.port}`,
      Connection: 'keep-alive',
    })
    expect(server.requests[0]?.requestLine).toBe('POST /wsman HTTP/1.1')
    expect(server.requests[0]?.headers.get('Host')).toBe(`127.0.0.1:${server.port}`)
  })

  it('carries TLS from end to end', async () => {
    const server = await echo(true)
    const proxy = await startProxy()
    const connection = await open(server, url(proxy), { tls: { fingerprint256: serverId.fingerprint256 } })
    expect(await ask(connection, 'one')).toBe('<one>')
    expect(connection.peerCertificate).toEqual(new X509Certificate(serverId.cert).raw)
  })

  it('goes over TLS to a proxy that speaks it, which is trusted on its own account', async () => {
    const server = await echo(true)
    const proxy = await startProxy(undefined, { tls: { cert: proxyId.cert, key: proxyId.key } })
    const tls = { fingerprint256: serverId.fingerprint256 }
    const address = `https://127.0.0.1:${proxy.port}`
    const connection = await open(
      server,
      { url: address, tls: { fingerprint256: proxyId.fingerprint256 } },
      { tls },
    )
    expect([await ask(connection, 'one'), await ask(connection, 'two')]).toEqual(['<one>', '<two>'])
    expect(connection.peerCertificate).toEqual(new X509Certificate(serverId.cert).raw)
    for (const socket of server.sockets) socket.destroy()
    await until(() => !connection.usable)

    for (const options of [{ url: address }, { url: address, tls }]) {
      const error = await failure(open(server, options, { tls }))
      expect(error).toBeInstanceOf(TransportError)
      expect(error).toMatchObject({ code: 'ERR_WSMAN_PROXY', host: '127.0.0.1' })
      expect(error.hint).toContain('proxy: { url:')
    }
    expect(proxy.requests).toHaveLength(1)
  })

  it.each(['http', 'https'])(
    'through an %s proxy keeps the process alive only while it is in use',
    async (scheme) => {
      const server = await echo(true)
      const proxy = await startProxy(
        undefined,
        scheme === 'https' ? { tls: { cert: proxyId.cert, key: proxyId.key } } : {},
      )
      const connection = await open(
        server,
        { url: `${scheme}://127.0.0.1:${proxy.port}`, tls: { fingerprint256: proxyId.fingerprint256 } },
        { tls: { fingerprint256: serverId.fingerprint256 } },
      )
      await ask(connection, 'one')
      const holding = (): number =>
        process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
      const idle = holding()
      connection.take()
      expect(holding()).toBe(idle + 1)
      connection.release()
      expect(holding()).toBe(idle)
    },
  )

  it('is refused where the proxy shows its own certificate in place of the pinned one', async () => {
    const server = await startRawServer(() => undefined, { tls: { cert: proxyId.cert, key: proxyId.key } })
    const proxy = await startProxy()
    const error = await failure(
      open(server, url(proxy), { tls: { fingerprint256: serverId.fingerprint256 } }),
    )
    expect(error.code).toBe('ERR_WSMAN_TLS')
    expect(error.message).toContain(proxyId.fingerprint256)
    expect(server.requests).toEqual([])
  })

  it.each([
    ['2001:db8::7', '[2001:db8::7]:5985'],
    ['fe80::1%eth0', '[fe80::1]:5985'],
    ['server01.example.com', 'server01.example.com:5985'],
  ])('is asked for by the name %s, which the proxy resolves', async (hostname, authority) => {
    const proxy = await startProxy(({ socket }) => {
      socket.end('HTTP/1.1 502 No\r\n\r\n')
      return false
    })
    await failure(open({ port: 5985 }, url(proxy), { target: { hostname } }))
    expect(proxy.requests[0]?.requestLine).toBe(`CONNECT ${authority} HTTP/1.1`)
    expect(proxy.requests[0]?.headers.get('Host')).toBe(authority)
  })

  it('leaves the credential of the proxy with the proxy', async () => {
    const server = await echo()
    const proxy = await startProxy()
    const connection = await open(server, url(proxy, 'EXAMPLE%5Calice:p%40ss@'))
    expect(await ask(connection, 'x')).toBe('<x>')
    expect(proxy.requests[0]?.headers.get('Proxy-Authorization')).toBe(
      `Basic ${Buffer.from('EXAMPLE\\alice:p@ss').toString('base64')}`,
    )
    expect([...(server.requests[0]?.headers.keys() ?? [])]).not.toContain('Proxy-Authorization')
  })

  it('takes any status of success, and headers', async () => {
    const server = await echo()
    const proxy = await startProxy(undefined, { established: 'HTTP/1.0 204 \r\nVia: 1.1 x\r\n\r\n' })
    expect(await ask(await open(server, url(proxy)), 'x')).toBe('<x>')
  })

  it('ends with its connection', async () => {
    const server = await echo()
    const proxy = await startProxy()
    const connection = await open(server, url(proxy))
    for (const socket of proxy.sockets) socket.destroy()
    await until(() => !connection.usable)
    expect(connection.endedBy).toBeUndefined()
  })
})

describe('a proxy that makes no tunnel', () => {
  const answering = (text: string, end = true): ReturnType<typeof startProxy> =>
    startProxy(({ socket }) => {
      if (end) socket.end(text)
      else socket.write(text)
      return false
    })

  it.each([
    ['502 Bad Gateway', true, 'could not reach the host'],
    ['503 Unavailable', true, 'could not reach the host'],
    ['504 Timeout', true, 'could not reach the host'],
    ['403 Forbidden', false, 'have it allow 5985 and 5986'],
    ['405 Method Not Allowed', false, 'have it allow 5985 and 5986'],
    ['302 Found\r\nLocation: http://elsewhere/', false, 'have it allow'],
  ])('because of %s', async (status, retryable, hint) => {
    const proxy = await answering(`HTTP/1.1 ${status}\r\nContent-Type: text/html\r\n\r\n<html>no</html>`)
    const error = await failure(open({ port: 5985 }, url(proxy)))
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({
      code: 'ERR_WSMAN_PROXY',
      status: Number(status.slice(0, 3)),
      host: '127.0.0.1',
      retryable,
    })
    expect(error.message).toContain(`The proxy 127.0.0.1:${proxy.port} made no tunnel`)
    expect(error.hint).toContain(hint)
  })

  it.each([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nVia: x'],
    ['something interim alone', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['something else than HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['TLS', '\x15\x03\x01\x00\x02\x02\x46'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'X-Filler: 0123456789\r\n'.repeat(2000)}`],
    ['one endless header', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}`],
    ['more than the answer', 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'],
  ])('but says %s', async (_, text) => {
    const proxy = await answering(text)
    const error = await failure(open({ port: 5985 }, url(proxy)))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_PROXY', retryable: false })
    expect(error.hint).toContain('HTTP proxy')
    await until(() => proxy.sockets.every((socket) => socket.destroyed))
  })

  it('but says headers without end, and does not stop', async () => {
    const proxy = await answering(`HTTP/1.1 200 OK\r\n${'X-Filler: 0123456789\r\n'.repeat(2000)}`, false)
    const error = await failure(open({ port: 5985 }, url(proxy)))
    expect(error.message).toContain('sent more HTTP headers than are taken')
  })

  it('after any byte of its answer', async () => {
    const whole = 'HTTP/1.1 200 OK\r\nVia: x\r\n\r\n'
    let length = 0
    const proxy = await startProxy(({ socket }) => {
      socket.end(whole.slice(0, length))
      return false
    })
    for (length = 0; length < whole.length; length++) {
      expect([length, (await failure(open({ port: 5985 }, url(proxy)))).code]).toEqual([
        length,
        'ERR_WSMAN_PROXY',
      ])
    }
  })

  it('because nobody listens there', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const error = await failure(open({ port: 5985 }, url({ port })))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_PROXY', host: '127.0.0.1', retryable: true })
    expect(error.message).toBe(`The proxy 127.0.0.1:${port} cannot be reached: ECONNREFUSED.`)
    expect(error.hint).toContain('the option proxy')
  })

  it('because it does not speak TLS', async () => {
    const plain = await startRawServer(() => undefined, {
      onConnection: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    })
    const error = await failure(open({ port: 5986 }, { url: `https://127.0.0.1:${plain.port}` }))
    expect(error.code).toBe('ERR_WSMAN_PROXY')
    expect(error.message).toContain('cannot be used')
  })

  it('because the call is over already', async () => {
    const proxy = await startProxy()
    const reason = new Error('early')
    expect(await failure(open({ port: 5985 }, url(proxy), { signal: AbortSignal.abort(reason) }))).toBe(
      reason,
    )
    expect(proxy.sockets).toEqual([])
  })

  it('before time runs out', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const proxy = await answering('HTTP/1.1 200 OK\r\nVia: ', false)
    const opening = failure(open({ port: 5985 }, url(proxy), { connectTimeoutMs: 5000 }))
    await until(() => proxy.requests.length > 0)
    vi.advanceTimersByTime(5000)
    const error = await opening
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_CONNECT_TIMEOUT', timeoutMs: 5000, remote: 'notStarted' })
    expect(error.message).toContain(
      `A tunnel to 127.0.0.1 port 5985 through the proxy 127.0.0.1:${proxy.port}`,
    )
    expect(error.hint).toContain('proxy')
    expect(vi.getTimerCount()).toBe(0)
    await until(() => proxy.sockets.every((socket) => socket.destroyed))
  })

  it('before TLS through it is up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const mute = await startRawServer(() => undefined)
    const proxy = await startProxy()
    const opening = failure(open(mute, url(proxy), { connectTimeoutMs: 5000, tls: {} }))
    await until(() => mute.sockets.length > 0)
    await until(() => (mute.sockets[0]?.bytesRead ?? 0) > 0)
    vi.advanceTimersByTime(5000)
    expect(await opening).toMatchObject({
      code: 'ERR_WSMAN_CONNECT_TIMEOUT',
      message: `TLS with 127.0.0.1 port ${mute.port} was not made within 5000 ms.`,
    })
  })

  it('before the caller has enough', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const proxy = await startProxy(() => {
      controller.abort(reason)
      return false
    })
    expect(await failure(open({ port: 5985 }, url(proxy), { signal: controller.signal }))).toBe(reason)
    await until(() => proxy.sockets.every((socket) => socket.destroyed))
  })
})

describe('a proxy that wants credentials', () => {
  const demanding = (...offers: string[]): ReturnType<typeof startProxy> =>
    startProxy(({ socket }) => {
      const headers = offers.map((offer) => `Proxy-Authenticate: ${offer}\r\n`).join('')
      socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\n${headers}\r\n`)
      return false
    })

  it('is told from one that refuses them', async () => {
    const proxy = await demanding('Basic realm="x"')
    const without = await failure(open({ port: 5985 }, url(proxy)))
    expect(without).toMatchObject({ code: 'ERR_WSMAN_PROXY', status: 407, retryable: false })
    expect(without.message).toContain('demands authentication')
    expect(without.hint).toContain("proxy: 'http://user:p%40ss@proxy:3128'")
    const wrong = await failure(open({ port: 5985 }, url(proxy, 'alice:hunter2@')))
    expect(wrong).toMatchObject({ code: 'ERR_WSMAN_PROXY', status: 407 })
    expect(wrong.message).toContain('refused the user name or the password')
    const secrets = new RegExp(`hunter2|${Buffer.from('alice:hunter2').toString('base64')}`)
    expect(proxy.requests[1]?.headers.get('Proxy-Authorization')).toMatch(secrets)
    expect(inspect(wrong, { depth: 20, showHidden: true })).not.toMatch(secrets)
    expect(JSON.stringify(wrong)).not.toMatch(secrets)
  })

  it('gets refused ones no second time', async () => {
    const proxy = await demanding()
    const server = new ProxyServer(url(proxy, 'alice:hunter2@'))
    const first = await failure(open({ port: 5985 }, server))
    const second = await failure(open({ port: 5985 }, server))
    expect([first.message, second.message]).toEqual([first.message, first.message])
    expect(second).not.toBe(first)
    expect(proxy.sockets).toHaveLength(1)
  })

  it('may not take Basic', async () => {
    const proxy = await demanding('Negotiate', 'NTLM')
    const server = new ProxyServer(url(proxy, 'alice:hunter2@'))
    for (let count = 0; count < 2; count++) {
      expect((await failure(open({ port: 5985 }, server))).message).toContain('does not offer Basic')
    }
    expect(proxy.sockets).toHaveLength(1)
  })
})
