import { X509Certificate } from 'node:crypto'
import type { SecureVersion, TlsOptions as ServerOptions } from 'node:tls'
import { generate } from 'selfsigned'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import type { WsmanError } from '../../../src/errors/wsman-error.js'
import { sendRequest } from '../../../src/http/adapter.js'
import { HttpConnection } from '../../../src/http/connection.js'
import { TlsProfile, type TlsOptions } from '../../../src/http/tls.js'
import { reply, startRawServer, type RawServer } from './raw-server.js'

interface Pair {
  readonly cert: string
  readonly key: string
  readonly fingerprint: string
}

async function makeCertificate(
  name: string,
  { ca, notAfterDate, authority = false }: { ca?: Pair; notAfterDate?: Date; authority?: boolean } = {},
): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(ca === undefined ? {} : { ca }),
    ...(notAfterDate === undefined ? {} : { notBeforeDate: new Date(0), notAfterDate }),
    extensions: [
      { name: 'basicConstraints', cA: authority, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: name },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { cert: made.cert, key: made.private, fingerprint: new X509Certificate(made.cert).fingerprint256 }
}

let authority: Pair
let signed: Pair
let selfSigned: Pair
let expired: Pair

beforeAll(async () => {
  authority = await makeCertificate('Authority', { authority: true })
  signed = await makeCertificate('server01.example.com', { ca: authority })
  selfSigned = await makeCertificate('server02')
  expired = await makeCertificate('server03', { ca: authority, notAfterDate: new Date('2020-01-01') })
})

const opened: HttpConnection[] = []

afterEach(() => {
  vi.useRealTimers()
  for (const connection of opened.splice(0)) connection.destroy()
})

const serve = ({ cert, key }: Pair, more: ServerOptions = {}): Promise<RawServer> =>
  startRawServer(({ socket }) => socket.write(reply('<ok/>')), { tls: { cert, key, ...more } })

async function open({ port }: { port: number }, tls: TlsOptions): Promise<HttpConnection> {
  const target = { hostname: '127.0.0.1', port, secure: true }
  const options = { target, tls: new TlsProfile(tls), connectTimeoutMs: 20_000 }
  const connection = await HttpConnection.open(options, new AbortController().signal)
  opened.push(connection)
  return connection
}

async function refusal(server: { port: number }, tls: TlsOptions): Promise<WsmanError> {
  const error: unknown = await open(server, tls).then(
    () => expect.unreachable('connected'),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'ERR_WSMAN_TLS', host: '127.0.0.1', retryable: false })
  return error as WsmanError
}

describe('the certificate of the server', () => {
  it('is accepted from an authority that is trusted, and told in DER', async () => {
    const server = await serve(signed)
    const connection = await open(server, { ca: authority.cert })
    expect(connection.peerCertificate).toEqual(new X509Certificate(signed.cert).raw)
    const { signal } = new AbortController()
    const request = { path: '/wsman', headers: {}, body: '', replyTimeoutMs: 20_000, signal }
    const response = await sendRequest(connection, request, {
      inactivityTimeoutMs: 20_000,
      maxResponseBytes: 100,
    })
    expect(await response.receive({ write: () => undefined, end: () => 'end' })).toBe('end')
  })

  it('is refused when self-signed, with the fingerprint to pin', async () => {
    const error = await refusal(await serve(selfSigned), {})
    expect(error.message).toContain('it is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)')
    expect(error.hint).toContain(`tls: { fingerprint256: '${selfSigned.fingerprint}' }`)
  })

  it('is refused from an unknown authority, with the fingerprint to pin', async () => {
    const error = await refusal(await serve(signed), {})
    expect(error.message).toContain('no trusted authority vouches for it')
    expect(error.hint).toContain('tls.ca')
    expect(error.hint).toContain(signed.fingerprint)
  })

  it('is refused for another name, which is told', async () => {
    const server = await serve(signed)
    const error = await refusal(server, { ca: authority.cert, servername: 'server09.example.com' })
    expect(error.message).toContain('it is for another name')
    expect(error.hint).toContain('DNS:server01.example.com')
  })

  it('is accepted for the name in tls.servername, which goes out as SNI', async () => {
    const names: string[] = []
    const server = await serve(signed, {
      SNICallback: (name, done) => {
        names.push(name)
        done(null)
      },
    })
    await open(server, { ca: authority.cert, servername: 'server01.example.com' })
    await open(server, { ca: authority.cert })
    // The second one asked for an address, which is no server name.
    expect(names).toEqual(['server01.example.com'])
  })

  it('is refused when it has expired', async () => {
    const error = await refusal(await serve(expired), { ca: authority.cert })
    expect(error.message).toContain('it has expired')
    expect(error.hint).toContain('Renew')
  })

  it('is accepted unseen with rejectUnauthorized: false', async () => {
    expect((await open(await serve(expired), { rejectUnauthorized: false })).usable).toBe(true)
  })
})

