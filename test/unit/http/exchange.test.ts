import { afterEach, describe, expect, it, vi } from 'vitest'
import fc from 'fast-check'
import { ProtocolError, TimeoutError, TransportError, UsageError } from '../../../src/errors/errors.js'
import type { WsmanError } from '../../../src/errors/wsman-error.js'
import { sendRequest } from '../../../src/http/adapter.js'
import { HttpConnection } from '../../../src/http/connection.js'
import type { ByteSink, ExchangeLimits, WireRequest } from '../../../src/http/message.js'
import { reply, startRawServer, type RawServer } from './raw-server.js'

const LIMITS: ExchangeLimits = { inactivityTimeoutMs: 20_000, maxResponseBytes: 1 << 20 }

const opened: HttpConnection[] = []

async function connect({ port }: { port: number }): Promise<HttpConnection> {
  const target = { hostname: '127.0.0.1', port, secure: false }
  const options = { target, tls: undefined, connectTimeoutMs: 20_000 }
  const connection = await HttpConnection.open(options, new AbortController().signal)
  opened.push(connection)
  connection.take()
  return connection
}

afterEach(() => {
  vi.useRealTimers()
  for (const connection of opened.splice(0)) connection.destroy()
})

function request(given: Partial<WireRequest> = {}): WireRequest {
  const signal = new AbortController().signal
  return { path: '/wsman', headers: {}, body: '<x/>', replyTimeoutMs: 20_000, signal, ...given }
}

function text(): ByteSink<string> {
  const chunks: Uint8Array[] = []
  return {
    write: (chunk) => {
      chunks.push(Buffer.from(chunk))
    },
    end: () => Buffer.concat(chunks).toString(),
  }
}

async function exchange(
  connection: HttpConnection,
  given: Partial<WireRequest> = {},
  limits: Partial<ExchangeLimits> = {},
): Promise<{ status: number; body: string }> {
  const response = await sendRequest(connection, request(given), { ...LIMITS, ...limits })
  return { status: response.status, body: await response.receive(text()) }
}

