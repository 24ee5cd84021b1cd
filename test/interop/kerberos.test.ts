import { execFile } from 'node:child_process'
import crypto from 'node:crypto'
import { existsSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KerberosAcceptor } from '../../src/auth/kerberos/gssapi-acceptor.js'
import { KerberosInitiator, type KerberosInitiatorOptions } from '../../src/auth/kerberos/gssapi-context.js'
import {
  KerberosCredential,
  type KerberosCredentialOptions,
} from '../../src/auth/kerberos/kerberos-credential.js'
import { splitWrapToken } from '../../src/auth/kerberos/wrap-token.js'
import type { SecurityContext } from '../../src/auth/security-context.js'
import { SpnegoInitiator } from '../../src/auth/spnego/initiator.js'
import { ProtocolError } from '../../src/errors/errors.js'
import { requirePeer, systemPython } from '../support/shared.js'
import { GssAcceptor, type GssAcceptorOptions } from './peers/gss-acceptor.js'
import { hasKerberos, Realm, useRealm } from './peers/realm.js'

const target = { service: 'HTTP', host: 'localhost' }
const PASSWORD = 'pa"ss wörd'
const BINDING = Buffer.from('tls-server-end-point:0123456789abcdef0123456789abcdef')

type ServerStep = (token: Uint8Array) => Promise<Uint8Array | undefined>

async function handshake(client: SecurityContext, serverStep: ServerStep): Promise<void> {
  const first = await client.step()
  if (!first) throw new Error('the client sends nothing')
  expect(await client.step(await serverStep(first))).toBeUndefined()
  expect(client.complete).toBe(true)
}

const foreign =
  (server: GssAcceptor): ServerStep =>
  async (token) =>
    (await server.step(token)).token

const needed = "Debian's krb5-kdc, krb5-admin-server, krb5-user and python3-gssapi"

requirePeer(needed, hasKerberos)('Kerberos sealing against MIT Kerberos', () => {
  describe.each([
    ['aes128-cts-hmac-sha1-96', 60],
    ['aes256-cts-hmac-sha1-96', 60],
    ['aes256-cts-hmac-sha384-192', 72],
    ['arcfour-hmac', 45],
  ])('%s', (enctype, signatureLength) => {
    const rc4 = enctype === 'arcfour-hmac'
    let realm: Realm
    let credential: KerberosCredential
    let server: GssAcceptor
    let client: KerberosInitiator
    beforeAll(async () => {
      realm = await Realm.start({ enctype, users: { alice: PASSWORD } })
      useRealm(realm)
      credential = new KerberosCredential({ username: 'alice', password: PASSWORD })
    })
    afterAll(async () => {
      credential.dispose()
      await realm.stop()
    })

    async function connect(): Promise<void> {
      server = new GssAcceptor({ environment: realm.environment })
      client = new KerberosInitiator({ target, credential })
      await handshake(client, foreign(server))
    }

    async function disconnect(): Promise<void> {
      client.dispose()
      await server.close()
    }

    it('exchanges 100 messages each way, in the layout of WinRM', async () => {
      await connect()
      const lengths = Array.from({ length: 98 }, (_, number) => number * 3 + (number % 7))
      for (const length of [...lengths, 65_536, 300_001]) {
        const message = Buffer.alloc(length, `message of ${length} octets `)
        const sealed = await client.seal(message)
        const padded = rc4 ? length + 1 : length
        expect([sealed.data.length, sealed.length]).toEqual([padded, padded])
        // RC4's header has the length of the whole in front, in one to four octets.
        if (!rc4 || padded < 80) expect(sealed.signature).toHaveLength(signatureLength)
        const whole = Buffer.concat([sealed.signature, sealed.data])
        expect(splitWrapToken(whole, length).signature).toHaveLength(sealed.signature.length)
        expect(message.equals(await server.unwrap(sealed))).toBe(true)
        expect(message.equals(await client.unseal(await server.wrap(message)))).toBe(true)
      }
      await disconnect()
    }, 60_000)

    it('leaves the message it encrypts as it was', async () => {
      await connect()
      const message = Buffer.from('plain text')
      const { data } = await client.seal(message)
      expect(message.toString()).toBe('plain text')
      expect(Buffer.from(data).toString()).not.toContain('plain')
      await disconnect()
    })

    it('signs what SPNEGO has signed, and notices other text', async () => {
      await connect()
      const list = Buffer.from('list of mechanisms')
      await server.verifyMic(list, await client.mic(list))
      const mic = await server.mic(list)
      await expect(client.verifyMic(Buffer.from('List of mechanisms'), mic)).rejects.toThrow(ProtocolError)
      await client.verifyMic(list, mic)
      await disconnect()
    })

    it('notices every change, and messages repeated or left out', async () => {
      await connect()
      const { signature, data } = await server.wrap(Buffer.from('a message'))
      for (const index of [0, 2, 17, signature.length - 1]) {
        await expect(client.unseal({ signature: flipped(signature, index), data })).rejects.toThrow(
          ProtocolError,
        )
      }
      await expect(client.unseal({ signature, data: flipped(data, 0) })).rejects.toThrow(ProtocolError)
      await expect(client.unseal({ signature, data: data.subarray(1) })).rejects.toThrow(ProtocolError)
      await expect(client.unseal({ signature: new Uint8Array(), data: new Uint8Array() })).rejects.toThrow(
        ProtocolError,
      )
      await client.unseal({ signature, data })
      await expect(client.unseal({ signature, data })).rejects.toThrow('repeated')
      await server.wrap(Buffer.from('lost on its way'))
      await expect(client.unseal(await server.wrap(Buffer.from('next')))).rejects.toThrow('left one out')
      await disconnect()
    })
  })
})

