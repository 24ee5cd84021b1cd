import { X509Certificate } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WsmanClient, type WsmanClientOptions } from 'wsman'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { makeCertificate } from '../../src/testing/certificate.js'
import { requirePeer } from '../support/shared.js'
import type { Program } from './peers/program.js'
import { hasSquid, startSquid } from './peers/squid.js'

const USERS = { alice: 'p@ss: wörd' }
const CREDENTIAL = `alice:${encodeURIComponent(USERS.alice)}`

requirePeer("Debian's squid", hasSquid)('through Squid', () => {
  let endpoint: Endpoint
  let fingerprint256: string
  let squid: Program
  const ports = (): { http: number; https: number } => {
    const port = (transport: string): number =>
      endpoint.listeners.find((listener) => listener.transport === transport)?.port ?? 0
    return { http: port('HTTP'), https: port('HTTPS') }
  }
  const at = (credential: string): string => `http://${credential}127.0.0.1:${squid.port}`

  beforeAll(async () => {
    const tls = await makeCertificate('localhost')
    fingerprint256 = new X509Certificate(tls.cert).fingerprint256
    endpoint = await startEndpoint({
      listeners: [{}, { transport: 'HTTPS', tls }],
      users: [{ username: 'bob', password: 'secret' }],
      settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
      classes: [],
    })
    squid = await startSquid({ users: USERS, tunnelTo: [ports().http, ports().https] })
  })
  afterAll(async () => {
    await squid.stop()
    await endpoint.close()
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  function connect(options: WsmanClientOptions): WsmanClient {
    const secure = options.transport === 'https'
    const client = new WsmanClient({
      host: '127.0.0.1',
      port: secure ? ports().https : ports().http,
      auth: { scheme: 'basic', username: 'bob', password: 'secret' },
      retry: { attempts: 1 },
      ...(secure ? { tls: { fingerprint256 } } : { settings: { client: { allowUnencrypted: true } } }),
      ...options,
    })
    onTestFinished(() => client.close())
    return client
  }

  describe.each(['http', 'https'])('over %s', (transport) => {
    it('a shell runs in a tunnel', async () => {
      const client = connect({ transport, proxy: at(`${CREDENTIAL}@`) })
      const result = await client.run('echo', ['hello'])
      expect([result.exitCode, result.stdout.trim()]).toEqual([0, 'hello'])
    })

    it('the proxy is taken from the environment', async () => {
      for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) vi.stubEnv(name, undefined)
      vi.stubEnv(transport === 'http' ? 'HTTP_PROXY' : 'HTTPS_PROXY', at(`${CREDENTIAL}@`))
      vi.stubEnv('NO_PROXY', '')
      expect((await connect({ transport, proxy: 'env' }).identify()).protocolVersion).not.toBe('')
    })

    it('the proxy demands and refuses credentials', async () => {
      const without = connect({ transport, proxy: at('') })
      await expect(without.identify()).rejects.toMatchObject({
        code: 'ERR_WSMAN_PROXY',
        status: 407,
        message: expect.stringContaining('demands authentication') as unknown,
      })
      const wrong = connect({ transport, proxy: at('alice:wrong@') })
      await expect(wrong.identify()).rejects.toMatchObject({
        code: 'ERR_WSMAN_PROXY',
        status: 407,
        message: expect.stringContaining('refused the user name or the password') as unknown,
      })
    })

    it('the proxy forbids a port', async () => {
      const client = connect({ transport, port: 1, proxy: at(`${CREDENTIAL}@`) })
      await expect(client.identify()).rejects.toMatchObject({
        code: 'ERR_WSMAN_PROXY',
        status: 403,
        hint: expect.stringContaining('allow 5985 and 5986') as unknown,
      })
    })
  })

  it('a pinned certificate is that of the host', async () => {
    const client = connect({
      transport: 'https',
      proxy: at(`${CREDENTIAL}@`),
      tls: { fingerprint256: fingerprint256.replaceAll('0', '1') },
    })
    await expect(client.identify()).rejects.toMatchObject({
      code: 'ERR_WSMAN_TLS',
      message: expect.stringContaining(fingerprint256) as unknown,
    })
  })

  it('a host that is not there is told as the proxy tells it', async () => {
    const open = await startSquid({ tunnelTo: [1] })
    onTestFinished(() => open.stop())
    const client = connect({ port: 1, proxy: `http://127.0.0.1:${open.port}` })
    await expect(client.identify()).rejects.toMatchObject({
      code: 'ERR_WSMAN_PROXY',
      status: 503,
      retryable: true,
    })
  })
})
