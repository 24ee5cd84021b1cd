import { inspect } from 'node:util'
import { X509Certificate } from 'node:crypto'
import axios from 'axios'
import { generate } from 'selfsigned'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { AuthenticationError, PolicyError, TransportError, UsageError } from '../../../src/errors/errors.js'
import type { AuthOptions } from '../../../src/transport/credentials.js'
import type { Lane, ResponseHead } from '../../../src/transport/types.js'
import { reply, startRawServer, type RawRequest } from '../http/raw-server.js'
import { ALICE, connect, echo, failure, PASSWORD, refuse, request, send, text, until } from './harness.js'

afterEach(() => {
  vi.useRealTimers()
})

describe('HttpTransport', () => {
  it('sends a message with its credential', async () => {
    const server = await startRawServer(echo)
    const transport = connect(server, {
      auth: { scheme: 'basic', username: 'DOM\\jürgen', password: 'pä:ß€' },
    })
    const heads: ResponseHead[] = []
    const body = await transport.send(request({ body: '<ü/>' }), (head) => {
      heads.push(head)
      return text()
    })
    expect(body).toBe('<<ü/>>')
    expect(heads.map(({ status, statusText }) => [status, statusText])).toEqual([[200, 'OK']])
    expect(server.requests[0]?.requestLine).toBe('POST /wsman HTTP/1.1')
    expect(Object.fromEntries(server.requests[0]?.headers ?? [])).toEqual({
      Host: `127.0.0.1:${server.port}`,
      'Content-Length': '5',
      'Content-Type': 'application/soap+xml;charset=UTF-8',
      'User-Agent': 'wsman-js',
      Authorization: `Basic ${Buffer.from('DOM\\jürgen:pä:ß€').toString('base64')}`,
      Connection: 'keep-alive',
    })
    expect([transport.host, transport.url]).toEqual(['127.0.0.1', `http://127.0.0.1:${server.port}/wsman`])
  })

  it('sends an anonymous message without any, whatever the policy says', async () => {
    const server = await startRawServer(echo)
    const transport = connect(server, { settings: { auth: { basic: false } } })
    expect(await send(transport, { anonymous: true })).toBe('<<x/>>')
    const headers = server.requests[0]?.headers
    expect([headers?.get('WSMANIDENTIFY'), headers?.has('Authorization')]).toEqual(['unauthenticated', false])
  })

  it('uses HTTPS', async () => {
    const pair = await generate([{ name: 'commonName', value: 'x' }], { keyType: 'ec', algorithm: 'sha256' })
    const server = await startRawServer(echo, { tls: { cert: pair.cert, key: pair.private } })
    const { fingerprint256 } = new X509Certificate(pair.cert)
    const transport = connect(server, { secure: true, settings: {}, tls: { fingerprint256 } })
    expect([await send(transport), await send(transport)]).toEqual(['<<x/>>', '<<x/>>'])
    expect(server.sockets).toHaveLength(1)
    expect((await failure(send(connect(server, { secure: true })))).code).toBe('ERR_WSMAN_TLS')
  })

  it('asks the policy before a socket opens', async () => {
    const server = await startRawServer(echo)
    const error = await failure(send(connect(server, { settings: {} })))
    expect(error).toBeInstanceOf(PolicyError)
    expect(error.code).toBe('ERR_WSMAN_UNENCRYPTED')
    expect(server.sockets).toEqual([])
  })

  it('hands every status but 401 and redirects to the reader', async () => {
    const statuses = ['200 OK', '400 Bad Request', '403 Forbidden', '413 Too Large', '500 Error', '503 Busy']
    const server = await startRawServer(({ socket, index }) =>
      socket.write(reply(String(index), { status: statuses[index] ?? '' })),
    )
    const transport = connect(server)
    const seen: [number, string][] = []
    while (seen.length < statuses.length) {
      await transport.send(request(), ({ status }) => {
        const sink = text()
        return { ...sink, end: () => seen.push([status, sink.end()]) }
      })
    }
    expect(seen).toEqual(statuses.map((status, index) => [Number(status.slice(0, 3)), String(index)]))
  })

  it.each(['301 Moved', '302 Found', '307 Temporary', '308 Permanent'])(
    'does not follow %s',
    async (status) => {
      const server = await startRawServer(({ socket }) =>
        socket.write(reply('', { status, headers: ['Location: https://elsewhere/wsman'] })),
      )
      const error = await failure(send(connect(server)))
      expect(error).toBeInstanceOf(TransportError)
      expect(error).toMatchObject({
        code: 'ERR_WSMAN_REDIRECT',
        status: Number(status.slice(0, 3)),
        location: 'https://elsewhere/wsman',
      })
      expect(server.requests).toHaveLength(1)
    },
  )

  it.each(['open', 'write', 'end'] as const)(
    'ends with what the reader throws in %s, and the connection too',
    async (where) => {
      const server = await startRawServer(echo)
      const transport = connect(server)
      const malformed = new Error('malformed')
      const broken = transport.send(request(), () => {
        const fail = (): never => {
          throw malformed
        }
        if (where === 'open') fail()
        return { ...text(), [where]: fail }
      })
      await expect(broken).rejects.toBe(malformed)
      expect(await send(transport)).toBe('<<x/>>')
      expect(server.sockets).toHaveLength(2)
    },
  )

  it('refuses a body beyond the limit', async () => {
    const server = await startRawServer(({ socket }) => socket.write(reply('x'.repeat(11))))
    expect((await failure(send(connect(server, { maxResponseBytes: 10 })))).code).toBe('ERR_WSMAN_LIMIT')
    expect(await send(connect(server, { maxResponseBytes: 11 }))).toHaveLength(11)
  })

  it('takes a new connection where the server closed the old one in between', async () => {
    const server = await startRawServer(({ socket, body }) => socket.end(reply(`<${body}>`)))
    const transport = connect(server, { maxConnections: 1 })
    for (let count = 1; count <= 3; count++) {
      expect(await send(transport)).toBe('<<x/>>')
      expect(server.sockets).toHaveLength(count)
      const [socket] = server.sockets.slice(-1)
      await until(() => socket?.destroyed === true)
    }
  })

  it('takes a new connection where the server says that it closes the old one', async () => {
    const server = await startRawServer(({ socket }) =>
      socket.write(reply('x', { headers: ['Connection: close'] })),
    )
    const transport = connect(server)
    expect([await send(transport), await send(transport)]).toEqual(['x', 'x'])
    expect(server.sockets).toHaveLength(2)
  })

  it('sends nothing twice on its own', async () => {
    const server = await startRawServer(({ socket, connection, index }) => {
      if (connection === 0 && index === 1) socket.destroy()
      else socket.write(reply('x'))
    })
    const transport = connect(server)
    await send(transport)
    expect((await failure(send(transport))).code).toBe('ERR_WSMAN_SOCKET')
    expect(server.requests).toHaveLength(2)
    expect(await send(transport)).toBe('x')
  })

  it("shows what it sends to the caller's axios instance", async () => {
    const server = await startRawServer(echo)
    const instance = axios.create()
    instance.interceptors.request.use((config) => {
      config.headers.set('X-Seen', String(config.data))
      return config
    })
    expect(await send(connect(server, { axios: instance }))).toBe('<<x/>>')
    expect(server.requests[0]?.headers.get('X-Seen')).toBe('<x/>')
  })

  it('ends everything on close', async () => {
    const server = await startRawServer(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    )
    const transport = connect(server, { maxConnections: 1, auth: { scheme: 'none' } })
    const reason = new Error('closed')
    let begun = false
    const running = transport.send(request(), () => ({
      ...text(),
      write: () => {
        begun = true
      },
    }))
    const waiting = failure(send(transport))
    await until(() => begun)
    transport.close(() => reason)
    expect(await failure(running)).toBe(reason)
    expect(await waiting).toBe(reason)
    expect(await failure(send(transport))).toBe(reason)
    const [socket] = server.sockets
    await until(() => socket?.destroyed === true)
    expect(server.sockets).toHaveLength(1)
  })

  it.each([
    { maxConnections: 0 },
    { connectTimeoutMs: -1 },
    { inactivityTimeoutMs: Number.NaN },
    { maxResponseBytes: 1.5 },
  ])('refuses %j', (option) => {
    expect(() => connect({ port: 1 }, option)).toThrow(UsageError)
  })
})

