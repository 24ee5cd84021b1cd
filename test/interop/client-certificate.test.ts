import { X509Certificate } from 'node:crypto'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { WsmanClient, type TlsOptions } from 'wsman'
import { requirePeer } from '../support/shared.js'
import { hasApache, startApache } from './peers/apache.js'
import type { Program } from './peers/program.js'

interface Identity {
  readonly cert: string
  readonly key: string
}

async function makeIdentity(name: string): Promise<Identity> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
  })
  return { cert, key }
}

requirePeer("Debian's apache2-bin", () => hasApache('ssl', 'authz_core'))(
  'client certificates as Apache checks them',
  () => {
    let apache: Program
    let server: Identity
    let alice: Identity
    let mallory: Identity
    let stranger: Identity
    beforeAll(async () => {
      ;[server, alice, mallory, stranger] = (await Promise.all(
        ['localhost', 'alice', 'mallory', 'stranger'].map(makeIdentity),
      )) as [Identity, Identity, Identity, Identity]
      apache = await startApache({
        modules: ['ssl'],
        files: {
          'server.pem': server.cert,
          'server.key': server.key,
          'clients.pem': `${alice.cert}\n${mallory.cert}\n`,
        },
        // The server asks for the certificate when it knows the path, in the middle of the connection.
        directives: `
          SSLEngine on
          SSLCertificateFile server.pem
          SSLCertificateKeyFile server.key
          SSLCACertificateFile clients.pem
          SSLProtocol -all +TLSv1.2 +TLSv1.3
          <Location /wsman>
            SSLVerifyClient require
            <RequireAll>
              Require expr "%{SSL_CLIENT_S_DN_CN} == 'alice'"
              Require expr "%{HTTP:Authorization} == 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual'"
            </RequireAll>
          </Location>`,
      })
    })
    afterAll(() => apache.stop())

    function connect(who: Identity, tls: TlsOptions = {}): WsmanClient {
      const client = new WsmanClient({
        host: '127.0.0.1',
        port: apache.port,
        transport: 'https',
        auth: { scheme: 'certificate' },
        tls: { fingerprint256: new X509Certificate(server.cert).fingerprint256, ...who, ...tls },
        retry: { attempts: 1 },
      })
      onTestFinished(() => client.close())
      return client
    }

    const identified = expect.objectContaining({ productVendor: 'A file' }) as unknown

    it('lets in whom the certificate names', async () => {
      const client = connect(alice)
      for (let count = 0; count < 3; count++) expect(await client.identify()).toEqual(identified)
      const replies = await Promise.all(Array.from({ length: 6 }, () => client.identify()))
      expect(replies).toEqual(replies.map(() => identified))
    })

    it('refuses another one', async () => {
      await expect(connect(mallory).identify()).rejects.toMatchObject({
        code: 'ERR_WSMAN_UNAUTHORIZED',
        message: expect.stringContaining('HTTP status 403') as unknown,
        hint: expect.stringContaining('Certificate="true"') as unknown,
      })
    })

    it('refuses one that nobody vouches for', async () => {
      await expect(connect(stranger).identify()).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_WSMAN_(?:TLS|SOCKET)$/) as unknown,
      })
    })

    it('cannot ask for it in the middle of TLS 1.3, which is why that is not the default', async () => {
      await expect(connect(alice, { maxVersion: 'TLSv1.3' }).identify()).rejects.toMatchObject({
        code: 'ERR_WSMAN_UNAUTHORIZED',
      })
    })
  },
)