async function failure(promise: Promise<unknown>): Promise<WsmanError> {
  const error: unknown = await promise.then(
    (value) => expect.unreachable(`resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  return error as WsmanError
}

describe('an exchange', () => {
  it('sends one POST with a length, and reads the reply', async () => {
    const server = await startRawServer(({ socket }) => socket.write(reply('<ok/>')))
    const connection = await connect(server)
    expect(await exchange(connection, { body: '<ä€/>', headers: { 'X-One': 'a' } })).toEqual({
      status: 200,
      body: '<ok/>',
    })
    const [seen] = server.requests
    expect(seen?.requestLine).toBe('POST /wsman HTTP/1.1')
    expect(seen?.body).toBe('<ä€/>')
    expect(Object.fromEntries(seen?.headers ?? [])).toEqual({
      Host: `127.0.0.1:${server.port}`,
      'Content-Length': '8',
      'X-One': 'a',
      Connection: 'keep-alive',
    })
  })

  it('sends bytes as they are, and a length for an empty body', async () => {
    const server = await startRawServer(({ socket }) => socket.write(reply('')))
    const connection = await connect(server)
    await exchange(connection, { body: Uint8Array.from([0xc3, 0xa4]) })
    await exchange(connection, { body: '' })
    expect(server.requests.map(({ body, headers }) => [body, headers.get('Content-Length')])).toEqual([
      ['ä', '2'],
      ['', '0'],
    ])
  })

  it('uses one socket for all of its requests, and leaves no listener on it', async () => {
    const server = await startRawServer(({ socket, index }) => socket.write(reply(String(index))))
    const connection = await connect(server)
    // Node.js warns of the eleventh listener for one event.
    const onWarning = vi.fn()
    process.on('warning', onWarning)
    const bodies: string[] = []
    for (let count = 0; count < 30; count++) bodies.push((await exchange(connection)).body)
    expect(bodies).toEqual(Array.from({ length: 30 }, (_, index) => String(index)))
    process.removeListener('warning', onWarning)
    expect(onWarning).not.toHaveBeenCalled()
    expect(server.sockets).toHaveLength(1)
    expect(connection.usable).toBe(true)
  })

  it('takes interim replies, chunked bodies and bodies that end with the connection', async () => {
    const server = await startRawServer(({ socket, index }) => {
      if (index === 0) socket.write(`HTTP/1.1 100 Continue\r\n\r\n${reply('one')}`)
      else if (index === 1)
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n')
      else socket.end('HTTP/1.1 500 Oops\r\n\r\nthree')
    })
    const connection = await connect(server)
    expect((await exchange(connection)).body).toBe('one')
    expect((await exchange(connection)).body).toBe('two')
    expect(await exchange(connection)).toEqual({ status: 500, body: 'three' })
    expect(connection.usable).toBe(false)
  })

  it('keeps what has come of a body until it is read, whatever comes on other sockets meanwhile', async () => {
    const server = await startRawServer(({ socket, body }) => {
      const half = body.repeat(1000)
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 * half.length}\r\n\r\n${half}`)
      if (body !== 'late') socket.write(half)
    })
    const [slow, fast] = [await connect(server), await connect(server)]
    const response = await sendRequest(slow, request({ body: 'late' }), LIMITS)
    expect((await exchange(fast, { body: 'soon' })).body).toBe('soon'.repeat(2000))
    server.sockets[0]?.write('end!'.repeat(1000))
    expect(await response.receive(text())).toBe('late'.repeat(1000) + 'end!'.repeat(1000))
  })

  it('discards a body so that the next request can follow', async () => {
    const server = await startRawServer(({ socket, index }) => socket.write(reply(`body ${index}`)))
    const connection = await connect(server)
    await (await sendRequest(connection, request(), LIMITS)).discard()
    expect((await exchange(connection)).body).toBe('body 1')
  })

  it('gives the connection up with a body that nobody wants', async () => {
    const server = await startRawServer(({ socket }) => socket.write(reply('unread')))
    const connection = await connect(server)
    const response = await sendRequest(connection, request(), LIMITS)
    response.abandon()
    expect(connection.usable).toBe(false)
    await expect(response.receive(text())).rejects.toBeInstanceOf(TransportError)
  })

  it('does not use a connection again on which the request was answered before it was sent', async () => {
    const early = await startRawServer(() => undefined, {
      onConnection: (socket) => {
        socket.pause()
        socket.write(reply('too large', { status: '413 Too Large' }))
      },
    })
    const connection = await connect(early)
    // More than the buffers of a loopback connection hold.
    const sent = exchange(connection, { body: 'x'.repeat(1 << 25) })
    expect(await sent).toEqual({ status: 413, body: 'too large' })
    expect(connection.usable).toBe(false)
  })
})

describe('a connection that has ended', () => {
  it.each<[string, (server: RawServer) => unknown]>([
    ['is closed', ({ sockets }) => sockets[0]?.end()],
    ['is reset', ({ sockets }) => sockets[0]?.resetAndDestroy()],
  ])('takes no request, which may be sent over another: %s', async (_how, end) => {
    const server = await startRawServer(({ socket }) => socket.write(reply('one')))
    const connection = await connect(server)
    expect((await exchange(connection)).body).toBe('one')
    const closed = new Promise<void>((resolve) => connection.onClose(resolve))
    end(server)
    await closed
    const error = await failure(exchange(connection))
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_CONNECT', retryable: true, host: '127.0.0.1' })
    expect(error.message).toContain('ended before the request was sent')
    expect(server.requests).toHaveLength(1)
  })

  it('tells why it was ended here', async () => {
    const server = await startRawServer(({ socket }) => socket.write(reply('one')))
    const connection = await connect(server)
    const reason = new Error('the client is closed')
    connection.destroy(reason)
    await expect(exchange(connection)).rejects.toBe(reason)
    expect(server.requests).toHaveLength(0)
  })
})

