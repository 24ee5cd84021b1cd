import { createHash } from 'node:crypto'
import axios from 'axios'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { WsmanClient, type WsmanClientOptions } from 'wsman'
import { requirePeer } from '../support/shared.js'
import { hasApache, startApache } from './peers/apache.js'
import { hasHttpbin, startHttpbin, type HttpbinOptions } from './peers/httpbin.js'
import { hasLighttpd, startLighttpd } from './peers/lighttpd.js'
import type { Program } from './peers/program.js'

const ALICE = { username: 'alice', password: 'pä$$: "word"' }
const DOMAIN = { username: 'EXAMPLE\\jürgen', password: 'geheim' }

function connect(
  { port }: Program,
  user: { username: string; password: string },
  options: WsmanClientOptions = {},
): WsmanClient {
  const client = new WsmanClient({
    host: '127.0.0.1',
    port,
    auth: { scheme: 'digest', ...user },
    settings: { client: { allowUnencrypted: true } },
    ...options,
  })
  onTestFinished(() => client.close())
  return client
}

/** A file of names with what Digest makes of their passwords. */
const passwords = (hash: 'md5' | 'sha256', realm: string): string =>
  [ALICE, DOMAIN]
    .map(({ username, password }) => {
      const digest = createHash(hash).update(`${username}:${realm}:${password}`).digest('hex')
      return `${username}:${realm}:${digest}\n`
    })
    .join('')

const identified = expect.objectContaining({ productVendor: 'A file', productVersion: '1.0' }) as unknown

requirePeer("Debian's apache2-bin", () => hasApache('auth_digest', 'authn_core', 'authn_file', 'authz_user'))(
  'Digest as Apache checks it: MD5, auth',
  () => {
    let apache: Program
    beforeAll(async () => {
      apache = await startApache({
        modules: ['auth_digest', 'authn_core', 'authn_file', 'authz_user'],
        files: { passwords: passwords('md5', 'WSMAN') },
        directives: `
          <Location /wsman>
            AuthType Digest
            AuthName WSMAN
            AuthDigestProvider file
            AuthUserFile passwords
            Require valid-user
          </Location>`,
      })
    })
    afterAll(() => apache.stop())

    it.each([ALICE, DOMAIN])('lets $username in, one request after the other', async (user) => {
      const client = connect(apache, user)
      for (let count = 0; count < 3; count++) expect(await client.identify()).toEqual(identified)
    })

    it('lets many requests in at once', async () => {
      const client = connect(apache, ALICE)
      const replies = await Promise.all(Array.from({ length: 20 }, () => client.identify()))
      expect(replies).toEqual(replies.map(() => identified))
    })

    it('refuses a wrong password and an unknown name', async () => {
      for (const user of [
        { ...ALICE, password: 'wrong' },
        { ...ALICE, username: 'bob' },
      ]) {
        await expect(connect(apache, user).identify()).rejects.toMatchObject({
          code: 'ERR_WSMAN_UNAUTHORIZED',
          offered: ['Digest'],
        })
      }
    })

    it('calls nonces stale that it gave before it was restarted, and gets new ones', async () => {
      const client = connect(apache, ALICE)
      expect(await client.identify()).toEqual(identified)
      await apache.restart()
      const seen: string[] = []
      const instance = axios.create()
      instance.interceptors.response.use((response) => {
        seen.push(`${response.status} ${String(response.headers['www-authenticate'])}`)
        return response
      })
      const other = connect(apache, ALICE, { axios: instance })
      expect(await other.identify()).toEqual(identified)
      await apache.restart()
      expect(await other.identify()).toEqual(identified)
      expect(await client.identify()).toEqual(identified)
      expect(seen.map((line) => `${line.slice(0, 3)} ${line.includes('stale=true')}`)).toEqual([
        '401 false',
        '200 false',
        '401 true',
        '200 false',
      ])
    })
  },
)

requirePeer("Debian's lighttpd", hasLighttpd)('Digest as lighttpd checks it', () => {
  const start = (algorithm: string, hash: 'md5' | 'sha256'): Promise<Program> =>
    startLighttpd({
      modules: ['auth', 'authn_file'],
      files: { passwords: passwords(hash, 'WSMAN') },
      directives: `
        auth.backend = "htdigest"
        auth.backend.htdigest.userfile = "$FOLDER/passwords"
        auth.require = ("/" => ("method" => "digest", "algorithm" => "${algorithm}", "realm" => "WSMAN", "require" => "valid-user"))`,
    })

  it.each([
    ['SHA-256', 'sha256'],
    ['MD5', 'md5'],
  ] as const)('lets in with %s, and refuses a wrong password', async (algorithm, hash) => {
    const lighttpd = await start(algorithm, hash)
    onTestFinished(() => lighttpd.stop())
    for (const user of [ALICE, DOMAIN]) {
      const client = connect(lighttpd, user, { urlPrefix: 'wsman.xml' })
      for (let count = 0; count < 3; count++) expect(await client.identify()).toEqual(identified)
    }
    const wrong = connect(lighttpd, { ...ALICE, password: 'wrong' }, { urlPrefix: 'wsman.xml' })
    await expect(wrong.identify()).rejects.toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED' })
  })

  it('chooses the stronger of two challenges', async () => {
    const lighttpd = await start('MD5|SHA-256', 'sha256')
    onTestFinished(() => lighttpd.stop())
    // The file knows nothing of MD5.
    expect(await connect(lighttpd, ALICE, { urlPrefix: 'wsman.xml' }).identify()).toEqual(identified)
  })
})

requirePeer("Debian's python3-httpbin", hasHttpbin)('Digest as httpbin checks it', () => {
  const start = async (options: Pick<HttpbinOptions, 'qop' | 'algorithm'>): Promise<Program> => {
    const httpbin = await startHttpbin({ ...ALICE, ...options })
    onTestFinished(() => httpbin.stop())
    return httpbin
  }

  it.each([
    { qop: 'auth-int', algorithm: 'MD5' },
    { qop: 'auth-int', algorithm: 'SHA-256' },
    { qop: 'auth', algorithm: 'SHA-256' },
    { qop: 'both', algorithm: 'MD5' },
    { qop: 'none', algorithm: 'MD5' },
  ] as const)('lets in with $qop and $algorithm, each reply ending its connection', async (options) => {
    const client = connect(await start(options), ALICE)
    for (let count = 0; count < 3; count++) expect(await client.identify()).toEqual(identified)
  })

  it('refuses a body that was changed on its way', async () => {
    const instance = axios.create()
    instance.interceptors.request.use((config) => {
      if (config.data !== '') config.data = `${String(config.data)} `
      return config
    })
    const signed = connect(await start({ qop: 'auth-int', algorithm: 'SHA-256' }), ALICE, { axios: instance })
    await expect(signed.identify()).rejects.toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED' })
    const unsigned = connect(await start({ qop: 'auth', algorithm: 'SHA-256' }), ALICE, { axios: instance })
    expect(await unsigned.identify()).toEqual(identified)
  })

  it('refuses a wrong password', async () => {
    const httpbin = await start({ qop: 'auth-int', algorithm: 'MD5' })
    await expect(connect(httpbin, { ...ALICE, password: 'wrong' }).identify()).rejects.toMatchObject({
      code: 'ERR_WSMAN_UNAUTHORIZED',
    })
  })
})