describe('lanes, with a server that answers when told', () => {
  async function scripted(maxConnections: number): Promise<{
    ask: (lane: Lane, body: string) => Promise<string>
    /** Bodies that have arrived and wait for an answer. */
    pending: () => string[]
    answer: (body: string) => void
    sockets: () => number
  }> {
    const waiting = new Map<string, RawRequest>()
    const server = await startRawServer((raw) => waiting.set(raw.body, raw))
    const transport = connect(server, { maxConnections, auth: { scheme: 'none' } })
    return {
      ask: (lane, body) => send(transport, { lane, body }),
      pending: () => [...waiting.keys()],
      answer: (body) => {
        const raw = waiting.get(body)
        waiting.delete(body)
        raw?.socket.write(reply(`re ${body}`))
      },
      sockets: () => server.sockets.length,
    }
  }

  it('lets calls and control through while many polls wait', async () => {
    const { ask, pending, answer, sockets } = await scripted(3)
    const polls = Array.from({ length: 50 }, (_, index) => ask('poll', `poll ${index}`))
    await until(() => pending().length === 2)
    const call = ask('call', 'call')
    await until(() => pending().includes('call'))
    const control = ask('control', 'control')
    await until(() => pending().includes('control'))
    expect(pending()).toEqual(['poll 0', 'poll 1', 'call', 'control'])
    answer('control')
    answer('call')
    expect([await control, await call]).toEqual(['re control', 're call'])
    for (let index = 0; index < 50; index++) {
      await until(() => pending().includes(`poll ${index}`))
      expect(pending().length).toBeLessThanOrEqual(2)
      answer(`poll ${index}`)
      expect(await polls[index]).toBe(`re poll ${index}`)
    }
    expect(sockets()).toBe(4)
  })

  it('serves every one of many calls in their order on one socket', async () => {
    const { ask, pending, answer, sockets } = await scripted(1)
    const names = Array.from({ length: 20 }, (_, index) => `call ${index}`)
    const calls = names.map((name) => ask('call', name))
    for (const name of names) {
      await until(() => pending().length > 0)
      expect(pending()).toEqual([name])
      answer(name)
    }
    expect(await Promise.all(calls)).toEqual(names.map((name) => `re ${name}`))
    expect(sockets()).toBe(1)
  })

  it('with one connection answers a call while a poll waits', async () => {
    const { ask, pending, answer, sockets } = await scripted(1)
    const poll = ask('poll', 'poll')
    await until(() => pending().length === 1)
    const call = ask('call', 'call')
    await until(() => pending().length === 2)
    answer('call')
    expect(await call).toBe('re call')
    const control = ask('control', 'control')
    await until(() => pending().includes('control'))
    answer('control')
    answer('poll')
    expect([await control, await poll]).toEqual(['re control', 're poll'])
    expect(sockets()).toBe(2)
  })
})