requirePeer(needed, hasKerberos)('Kerberos against MIT Kerberos', () => {
  let realm: Realm
  beforeAll(async () => {
    realm = await Realm.start({
      users: { alice: PASSWORD, bob: 'bob' },
      services: ['HTTP/localhost', 'HTTP/localhost:5985'],
      libdefaults: ['forwardable = true'],
    })
    useRealm(realm)
  })
  afterAll(async () => {
    await realm.stop()
  })

  const alice: KerberosCredentialOptions = { username: 'alice', password: PASSWORD }

  /** Authenticates to an acceptor of its own. */
  async function authenticated(
    options: Partial<KerberosInitiatorOptions> & { credentials?: KerberosCredentialOptions },
    acceptor: GssAcceptorOptions = {},
  ): Promise<{ principal: string | undefined; initiator: string; flags: number }> {
    const server = new GssAcceptor({ environment: realm.environment, ...acceptor })
    const credential = new KerberosCredential(options.credentials ?? alice)
    const client = new KerberosInitiator({ target, credential, ...options })
    try {
      await handshake(client, foreign(server))
      const { initiator, flags } = await server.inspect()
      return { principal: client.principal, initiator, flags }
    } finally {
      client.dispose()
      credential.dispose()
      await server.close()
    }
  }

  it('asks for mutual authentication, sequence, confidentiality and integrity', async () => {
    const { initiator, principal, flags } = await authenticated({})
    expect([initiator, principal]).toEqual(['alice@WSMAN.TEST', 'alice@WSMAN.TEST'])
    expect(flags & 0x3f).toBe(0x3e)
  })

  describe('credentials', () => {
    const shouldBeAlice = async (credentials: KerberosCredentialOptions): Promise<void> => {
      expect((await authenticated({ credentials })).initiator).toBe('alice@WSMAN.TEST')
    }

    it.each([
      ['a user and a password', { username: 'alice' }],
      ['a realm in the user name', { username: 'alice@wsman.test' }],
      ['a realm of its own', { username: 'alice', realm: 'WSMAN.TEST' }],
      ['the NetBIOS name of the default realm', { username: 'WSMAN\\alice' }],
      ['another NetBIOS name, with the realm', { username: 'OTHER\\alice', realm: 'WSMAN.TEST' }],
    ])('are %s', async (_, options) => {
      await shouldBeAlice({ ...alice, ...options })
    })

    it('with a password or a keytab leave the default cache alone', async () => {
      await shouldBeAlice(alice)
      await shouldBeAlice({ keytab: await realm.keytab('alice') })
      expect(existsSync(path.join(realm.folder, 'ccache'))).toBe(false)
    })

    it('are a keytab, of the user asked for or of its first', async () => {
      const keytab = await realm.keytab('alice')
      await shouldBeAlice({ keytab })
      await shouldBeAlice({ username: 'alice', keytab })
    })

    it('are tickets in memory, which a keytab put there and others may use', async () => {
      await shouldBeAlice({ keytab: await realm.keytab('alice'), ccache: 'MEMORY:wsman-test' })
      await shouldBeAlice({ ccache: 'MEMORY:wsman-test' })
    })

    it('end with the credential where a keytab put them in a cache of its own', async () => {
      const original = crypto.randomUUID
      const uuid = original()
      const keytab = await realm.keytab('alice')
      crypto.randomUUID = () => uuid
      syncBuiltinESMExports()
      const credential = new KerberosCredential({ keytab })
      crypto.randomUUID = original
      syncBuiltinESMExports()
      await new KerberosInitiator({ target, credential }).step()
      await shouldBeAlice({ ccache: `MEMORY:wsman-${uuid}` })
      credential.dispose()
      await expect(shouldBeAlice({ ccache: `MEMORY:wsman-${uuid}` })).rejects.toMatchObject({
        failure: 'noTicket',
      })
    })

    it('are tickets in a file, with and without the user named', async () => {
      const ccache = `FILE:${path.join(realm.folder, 'alice.cc')}`
      await realm.kinit('alice', PASSWORD, '-c', ccache)
      await shouldBeAlice({ ccache })
      await shouldBeAlice({ username: 'alice', ccache })
    })

    it('are the default cache where nothing is given', async () => {
      await realm.kinit('alice', PASSWORD)
      await shouldBeAlice({})
      await shouldBeAlice({ username: 'alice@WSMAN.TEST' })
    })

    it('get one ticket for many contexts, and a new one when it is about to end', async () => {
      const requests = (): number => realm.log.split('\n').filter((line) => /AS_REQ.*ISSUE/.test(line)).length
      const before = requests()
      const credential = new KerberosCredential(alice)
      const clients = Array.from({ length: 5 }, () => new KerberosInitiator({ target, credential }))
      await Promise.all(clients.map((client) => client.step()))
      await new KerberosInitiator({ target, credential }).step()
      await expect.poll(requests).toBe(before + 1)
      // A ticket for less than the minute that a handshake may need is not used twice.
      await realm.administer('modprinc -maxlife 30s alice')
      const short = new KerberosCredential(alice)
      await new KerberosInitiator({ target, credential: short }).step()
      await new KerberosInitiator({ target, credential: short }).step()
      await expect.poll(requests).toBe(before + 3)
      await realm.administer('modprinc -maxlife 1d alice')
    })
  })

  it('names a service with its port, in the realm given or the one the KDC refers to', async () => {
    const withPort = { ...target, port: 5985 }
    expect((await authenticated({ target: withPort })).initiator).toBe('alice@WSMAN.TEST')
    const named = await authenticated({ target: withPort, targetRealm: 'WSMAN.TEST' })
    expect(named.initiator).toBe('alice@WSMAN.TEST')
  })

  it('delegates only where it is asked to', async () => {
    expect((await authenticated({})).flags & 1).toBe(0)
    expect((await authenticated({ delegate: true })).flags & 1).toBe(1)
    for (const delegate of [true, false]) {
      const acceptor = new KerberosAcceptor()
      const client = new KerberosInitiator({ target, credential: new KerberosCredential(alice), delegate })
      await handshake(client, (token) => acceptor.step(token))
      expect(acceptor.delegated).toBe(delegate)
    }
  })

  it('says so when a ticket cannot be delegated', async () => {
    const ccache = path.join(realm.folder, 'not-forwardable.cc')
    await realm.kinit('alice', PASSWORD, '-F', '-c', ccache)
    await expect(authenticated({ credentials: { ccache }, delegate: true })).rejects.toMatchObject({
      failure: 'notDelegated',
    })
  })

  it('binds the channel, which the acceptor sees and verifies', async () => {
    const bound = await authenticated({ channelBinding: BINDING }, { channelBinding: BINDING })
    expect(bound.flags & 0x800).toBe(0x800)
    const unbound = await authenticated({}, { channelBinding: BINDING })
    expect(unbound.flags & 0x800).toBe(0)
    const wrong = Buffer.from('tls-server-end-point:another certificate')
    await expect(authenticated({ channelBinding: wrong }, { channelBinding: BINDING })).rejects.toMatchObject(
      {
        major: 0x40000,
      },
    )
  })

  it('authenticates 20 connections at the same time, each with keys of its own', async () => {
    const credential = new KerberosCredential(alice)
    const pairs = await Promise.all(
      Array.from({ length: 20 }, async (_, number) => {
        const server = new GssAcceptor({ environment: realm.environment })
        const client = new KerberosInitiator({ target, credential })
        await handshake(client, foreign(server))
        const message = Buffer.from(`connection ${number}`)
        const [, , reply] = await Promise.all([
          client.seal(message).then((sealed) => server.unwrap(sealed)),
          client.seal(message).then((sealed) => server.unwrap(sealed)),
          server.wrap(message).then((sealed) => client.unseal(sealed)),
        ])
        expect(Buffer.from(reply)).toEqual(message)
        return { client, server }
      }),
    )
    const [one, other] = pairs
    const sealed = await one?.client.seal(Buffer.from('for one only'))
    if (sealed) await expect(other?.server.unwrap(sealed)).rejects.toMatchObject({ name: 'GssError' })
    for (const { client, server } of pairs) {
      client.dispose()
      await server.close()
    }
    expect(pairs).toHaveLength(20)
  }, 60_000)

  it('does not take what the service only signed', async () => {
    const client = new KerberosInitiator({ target, credential: new KerberosCredential(alice) })
    const token = Buffer.from((await client.step()) ?? []).toString('base64')
    const program = `
import base64, sys, gssapi
context = gssapi.SecurityContext(usage='accept')
reply = context.step(base64.b64decode(sys.argv[1]))
signed = context.wrap(b'not a secret', False).message
print(base64.b64encode(reply).decode(), base64.b64encode(signed).decode())
`
    const { stdout } = await promisify(execFile)(systemPython, ['-c', program, token], {
      env: { ...process.env, ...realm.environment },
    })
    const [reply = '', signed = ''] = stdout.trim().split(' ')
    await client.step(Buffer.from(reply, 'base64'))
    await expect(
      client.unseal({ signature: new Uint8Array(), data: Buffer.from(signed, 'base64') }),
    ).rejects.toThrow('did not encrypt')
  })

  it('is chosen by SPNEGO, and seals inside of it', async () => {
    const credential = new KerberosCredential(alice)
    const oids = ['1.2.840.48018.1.2.2', '1.2.840.113554.1.2.2']
    const create = (): KerberosInitiator => new KerberosInitiator({ target, credential })
    const client = new SpnegoInitiator([{ name: 'Kerberos', oids, create }])
    const server = new GssAcceptor({ environment: realm.environment, mechanisms: ['spnego'] })
    await handshake(client, foreign(server))
    expect([client.mechanism, client.principal]).toEqual(['Kerberos', 'alice@WSMAN.TEST'])
    const message = Buffer.from('inside')
    expect(Buffer.from(await server.unwrap(await client.seal(message)))).toEqual(message)
    expect(Buffer.from(await client.unseal(await server.wrap(message)))).toEqual(message)
    await server.close()
  })

  describe('the acceptor', () => {
    it('takes keys from a keytab of its own, and knows who came', async () => {
      const keytab = realm.environment.KRB5_KTNAME
      const acceptor = new KerberosAcceptor({ keytab })
      const client = new KerberosInitiator({ target, credential: new KerberosCredential(alice) })
      await handshake(client, (token) => acceptor.step(token))
      expect([acceptor.complete, acceptor.principal]).toEqual([true, 'alice@WSMAN.TEST'])
      const message = Buffer.from('to the service and back')
      expect(Buffer.from(await acceptor.unseal(await client.seal(message)))).toEqual(message)
      expect(Buffer.from(await client.unseal(await acceptor.seal(message)))).toEqual(message)
    })

    it.each([
      ['strict', BINDING, undefined],
      ['strict', undefined, 'channelBinding'],
      ['strict', Buffer.from('other'), 'channelBinding'],
      ['relaxed', BINDING, undefined],
      ['relaxed', undefined, undefined],
      ['relaxed', Buffer.from('other'), 'channelBinding'],
      ['none', Buffer.from('other'), undefined],
    ] as const)(
      'with hardening %s and the binding %s fails with %s',
      async (hardening, channelBinding, failure) => {
        const acceptor = new KerberosAcceptor({ channelBinding: BINDING, hardening })
        const credential = new KerberosCredential(alice)
        const client = new KerberosInitiator({ target, credential, channelBinding })
        const token = await client.step()
        if (!token) throw new Error('the client sends nothing')
        const accepting = acceptor.step(token)
        if (failure === undefined) await client.step(await accepting)
        else await expect(accepting).rejects.toMatchObject({ failure })
        expect([client.complete, acceptor.complete]).toEqual(Array(2).fill(failure === undefined))
      },
    )
  })
})

function flipped(octets: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(octets)
  copy[index] = (copy[index] ?? 0) ^ 0x01
  return copy
}
