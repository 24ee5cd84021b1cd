import { createServer, type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { TimeoutError, TransportError } from '../../../src/errors/errors.js'
import { HttpConnection } from '../../../src/http/connection.js'
import { MalformedReply } from '../../../src/http/reply-parser.js'
import { connectError, exchangeError } from '../../../src/http/socket-errors.js'
import { startRawServer } from './raw-server.js'

const never = new AbortController().signal
const opened: HttpConnection[] = []

async function open(port: number, { hostname = '127.0.0.1', signal = never } = {}): Promise<HttpConnection> {
  const target = { hostname, port, secure: false }
  const connection = await HttpConnection.open({ target, tls: undefined, connectTimeoutMs: 10_000 }, signal)
  opened.push(connection)
  return connection
}

afterEach(() => {
  vi.useRealTimers()
  for (const connection of opened.splice(0)) connection.destroy()
})

async function gone(connection: HttpConnection): Promise<void> {
  while (connection.usable) await new Promise((resolve) => setImmediate(resolve))
}

async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('HttpConnection.open', () => {
  it('says in plain words that nothing listens', async () => {
    const port = await unusedPort()
    await expect(open(port)).rejects.toMatchObject({
      code: 'ERR_WSMAN_CONNECT',
      message: `No connection to 127.0.0.1 port ${port}: ECONNREFUSED.`,
      host: '127.0.0.1',
      retryable: true,
      hint: expect.stringContaining('winrm quickconfig') as string,
    })
  })

  it('gives up when its time is over', async () => {
    const { port } = await startRawServer(() => undefined)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const failed = open(port).catch((error: unknown) => error)
    // Before the event loop has a chance to see the connection made.
    vi.advanceTimersByTime(10_000)
    const error = await failed
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({
      code: 'ERR_WSMAN_CONNECT_TIMEOUT',
      timeoutMs: 10_000,
      remote: 'notStarted',
    })
  })

  it('ends with its signal', async () => {
    const reason = new Error('enough')
    const { port } = await startRawServer(() => undefined)
    await expect(open(port, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const failed = open(port, { signal: controller.signal })
    controller.abort(reason)
    await expect(failed).rejects.toBe(reason)
  })

  it('leaves the signal and the clock alone when it is done', async () => {
    const { port } = await startRawServer(() => undefined)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { signal } = new AbortController()
    const remove = vi.spyOn(signal, 'removeEventListener')
    const connection = await open(port, { signal })
    expect(remove).toHaveBeenCalledTimes(1)
    connection.destroy()
    expect(vi.getTimerCount()).toBe(0)
  })

  const loopback = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).filter(({ address }) => address === '::1').map(() => name),
  )[0]

  it.skipIf(loopback === undefined)('takes IPv6 with a zone (skipped where there is no ::1)', async () => {
    const server = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      for (const hostname of ['::1', `::1%${loopback ?? ''}`]) {
        expect((await open(port, { hostname })).target.hostname).toBe(hostname)
      }
    } finally {
      server.close()
    }
  })
})

describe('HttpConnection', () => {
  it('is no longer usable when the server closes it', async () => {
    const server = await startRawServer(() => undefined)
    const connection = await open(server.port)
    expect(connection.usable).toBe(true)
    server.sockets[0]?.end()
    await gone(connection)
    expect(connection.endedBy).toBeUndefined()
  })

  it('survives a reset while idle', async () => {
    const server = await startRawServer(() => undefined)
    const connection = await open(server.port)
    server.sockets[0]?.resetAndDestroy()
    await gone(connection)
    expect(connection.endedBy).toBeUndefined()
  })

  it('closes its socket after a minute of idleness, counted from the last use', async () => {
    const { port } = await startRawServer(() => undefined)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const connection = await open(port)
    vi.advanceTimersByTime(40_000)
    connection.take()
    expect(connection.idleSince).toBeUndefined()
    vi.advanceTimersByTime(100_000)
    expect(connection.usable).toBe(true)
    connection.release()
    expect(connection.idleSince).toBe(performance.now())
    vi.advanceTimersByTime(30_000)
    connection.take()
    connection.release()
    vi.advanceTimersByTime(59_999)
    expect(connection.usable).toBe(true)
    vi.advanceTimersByTime(1)
    expect(connection.usable).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keeps the process alive only while it is in use', async () => {
    const { port } = await startRawServer(() => undefined)
    const connection = await open(port)
    const holding = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    const idle = holding()
    connection.take()
    expect(holding()).toBe(idle + 1)
    connection.release()
    expect(holding()).toBe(idle)
  })

  it('has no certificate to show over HTTP', async () => {
    const { port } = await startRawServer(() => undefined)
    expect((await open(port)).peerCertificate).toBeUndefined()
  })
})

describe('errors of sockets', () => {
  const target = { hostname: 'server01', port: 5985, secure: false }
  const coded = (code: string, message = code): Error => Object.assign(new Error(message), { code })

  it.each([
    ['ENOTFOUND', 'DNS'],
    ['EAI_AGAIN', 'DNS'],
    ['ETIMEDOUT', 'firewall'],
    ['EHOSTUNREACH', 'route'],
    ['ENETUNREACH', 'route'],
    ['ECONNREFUSED', 'winrm quickconfig'],
  ])('%s gets a hint about %s', (code, word) => {
    const error = connectError(coded(code), target)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_CONNECT', host: 'server01' })
    expect(error.hint).toContain(word)
  })

  it('speaks of the first address where several were tried', () => {
    const error = connectError(new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]), target)
    expect(error.message).toBe('No connection to server01 port 5985: ECONNREFUSED.')
  })

  it('says what is always worth a look where it knows no more', () => {
    const error = connectError(new Error('strange'), target)
    expect(error.hint).toBe('Check host and port, and the network between (5985 for HTTP, 5986 for HTTPS).')
  })

  it('does not call an unexpected end a breach of the protocol', () => {
    expect(exchangeError(coded('ECONNRESET'), target)).toBeInstanceOf(TransportError)
    expect(exchangeError(new MalformedReply('no status line'), target).code).toBe('ERR_WSMAN_PROTOCOL')
    expect(exchangeError(coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), target).code).toBe(
      'ERR_WSMAN_TLS',
    )
  })
})
