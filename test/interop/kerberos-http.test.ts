import { chmod, copyFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createCredential, WsmanClient, type AuthOptions, type PasswordAuth } from 'wsman'
import { ntHash } from '../../src/auth/ntlm/ntlmv2.js'
import { requirePeer } from '../support/shared.js'
import { hasApache, startApache } from './peers/apache.js'
import { DOMAIN_NEEDS, hasDomain } from './peers/domain.js'
import type { Program } from './peers/program.js'
import { useRealm } from './peers/realm.js'
import { PASSWORD, RESOURCE, Scene, WRONG } from './peers/scene.js'

const ALICE: PasswordAuth = { username: 'alice@WSMAN.TEST', password: PASSWORD }
const CALLER = { Caller: 'alice@WSMAN.TEST' }

requirePeer(DOMAIN_NEEDS, hasDomain)('Kerberos over HTTP', () => {
  const scene = new Scene(['HTTP/localhost', 'WSMAN/localhost', 'HTTP/localhost:5985'])
  const tickets = (kind: 'AS' | 'TGS'): number =>
    scene.domain.realm.log
      .split('\n')
      .filter((line) => line.includes(`${kind}_REQ`) && line.includes('ISSUE')).length

  it.each<
    [
      string,
      (
        realm: typeof scene.domain.realm,
      ) => Promise<Omit<Extract<AuthOptions, { scheme: 'kerberos' }>, 'scheme'>>,
    ]
  >([
    ['a password', () => Promise.resolve({ username: 'alice@WSMAN.TEST', password: PASSWORD })],
    [
      'the functions that give it',
      () =>
        Promise.resolve({
          username: () => 'alice',
          password: () => Promise.resolve(PASSWORD),
          realm: 'WSMAN.TEST',
        }),
    ],
    ['a keytab', async (realm) => ({ keytab: await realm.keytab('alice') })],
    [
      'a cache',
      async (realm) => {
        const ccache = path.join(realm.folder, 'own.cc')
        await realm.kinit('alice', PASSWORD, '-c', ccache)
        return { ccache }
      },
    ],
    [
      'the default cache',
      async (realm) => {
        await realm.kinit('alice', PASSWORD)
        return {}
      },
    ],
  ])('takes %s', async (_what, given) => {
    const peer = await scene.peer()
    const client = scene.client(peer, { scheme: 'kerberos', ...(await given(scene.domain.realm)) })
    expect(await client.get(RESOURCE)).toMatchObject(CALLER)
  })

  it.each([
    ['another service class', { service: 'WSMAN' }],
    ['a port', { port: 5985 }],
  ])('asks for a ticket for %s', async (_what, spn) => {
    const peer = await scene.peer()
    const client = scene.client(peer, { ...ALICE, scheme: 'kerberos' }, { spn })
    expect(await client.get(RESOURCE)).toMatchObject(CALLER)
  })

  it.each(['kerberos', 'negotiate'] as const)(
    'gets one ticket for all connections of all clients (%s)',
    async (scheme) => {
      const [asked, served] = [tickets('AS'), tickets('TGS')]
      const peers = [await scene.peer(), await scene.peer()]
      const credential = createCredential({ ...ALICE, scheme })
      const clients = peers.flatMap((peer) => [
        scene.client(peer, credential),
        scene.client(peer, credential),
      ])
      const replies = await Promise.all(
        clients.flatMap((client) => Array.from({ length: 5 }, () => client.get(RESOURCE))),
      )
      for (const reply of replies) expect(reply).toMatchObject(CALLER)
      expect((await peers[0]?.state())?.logons.length).toBeGreaterThan(2)
      await expect.poll(() => [tickets('AS') - asked, tickets('TGS') - served]).toEqual([1, 1])
    },
  )

  it('says what to do where there is no ticket', async () => {
    const peer = await scene.peer()
    const missing = scene.client(peer, { scheme: 'kerberos', ccache: '/nowhere' })
    const error = await scene.refusal(missing.identify())
    expect(error).toMatchObject({ name: 'AuthenticationError', operation: 'Identify', host: 'localhost' })
    expect(error.hint).toContain('kinit')
    expect((await peer.state()).logons).toEqual([])
  })

  it('does not confuse a service that knows Kerberos with one that is another', async () => {
    const keytab = await scene.domain.realm.keytab('WSMAN/localhost')
    const peer = await scene.peer({ keytab })
    for (const [form, message] of [
      ['windows', 'the service cannot decrypt the ticket that the KDC issued for it'],
      ['omi', 'localhost refused the Kerberos ticket.'],
    ] as const) {
      await peer.set({ form })
      const error = await scene.refusal(scene.client(peer, { ...ALICE, scheme: 'kerberos' }).identify())
      expect(error).toMatchObject({ name: 'AuthenticationError' })
      expect(error.message).toContain(message)
      expect(error.hint).toContain('setspn')
    }
  })

  describe('against Apache with mod_auth_gssapi', () => {
    requirePeer("Debian's apache2-bin and libapache2-mod-auth-gssapi", () => hasApache('ssl', 'auth_gssapi'))(
      'bound to the connection',
      () => {
        let apache: Program
        beforeAll(async () => {
          const { realm, folder, tls, environment } = scene.domain
          // Apache gives its privileges up before it reads them.
          for (const place of [realm.folder, folder]) await chmod(place, 0o755)
          const keytab = path.join(folder, 'apache.keytab')
          await copyFile(path.join(realm.folder, 'service.keytab'), keytab)
          for (const file of [keytab, path.join(folder, 'accounts')]) await chmod(file, 0o644)
          const own = {
            NTLM_USER_FILE: environment.NTLM_USER_FILE,
            KRB5RCACHENAME: 'none:',
            KRB5_KTNAME: keytab,
          }
          Object.assign(process.env, own)
          apache = await startApache({
            modules: ['ssl', 'auth_gssapi', 'authn_core', 'authz_user'],
            directives: `
            SSLEngine on
            SSLCertificateFile ${tls.certificate}
            SSLCertificateKeyFile ${tls.key}
            CustomLog access.log "%u %>s %k %{Authorization}i"
            <Location /wsman>
              AuthType GSSAPI
              AuthName WSMAN
              GssapiConnectionBound On
              Require valid-user
            </Location>`,
          })
          delete process.env.NTLM_USER_FILE
          delete process.env.KRB5RCACHENAME
          useRealm(realm)
        })
        afterAll(() => apache.stop())

        const connect = (auth: AuthOptions, host = 'localhost'): WsmanClient => {
          const client = new WsmanClient({
            host,
            port: apache.port,
            transport: 'https',
            tls: { fingerprint256: scene.domain.fingerprint256 },
            auth,
            maxConnections: 2,
          })
          onTestFinished(() => client.close())
          return client
        }

        const log = async (): Promise<string[]> =>
          (await readFile(path.join(apache.folder, 'access.log'), 'utf8')).split('\n').filter(Boolean)

        it.each<[string, AuthOptions, string, string, number]>([
          ['Negotiate with Kerberos', ALICE, 'localhost', 'alice@WSMAN.TEST', 1],
          ['Kerberos within Negotiate', { ...ALICE, scheme: 'kerberos' }, 'localhost', 'alice@WSMAN.TEST', 2],
          [
            'Negotiate with NTLM',
            { ...ALICE, username: String.raw`WSMAN\alice` },
            '127.0.0.1',
            String.raw`WSMAN\\alice`,
            2,
          ],
          [
            'NTLM',
            { ...ALICE, scheme: 'ntlm', username: String.raw`WSMAN\alice` },
            '127.0.0.1',
            String.raw`WSMAN\\alice`,
            2,
          ],
        ])('authenticates once by %s', async (_what, auth, host, user, legs) => {
          const before = (await log()).length
          const client = connect(auth, host)
          for (let count = 0; count < 3; count++)
            expect((await client.identify()).productVendor).toBe('A file')
          await client.close()
          await expect.poll(async () => (await log()).length - before).toBe(legs + 3)
          const lines = (await log()).slice(before).map((line) => line.split(' '))
          expect(lines.map(([, , request]) => Number(request))).toEqual(lines.map((_line, index) => index))
          expect(lines.slice(legs).map(([who, status, , token]) => [who, status, token])).toEqual(
            lines.slice(legs).map(() => [user, '200', '-']),
          )
        })

        it('refuses a wrong password once', async () => {
          const before = (await log()).length
          const client = connect(
            { scheme: 'ntlm', username: String.raw`WSMAN\alice`, password: WRONG },
            '127.0.0.1',
          )
          const errors = await Promise.all(Array.from({ length: 20 }, () => scene.refusal(client.identify())))
          for (const error of errors) expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED' })
          await client.close()
          const tokens = (await log())
            .slice(before)
            .map((line) => Buffer.from(line.split(' ')[4] ?? '', 'base64'))
          expect(tokens.filter((token) => token.readUInt8(8) === 3)).toHaveLength(1)
        })

        it('takes what a hash proves', async () => {
          const hash = Buffer.from(ntHash(PASSWORD)).toString('hex')
          const client = connect({ username: String.raw`WSMAN\alice`, ntHash: hash })
          expect((await client.identify()).productVendor).toBe('A file')
        })
      },
    )
  })
})