describe('a credential that is refused', () => {
  it('is an AuthenticationError', async () => {
    const server = await startRawServer(refuse('Negotiate', 'Basic realm="WSMAN"'))
    const error = await failure(send(connect(server)))
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({
      code: 'ERR_WSMAN_UNAUTHORIZED',
      offered: ['Negotiate', 'Basic'],
      host: '127.0.0.1',
    })
  })

  it('is sent once, however many ask and however often', async () => {
    const server = await startRawServer(refuse('Basic realm="WSMAN"'))
    const transport = connect(server)
    const errors = await Promise.all(Array.from({ length: 8 }, () => failure(send(transport))))
    expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: 8 }, () => 'ERR_WSMAN_UNAUTHORIZED'))
    expect((await failure(send(transport))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect(server.requests).toHaveLength(1)
    expect(server.sockets).toHaveLength(1)
    expect(new Set(errors).size).toBe(8)
  })

  it('is not sent again after it had been accepted', async () => {
    const server = await startRawServer((raw) =>
      server.requests.length > 1 ? refuse('Basic')(raw) : echo(raw),
    )
    const transport = connect(server)
    expect(await send(transport)).toBe('<<x/>>')
    expect((await failure(send(transport))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    const errors = await Promise.all([failure(send(transport)), failure(send(transport))])
    expect(errors.map(({ code }) => code)).toEqual(['ERR_WSMAN_UNAUTHORIZED', 'ERR_WSMAN_UNAUTHORIZED'])
    expect(server.requests).toHaveLength(2)
  })

  it('is told apart from a scheme that is not offered', async () => {
    const server = await startRawServer(refuse('Negotiate', 'Kerberos'))
    const error = await failure(send(connect(server)))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_SCHEME_NOT_OFFERED', offered: ['Negotiate', 'Kerberos'] })
    expect(error.message).toBe('127.0.0.1 does not offer Basic; it offers Negotiate, Kerberos.')
    expect(error.hint).toContain('winrm set winrm/config/service/auth @{Basic="true"}')
  })

  it('is what a 401 without a challenge means', async () => {
    const server = await startRawServer(refuse())
    expect((await failure(send(connect(server)))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
  })

  it('may be none at all', async () => {
    const server = await startRawServer(refuse('Negotiate'))
    for (const [auth, anonymous] of [
      [{ scheme: 'none' } as const, false],
      [ALICE, true],
    ] as const) {
      const error = await failure(send(connect(server, { auth }), { anonymous }))
      expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', offered: ['Negotiate'] })
      expect(error.message).toContain('demands authentication')
    }
  })

  it('appears nowhere', async () => {
    const server = await startRawServer(refuse('Basic'))
    const transport = connect(server)
    const error = await failure(send(transport))
    const secrets = new RegExp(`${PASSWORD}|${Buffer.from(`alice:${PASSWORD}`).toString('base64')}`)
    expect(server.requests[0]?.headers.get('Authorization')).toMatch(secrets)
    for (const shown of [transport, error]) {
      expect(inspect(shown, { depth: 20, showHidden: true })).not.toMatch(secrets)
      expect(JSON.stringify(shown)).not.toMatch(secrets)
    }
  })
})

describe('a credential that is a function', () => {
  it('is asked once for each connection', async () => {
    const server = await startRawServer(echo)
    const password = vi.fn(() => Promise.resolve(PASSWORD))
    const transport = connect(server, { auth: { scheme: 'basic', username: () => 'alice', password } })
    await send(transport)
    await send(transport)
    expect(password).toHaveBeenCalledTimes(1)
    expect(server.requests[1]?.headers.get('Authorization')).toBe(
      `Basic ${Buffer.from(`alice:${PASSWORD}`).toString('base64')}`,
    )
  })

  it('is asked again after a refusal, and its value sent if it is another one', async () => {
    const server = await startRawServer((raw) => {
      const right = `Basic ${Buffer.from('alice:new').toString('base64')}`
      return raw.headers.get('Authorization') === right ? echo(raw) : refuse('Basic')(raw)
    })
    let password = 'old'
    const transport = connect(server, {
      auth: { scheme: 'basic', username: 'alice', password: () => Promise.resolve(password) },
    })
    expect((await failure(send(transport))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect((await failure(send(transport))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect(server.requests).toHaveLength(1)
    password = 'new'
    expect(await send(transport)).toBe('<<x/>>')
    expect(server.requests).toHaveLength(2)
  })

  it('is tried by one call only when it has changed after a refusal', async () => {
    const server = await startRawServer((raw) =>
      server.requests.length > 1 ? refuse('Basic')(raw) : echo(raw),
    )
    let password = 'one'
    const transport = connect(server, {
      auth: { scheme: 'basic', username: 'alice', password: () => password },
    })
    expect(await send(transport)).toBe('<<x/>>')
    expect((await failure(send(transport))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    password = 'two'
    const errors = await Promise.all(Array.from({ length: 4 }, () => failure(send(transport))))
    expect(errors.every(({ code }) => code === 'ERR_WSMAN_UNAUTHORIZED')).toBe(true)
    expect(server.requests).toHaveLength(3)
  })

  it('may fail, and may not give anything but text', async () => {
    const server = await startRawServer(echo)
    const cause = new Error('vault sealed')
    const failing = connect(server, {
      auth: { scheme: 'basic', username: 'alice', password: () => Promise.reject(cause) },
    })
    const error = await failure(send(failing))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.cause).toBe(cause)
    const nothing = JSON.parse('null') as string
    const odd = connect(server, { auth: { scheme: 'basic', username: 'alice', password: () => nothing } })
    expect((await failure(send(odd))).message).toBe('The function given as auth.password must return text.')
    expect(server.requests).toEqual([])
  })

  it('does not hold a call beyond its signal when it is asked again', async () => {
    const server = await startRawServer(refuse('Basic'))
    const controller = new AbortController()
    const reason = new Error('enough')
    const answers = [PASSWORD]
    const password = (): string | Promise<string> => {
      const answer = answers.pop()
      if (answer !== undefined) return answer
      controller.abort(reason)
      return new Promise(() => undefined)
    }
    const transport = connect(server, { auth: { scheme: 'basic', username: 'alice', password } })
    expect((await failure(send(transport))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect(await failure(send(transport, { signal: controller.signal }))).toBe(reason)
  })

  it('does not hold a call beyond its signal', async () => {
    const server = await startRawServer(echo)
    const controller = new AbortController()
    const reason = new Error('enough')
    const password = (): Promise<string> => {
      controller.abort(reason)
      return new Promise(() => undefined)
    }
    const transport = connect(server, { auth: { scheme: 'basic', username: 'alice', password } })
    expect(await failure(send(transport, { signal: controller.signal }))).toBe(reason)
  })
})

describe('auth options', () => {
  const options = (auth: object): AuthOptions => auth as AuthOptions

  it.each([
    ['an unknown scheme', { scheme: 'bearer' }, 'ERR_WSMAN_USAGE', 'auth.scheme must be one of none, basic,'],
    ['no user name', { scheme: 'basic', password: 'x' }, 'ERR_WSMAN_USAGE', 'auth.username must be'],
    ['no password', { scheme: 'basic', username: 'x' }, 'ERR_WSMAN_USAGE', 'auth.password must be'],
  ])('refuses %s', (_, auth, code, message) => {
    let error: unknown
    try {
      connect({ port: 1 }, { auth: options(auth) })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) as string })
  })

  it('refuses a user name that Basic cannot carry', async () => {
    const server = await startRawServer(echo)
    const error = await failure(
      send(connect(server, { auth: { scheme: 'basic', username: 'a:b', password: PASSWORD } })),
    )
    expect(error).toBeInstanceOf(UsageError)
    expect(server.requests).toEqual([])
  })
})