describe('tls.fingerprint256', () => {
  it('replaces chain, name and date', async () => {
    const server = await serve(expired)
    for (const fingerprint256 of [
      expired.fingerprint,
      expired.fingerprint.toLowerCase().replaceAll(':', ''),
      [selfSigned.fingerprint, expired.fingerprint],
    ]) {
      expect((await open(server, { fingerprint256, servername: 'elsewhere' })).usable).toBe(true)
    }
  })

  it('refuses any other certificate, although its chain is good or checks are off, and tells what it is', async () => {
    const server = await serve(signed)
    for (const more of [{ ca: authority.cert }, { rejectUnauthorized: false }]) {
      const error = await refusal(server, { fingerprint256: selfSigned.fingerprint, ...more })
      expect(error.message).toContain(`has the fingerprint ${signed.fingerprint}`)
    }
    expect(server.requests).toEqual([])
  })

  it.each(['', 'AB', 'g'.repeat(64), 'a'.repeat(40)])('must be one: %j', (fingerprint256) => {
    expect(() => new TlsProfile({ fingerprint256 })).toThrow(UsageError)
  })
})

describe('the handshake', () => {
  it('tells a port that does not speak TLS', async () => {
    const server = await startRawServer(() => undefined, {
      onConnection: (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    })
    expect((await refusal(server, {})).hint).toContain("transport: 'http'")
  })

  it('tells a server that hangs up', async () => {
    const server = await startRawServer(() => undefined, { onConnection: (socket) => socket.destroy() })
    expect((await refusal(server, {})).hint).toContain('no usable certificate')
  })

  it.each<[SecureVersion, TlsOptions]>([
    ['TLSv1.1', {}],
    ['TLSv1.2', { minVersion: 'TLSv1.3' }],
  ])('refuses a server with %s and options %j', async (maxVersion, tls) => {
    const old: ServerOptions = { minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT:@SECLEVEL=0' }
    const error = await refusal(await serve(signed, old), { ca: authority.cert, ...tls })
    expect(error.hint).toContain('tls.minVersion')
  })

  it('ends with the connect timeout', async () => {
    const accepted: unknown[] = []
    const server = await startRawServer(() => undefined, {
      onConnection: (socket) => socket.once('data', () => accepted.push(socket)),
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const failed = open(server, {}).catch((error: unknown) => error)
    while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(20_000)
    expect(await failed).toMatchObject({
      code: 'ERR_WSMAN_CONNECT_TIMEOUT',
      message: expect.stringContaining('TLS with 127.0.0.1') as string,
    })
  })

  it('shows the certificate of the client', async () => {
    const client = await makeCertificate('alice', { ca: authority })
    const seen: string[] = []
    const server = await serve(signed, { requestCert: true, ca: [authority.cert] })
    const connection = await open(server, { ca: authority.cert, cert: client.cert, key: client.key })
    const { signal } = new AbortController()
    const request = { path: '/', headers: {}, body: '', replyTimeoutMs: 20_000, signal }
    await sendRequest(connection, request, { inactivityTimeoutMs: 20_000, maxResponseBytes: 100 })
    const [socket] = server.sockets
    if (socket && 'getPeerX509Certificate' in socket) {
      const { getPeerX509Certificate } = socket as {
        getPeerX509Certificate: () => X509Certificate | undefined
      }
      seen.push(getPeerX509Certificate.call(socket)?.fingerprint256 ?? 'none')
    }
    expect(seen).toEqual([client.fingerprint])
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'says that a client certificate is missing, under %s',
    async (version) => {
      const server = await serve(signed, {
        requestCert: true,
        rejectUnauthorized: true,
        ca: [authority.cert],
        minVersion: version,
        maxVersion: version,
      })
      const attempt = async (): Promise<unknown> => {
        const connection = await open(server, { ca: authority.cert })
        const { signal } = new AbortController()
        const request = { path: '/', headers: {}, body: '', replyTimeoutMs: 20_000, signal }
        // Under TLS 1.3 the client is done with its handshake before the server has judged it.
        return sendRequest(connection, request, { inactivityTimeoutMs: 20_000, maxResponseBytes: 100 })
      }
      await expect(attempt()).rejects.toMatchObject({
        code: 'ERR_WSMAN_TLS',
        hint: expect.stringContaining('tls.cert') as string,
      })
    },
  )
})

describe('tls options', () => {
  it('that cannot be read are a UsageError without their contents', () => {
    for (const options of [
      { cert: 'nonsense' },
      { key: 'nonsense' },
      { pfx: Buffer.from('nonsense'), passphrase: 'hunter2' },
    ]) {
      try {
        new TlsProfile(options)
        expect.unreachable()
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError)
        expect(String(error)).not.toMatch(/nonsense|hunter2/)
      }
    }
  })

  it('are not shown by inspection', async () => {
    const { inspect } = await import('node:util')
    const profile = new TlsProfile({ key: signed.key, cert: signed.cert, passphrase: 'hunter2' })
    expect(inspect(profile, { depth: 9, showHidden: true })).not.toMatch(/hunter2|PRIVATE/)
  })
})