describe('a reply that is cut', () => {
  const whole = [
    reply('<s:Envelope>ü</s:Envelope>', { headers: ['Content-Type: application/soap+xml'] }),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
  ].map((one) => Buffer.from(one))

  it.each([
    ['with a length', 0],
    ['in chunks', 1],
  ])('%s, after any byte', async (_, which) => {
    const bytes = whole[which] ?? Buffer.alloc(0)
    let cutAt = 0
    const server = await startRawServer(({ socket }) => socket.end(bytes.subarray(0, cutAt)))
    for (cutAt = 0; cutAt < bytes.length; cutAt++) {
      const connection = await connect(server)
      const error = await failure(exchange(connection))
      expect([cutAt, error.code]).toEqual([cutAt, 'ERR_WSMAN_SOCKET'])
      expect(error.retryable).toBe(false)
      expect(connection.usable).toBe(false)
    }
    expect((await exchange(await connect(server))).status).toBe(200)
  })

  it('by a reset', async () => {
    const server = await startRawServer(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => socket.resetAndDestroy())
    })
    expect((await failure(exchange(await connect(server)))).code).toBe('ERR_WSMAN_SOCKET')
  })

  it('may come in any pieces', async () => {
    let pieces: Buffer[] = []
    const server = await startRawServer(({ socket }) => {
      socket.setNoDelay(true)
      const next = (): void => {
        const piece = pieces.shift()
        if (piece) socket.write(piece, () => setImmediate(next))
      }
      next()
    })
    const bytes = whole[0] ?? Buffer.alloc(0)
    const connection = await connect(server)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
        expect((await exchange(connection)).body).toBe('<s:Envelope>ü</s:Envelope>')
      }),
      { numRuns: 40 },
    )
  })
})

