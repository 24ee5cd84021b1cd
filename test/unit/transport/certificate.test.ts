import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import { beforeAll, describe, expect, it } from 'vitest'
import { AuthenticationError, UsageError } from '../../../src/errors/errors.js'
import type { TlsOptions } from '../../../src/http/tls.js'
import { certificateTls, withoutCertificate } from '../../../src/transport/certificate.js'
import type { HttpTransport } from '../../../src/transport/http-transport.js'
import { reply, startRawServer, type RawRequest, type RawServer } from '../http/raw-server.js'
import { connect, failure, refuse, send } from './harness.js'

interface Identity {
  readonly cert: string
  readonly key: string
  readonly fingerprint256: string
}

let server: Identity
let alice: Identity
beforeAll(async () => {
  const make = async (name: string): Promise<Identity> => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      algorithm: 'sha256',
    })
    return { cert, key, fingerprint256: new X509Certificate(cert).fingerprint256 }
  }
  server = await make('server')
  alice = await make('alice')
})

/** What the server knows of the connection a request came on. */
interface Seen {
  /** Fingerprint of the client's certificate. */
  readonly peer: string | undefined
  readonly protocol: string | null
  readonly reused: boolean
}

const sights = new WeakMap<RawRequest, Seen>()

const start = (answer: (request: RawRequest) => unknown): Promise<RawServer> =>
  startRawServer(
    (request) => {
      const socket = request.socket as TLSSocket
      const { fingerprint256: peer } = socket.getPeerCertificate() as { fingerprint256?: string }
      sights.set(request, { peer, protocol: socket.getProtocol(), reused: socket.isSessionReused() })
      answer(request)
    },
    { tls: { cert: server.cert, key: server.key, requestCert: true, rejectUnauthorized: false } },
  )

const seen = (request: RawRequest): Seen | undefined => sights.get(request)

const echo = ({ socket, body }: RawRequest): unknown => socket.write(reply(`<${body}>`))

const open = (to: RawServer, tls: TlsOptions = {}): HttpTransport =>
  connect(to, {
    secure: true,
    auth: { scheme: 'certificate' },
    settings: {},
    tls: { fingerprint256: server.fingerprint256, cert: alice.cert, key: alice.key, ...tls },
  })

describe('the scheme certificate', () => {
  it('shows the certificate in the handshake, and says so in each request', async () => {
    const raw = await start(echo)
    const transport = open(raw)
    expect([await send(transport), await send(transport)]).toEqual(['<<x/>>', '<<x/>>'])
    expect(raw.requests.map(({ headers }) => headers.get('Authorization'))).toEqual([
      'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual',
      'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual',
    ])
    expect(raw.requests.map(seen)[0]).toMatchObject({ peer: alice.fingerprint256 })
  })

  it('makes a new TLS 1.2 session for each connection', async () => {
    const raw = await start(({ socket }) => socket.end(reply('x', { headers: ['Connection: close'] })))
    const transport = open(raw)
    for (let count = 0; count < 3; count++) await send(transport)
    expect(raw.sockets).toHaveLength(3)
    expect(raw.requests.map(seen)).toEqual(
      Array.from({ length: 3 }, () => ({ peer: alice.fingerprint256, protocol: 'TLSv1.2', reused: false })),
    )
  })

  it('uses the version of TLS that is given', async () => {
    const raw = await start(echo)
    await send(open(raw, { maxVersion: 'TLSv1.3' }))
    await send(open(raw, { minVersion: 'TLSv1.3' }))
    expect(raw.requests.map((request) => seen(request)?.protocol)).toEqual(['TLSv1.3', 'TLSv1.3'])
    expect(certificateTls()).toEqual({ maxVersion: 'TLSv1.2' })
    expect(certificateTls({ maxVersion: 'TLSv1.1' })).toEqual({ maxVersion: 'TLSv1.1' })
  })

  it('keeps to TLS 1.2 for itself alone', async () => {
    const raw = await start(echo)
    const tls = { fingerprint256: server.fingerprint256 }
    await send(connect(raw, { secure: true, settings: {}, tls }))
    expect(raw.requests.map((request) => seen(request)?.protocol)).toEqual(['TLSv1.3'])
  })

  it.each([{}, { cert: 'x' }, { key: 'x' }, undefined])('needs a certificate with its key, not %j', (tls) => {
    let error: unknown
    try {
      connect({ port: 1 }, { secure: true, auth: { scheme: 'certificate' }, tls })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toContain('needs a client certificate')
    expect((error as UsageError).hint).toContain('tls.pfx')
  })

  it('needs HTTPS', async () => {
    const raw = await startRawServer(() => undefined)
    const transport = connect(raw, {
      auth: { scheme: 'certificate' },
      tls: { cert: alice.cert, key: alice.key },
    })
    expect(String(await failure(send(transport)))).toContain("needs transport: 'https'")
    expect(raw.sockets).toEqual([])
  })

  it.each(['401 Unauthorized', '403 Forbidden'])(
    'is refused with %s, and not tried again',
    async (status) => {
      const raw = await start(({ socket }) =>
        socket.write(reply('', { status, headers: ['WWW-Authenticate: Negotiate'] })),
      )
      const transport = open(raw)
      const error = await failure(send(transport))
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', offered: ['Negotiate'] })
      expect(error.message).toContain(`refused the client certificate (HTTP status ${status.slice(0, 3)})`)
      expect(error.hint).toContain('winrm set winrm/config/service/auth @{Certificate="true"}')
      expect(error.hint).toContain('mapping')
      expect((await failure(send(transport))).message).toBe(error.message)
      expect(raw.requests).toHaveLength(1)
    },
  )

  it('does not show the certificate with an anonymous request', async () => {
    const raw = await start(echo)
    const transport = open(raw)
    await send(transport)
    await send(transport, { anonymous: true })
    await send(transport)
    expect(raw.requests.map(({ headers }) => headers.has('Authorization'))).toEqual([true, false, true])
    expect(raw.requests.map((request) => seen(request)?.peer)).toEqual([
      alice.fingerprint256,
      undefined,
      alice.fingerprint256,
    ])
  })
})

describe('TLS without a certificate', () => {
  it('keeps everything else', () => {
    const rest = { ca: 'ca', servername: 'x', fingerprint256: 'y', minVersion: 'TLSv1.3' } as const
    const bare = withoutCertificate({ ...rest, cert: 'a', key: 'b', pfx: new Uint8Array(1), passphrase: 'c' })
    expect(JSON.parse(JSON.stringify(bare))).toEqual(rest)
    expect(JSON.stringify(withoutCertificate())).toBe('{}')
  })
})

describe('a refusal of another scheme', () => {
  it('is not one of a certificate', async () => {
    const raw = await start(refuse('Basic'))
    const tls = { fingerprint256: server.fingerprint256, cert: alice.cert, key: alice.key }
    expect((await failure(send(connect(raw, { secure: true, settings: {}, tls })))).message).toContain(
      'user name or the password',
    )
  })
})
