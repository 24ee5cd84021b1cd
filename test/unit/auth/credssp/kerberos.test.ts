import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CredSspNegotiate } from '../../../../src/auth/credssp/negotiate-initiator.js'
import type { TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import { KerberosAcceptor } from '../../../../src/auth/kerberos/gssapi-acceptor.js'
import { KerberosInitiator } from '../../../../src/auth/kerberos/gssapi-context.js'
import { KerberosCredential } from '../../../../src/auth/kerberos/kerberos-credential.js'
import { SpnegoAcceptor } from '../../../../src/auth/spnego/acceptor.js'
import { OID } from '../../../../src/auth/spnego/oids.js'
import { hasKerberos, Realm, useRealm } from '../../../interop/peers/realm.js'
import { requirePeer } from '../../../support/shared.js'
import { account, acceptor, initiator, makeIdentity, shakeHands } from './handshake.js'

const target = { service: 'HTTP', host: 'localhost' }
const oids = [OID.kerberos, OID.microsoftKerberos]

requirePeer("Debian's krb5-kdc, krb5-admin-server and krb5-user", hasKerberos)(
  'CredSSP with Kerberos',
  () => {
    let identity: TlsIdentity
    beforeAll(async () => {
      identity = await makeIdentity('rsa')
    })

    // The layouts of their wrap tokens differ: MS-WSMV 2.2.9.1.2.2.2, RFC 4121, RFC 4757.
    describe.each(['aes256-cts-hmac-sha1-96', 'aes256-cts-hmac-sha384-192', 'arcfour-hmac'])(
      '%s',
      (enctype) => {
        let realm: Realm
        let credential: KerberosCredential
        beforeAll(async () => {
          realm = await Realm.start({ enctype, users: { alice: account.password } })
          useRealm(realm)
          credential = new KerberosCredential({ username: 'alice', password: account.password })
        })
        afterAll(async () => {
          credential.dispose()
          await realm.stop()
        })

        const kerberos = () => new KerberosInitiator({ target, credential })
        const candidates = [{ name: 'Kerberos', oids, create: kerberos }]
        const accepted = [{ oids, create: () => new KerberosAcceptor() }]

        it.each([
          ['without SPNEGO', kerberos, () => new KerberosAcceptor()],
          ['within SPNEGO', () => new CredSspNegotiate(candidates), () => new SpnegoAcceptor(accepted)],
        ] as const)('delegates %s', async (_name, createInner, acceptInner) => {
          for (const version of [4, 6] as const) {
            const client = initiator({ minVersion: 2, maxVersion: version, createInner })
            const server = acceptor(identity, { createInner: acceptInner })
            await shakeHands(client, server)
            expect(server.principal).toBe('alice@WSMAN.TEST')
            expect(server.delegatedPassword()).toBe(account.password)
            client.dispose()
            server.dispose()
          }
        })
      },
    )
  },
)