describe('a peer that sends what it must not', () => {
  const answering = (bytes: string): Promise<RawServer> => startRawServer(({ socket }) => socket.write(bytes))

  it.each([
    ['something else than HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a chunk size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a change of the protocol', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ])('%s is a ProtocolError', async (_, bytes) => {
    const connection = await connect(await answering(bytes))
    const error = await failure(exchange(connection))
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error.code).toBe('ERR_WSMAN_PROTOCOL')
    expect(connection.usable).toBe(false)
  })

  it('headers without end are a limit', async () => {
    const connection = await connect(
      await answering(`HTTP/1.1 200 OK\r\n${'X-Filler: 0123456789\r\n'.repeat(10_000)}`),
    )
    expect((await failure(exchange(connection))).code).toBe('ERR_WSMAN_LIMIT')
  })

  it('a compressed body was never asked for', async () => {
    const server = await answering(reply('x', { headers: ['Content-Encoding: gzip'] }))
    const error = await failure(exchange(await connect(server)))
    expect(error.code).toBe('ERR_WSMAN_PROTOCOL')
    expect(error.message).toContain('"gzip"')
    expect([...(server.requests[0]?.headers.keys() ?? [])].map((name) => name.toLowerCase())).not.toContain(
      'accept-encoding',
    )
  })

  it('takes the encoding that is none', async () => {
    const server = await answering(reply('x', { headers: ['Content-Encoding: Identity'] }))
    expect((await exchange(await connect(server))).body).toBe('x')
  })

  it('a length beyond the limit is refused before the body comes', async () => {
    const server = await answering('HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n')
    const error = await failure(exchange(await connect(server), {}, { maxResponseBytes: 100 }))
    expect(error.code).toBe('ERR_WSMAN_LIMIT')
  })

  it('a body beyond the limit is refused when it gets there, and not before', async () => {
    let size = 0
    const server = await startRawServer(({ socket }) =>
      socket.write(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`,
      ),
    )
    size = 100
    expect((await exchange(await connect(server), {}, { maxResponseBytes: 100 })).body).toHaveLength(100)
    size = 101
    const connection = await connect(server)
    expect((await failure(exchange(connection, {}, { maxResponseBytes: 100 }))).code).toBe('ERR_WSMAN_LIMIT')
    expect(connection.usable).toBe(false)
  })

  it('a reply nobody asked for is not taken for the reply to the next request', async () => {
    const server = await startRawServer(({ socket, index }) => socket.write(reply(`reply ${index}`)))
    const connection = await connect(server)
    await exchange(connection)
    connection.release()
    expect(connection.usable).toBe(true)
    const arrived = new Promise<void>((resolve) => {
      const before = connection.bytesRead
      const look = (): void => {
        if (connection.bytesRead > before) resolve()
        else setImmediate(look)
      }
      look()
    })
    server.sockets[0]?.write(reply('forged'))
    await arrived
    expect(connection.usable).toBe(false)
  })
})

describe('the limits in time', () => {
  const fakeTimers = (): unknown => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  /** Waits until something is true, without a clock. */
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve))
  }

  it('end a wait for the first byte', async () => {
    const server = await startRawServer(() => undefined)
    const connection = await connect(server)
    fakeTimers()
    const failed = failure(exchange(connection, { replyTimeoutMs: 5000 }))
    await until(() => server.requests.length === 1)
    await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(4999)
    expect(connection.usable).toBe(true)
    vi.advanceTimersByTime(1)
    const error = await failed
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_REPLY_TIMEOUT', timeoutMs: 5000, remote: 'unknown' })
    expect(connection.usable).toBe(false)
  })

  it('count from when the request was written, and end a request that cannot be', async () => {
    const server = await startRawServer(() => undefined, { onConnection: (socket) => socket.pause() })
    const body = 'x'.repeat(1 << 25)
    const [slow, stuck] = [await connect(server), await connect(server)]
    await until(() => server.sockets.length === 2)
    fakeTimers()
    const late = failure(exchange(slow, { body, replyTimeoutMs: 5000 }))
    const never = failure(exchange(stuck, { body, replyTimeoutMs: 5000 }))
    await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(4999)
    server.sockets[0]?.resume()
    await until(() => server.requests.length === 1)
    await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(4999)
    expect((await never).code).toBe('ERR_WSMAN_REPLY_TIMEOUT')
    expect([slow.usable, stuck.usable]).toEqual([true, false])
    vi.advanceTimersByTime(1)
    expect((await late).code).toBe('ERR_WSMAN_REPLY_TIMEOUT')
  })

  it('end a head that drips in', async () => {
    const server = await startRawServer(({ socket }) => socket.write('HTTP/1.1 200 OK\r\nX-Drip: '))
    const connection = await connect(server)
    fakeTimers()
    const failed = failure(exchange(connection, { replyTimeoutMs: 5000 }, { inactivityTimeoutMs: 3000 }))
    await until(() => connection.bytesRead > 0)
    vi.advanceTimersByTime(5000)
    expect(connection.usable).toBe(true)
    const before = connection.bytesRead
    server.sockets[0]?.write('x')
    await until(() => connection.bytesRead > before)
    vi.advanceTimersByTime(3000)
    expect(await failed).toMatchObject({ code: 'ERR_WSMAN_INACTIVITY', timeoutMs: 3000 })
  })

  it('end a body that stalls, and not one that only is slow', async () => {
    const server = await startRawServer(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'),
    )
    const connection = await connect(server)
    fakeTimers()
    const response = await sendRequest(connection, request({ replyTimeoutMs: 5000 }), {
      ...LIMITS,
      inactivityTimeoutMs: 3000,
    })
    let size = 0
    const failed = failure(
      response.receive({
        write: (chunk) => {
          size += chunk.length
        },
        end: () => size,
      }),
    )
    for (let sent = 1; sent <= 6; sent++) {
      server.sockets[0]?.write('x')
      await until(() => size === sent)
      vi.advanceTimersByTime(2999)
    }
    expect(connection.usable).toBe(true)
    vi.advanceTimersByTime(1)
    expect(await failed).toMatchObject({ code: 'ERR_WSMAN_INACTIVITY', timeoutMs: 3000, remote: 'unknown' })
  })

  it('leave no timer behind', async () => {
    const server = await startRawServer(({ socket }) => socket.write(reply('x')))
    fakeTimers()
    const connection = await connect(server)
    const idle = vi.getTimerCount()
    for (let count = 0; count < 3; count++) await exchange(connection)
    expect(vi.getTimerCount()).toBe(idle)
  })
})

describe('the signal', () => {
  it('ends an exchange before it begins', async () => {
    const server = await startRawServer(() => undefined)
    const connection = await connect(server)
    const reason = new Error('enough')
    await expect(exchange(connection, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(connection.usable).toBe(true)
    expect(server.requests).toEqual([])
  })

  it('ends a wait for the reply, and the socket', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const server = await startRawServer(() => controller.abort(reason))
    const connection = await connect(server)
    await expect(exchange(connection, { signal: controller.signal })).rejects.toBe(reason)
    expect(connection.usable).toBe(false)
  })

  it('ends a body half-way', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const server = await startRawServer(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    )
    const connection = await connect(server)
    const response = await sendRequest(connection, request({ signal: controller.signal }), LIMITS)
    const write = vi.fn(() => controller.abort(reason))
    await expect(response.receive({ write, end: () => undefined })).rejects.toBe(reason)
    expect(write).toHaveBeenCalledTimes(1)
    expect(connection.usable).toBe(false)
  })

  it('is left alone when the exchange is over', async () => {
    const server = await startRawServer(({ socket }) => socket.write(reply('x')))
    const connection = await connect(server)
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    await exchange(connection, { signal })
    expect(add).toHaveBeenCalledTimes(1)
    expect(remove.mock.calls[0]?.[1]).toBe(add.mock.calls[0]?.[1])
  })
})

describe('a sink that throws', () => {
  it.each(['write', 'end'] as const)('in %s ends the exchange with its error', async (where) => {
    const server = await startRawServer(({ socket }) => socket.write(reply('x')))
    const connection = await connect(server)
    const error = new Error('malformed')
    const fail = (): never => {
      throw error
    }
    const response = await sendRequest(connection, request(), LIMITS)
    const sink = { write: () => undefined, end: () => undefined, [where]: fail }
    await expect(response.receive(sink)).rejects.toBe(error)
    expect(connection.usable).toBe(false)
  })
})

describe('headers', () => {
  it.each(['a\r\nX-Evil: 1', 'a\nb', 'a\rb', 'a\0b', 'a\u2028b', 'Ċ', '\x7f'])(
    'cannot be broken out of with %j',
    async (value) => {
      const server = await startRawServer(({ socket }) => socket.write(reply('x')))
      const connection = await connect(server)
      const error = await failure(exchange(connection, { headers: { 'X-One': value } }))
      expect(error).toBeInstanceOf(UsageError)
      expect(String(error)).not.toContain('Evil')
      expect(server.requests).toEqual([])
    },
  )

  it.each(['<ü/>', Buffer.from('<ü/>')])('are written byte by byte, whatever the body is', async (body) => {
    const server = await startRawServer(({ socket }) => socket.write(reply('x')))
    const connection = await connect(server)
    await exchange(connection, { headers: { 'X-One': 'j\xfcrgen', 'X-Two': '\xc3\xbc' }, body })
    const [seen] = server.requests
    expect([seen?.headers.get('X-One'), seen?.headers.get('X-Two')]).toEqual(['j\xfcrgen', '\xc3\xbc'])
    expect(seen?.body).toBe('<ü/>')
  })

  it('cannot have names that are none', async () => {
    const server = await startRawServer(({ socket }) => socket.write(reply('x')))
    const connection = await connect(server)
    expect(await failure(exchange(connection, { headers: { 'X One:': 'a' } }))).toBeInstanceOf(UsageError)
    expect(await failure(exchange(await connect(server), { path: '/a b' }))).toBeInstanceOf(UsageError)
    expect(server.requests).toEqual([])
  })
})
