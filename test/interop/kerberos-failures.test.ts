import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { KerberosError } from '../../src/auth/kerberos/failures.js'
import { KerberosAcceptor } from '../../src/auth/kerberos/gssapi-acceptor.js'
import { KerberosInitiator, type KerberosInitiatorOptions } from '../../src/auth/kerberos/gssapi-context.js'
import {
  KerberosCredential,
  type KerberosCredentialOptions,
} from '../../src/auth/kerberos/kerberos-credential.js'
import { UsageError } from '../../src/errors/errors.js'
import { requirePeer } from '../support/shared.js'
import { hasKerberos, Realm, useRealm } from './peers/realm.js'

const target = { service: 'HTTP', host: 'localhost' }
const PASSWORD = 'a very secret password'
const needed = "Debian's krb5-kdc, krb5-admin-server, krb5-user and python3-gssapi"

requirePeer(needed, hasKerberos)('Kerberos that fails', () => {
  let realm: Realm
  beforeAll(async () => {
    realm = await Realm.start({ users: { alice: PASSWORD, bob: 'bob' } })
    useRealm(realm)
  })
  afterEach(() => {
    useRealm(realm)
  })
  afterAll(async () => {
    await realm.stop()
  })

  const alice: KerberosCredentialOptions = { username: 'alice', password: PASSWORD }

  function initiator(
    credentials: KerberosCredentialOptions,
    options: Partial<KerberosInitiatorOptions> = {},
  ): KerberosInitiator {
    return new KerberosInitiator({ target, credential: new KerberosCredential(credentials), ...options })
  }

  /** What the first leg is refused with. */
  async function refused(
    credentials: KerberosCredentialOptions,
    options: Partial<KerberosInitiatorOptions> = {},
  ): Promise<KerberosError> {
    const outcome: unknown = await initiator(credentials, options)
      .step()
      .catch((error: unknown) => error)
    if (!(outcome instanceof KerberosError)) throw new Error('it was not refused', { cause: outcome })
    for (const shown of [inspect(outcome, { depth: 9 }), JSON.stringify(outcome), outcome.stack]) {
      expect(shown).not.toContain(credentials.password ?? PASSWORD)
    }
    return outcome
  }

  /** A cache with a ticket of alice's, got by a machine whose clock was `seconds` behind the KDC's. */
  async function cacheWithOffset(seconds: number): Promise<string> {
    const file = path.join(realm.folder, `offset${seconds}.cc`)
    await realm.kinit('alice', PASSWORD, '-c', file)
    const cache = await readFile(file)
    // Version 4, a header of 12 octets, in it the one field that exists: the offset, eight octets long.
    expect(cache.subarray(0, 8).toString('hex')).toBe('0504000c00010008')
    cache.writeInt32BE(seconds, 8)
    await writeFile(file, cache)
    return file
  }

  /** Goes by another krb5.conf until the test ends. */
  async function configure(change: (configuration: string) => string): Promise<void> {
    const file = path.join(realm.folder, 'changed.conf')
    await writeFile(file, change(await readFile(path.join(realm.folder, 'krb5.conf'), 'utf8')))
    process.env.KRB5_CONFIG = file
  }

  it.each([
    ['no ticket', {}, {}, 'noTicket', 'kinit'],
    ['no ticket of that user', { username: 'bob' }, {}, 'noTicket', 'kinit'],
    ['no such cache', { ccache: '/nowhere/cache' }, {}, 'noTicket', 'ccache'],
    ['an unknown user', { ...alice, username: 'carol' }, {}, 'unknownUser', 'realm'],
    ['an unknown realm', { ...alice, realm: 'NOWHERE.TEST' }, {}, 'unknownRealm', 'krb5.conf'],
    ['no such keytab', { keytab: '/nowhere/keytab' }, {}, 'noKey', 'klist -k'],
    [
      'an unknown service',
      alice,
      { target: { service: 'HTTP', host: 'other.test' } },
      'unknownService',
      'setspn',
    ],
    ['an unknown port', alice, { target: { ...target, port: 5986 } }, 'unknownService', 'spn'],
  ] as const)('is %s', async (_, credentials, options, failure, hint) => {
    const error = await refused(credentials, options)
    expect(error.failure).toBe(failure)
    expect(error.hint).toContain(hint)
    expect(error.code).toBe('ERR_WSMAN_SCHEME_NOT_OFFERED')
  })

  it('is a wrong password, which is sent once however many connections want it', async () => {
    const sent = (): number => realm.log.split('\n').filter((line) => line.includes('PREAUTH_FAILED')).length
    const before = sent()
    const credential = new KerberosCredential({ username: 'alice', password: 'not hers' })
    const clients = Array.from({ length: 5 }, () => new KerberosInitiator({ target, credential }))
    const outcomes = await Promise.allSettled(clients.map((client) => client.step()))
    outcomes.push(...(await Promise.allSettled([new KerberosInitiator({ target, credential }).step()])))
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'ERR_WSMAN_UNAUTHORIZED', failure: 'wrongPassword' },
      })
    }
    expect(outcomes).toHaveLength(6)
    await expect.poll(sent).toBe(before + 1)
    // The one that was right is still good.
    expect(await initiator(alice).step()).toBeDefined()
    expect(sent()).toBe(before + 1)
  })

  it('is a wrong password also where the KDC wants no proof and the answer cannot be read', async () => {
    await realm.administer('modprinc -requires_preauth bob')
    expect((await refused({ username: 'bob', password: 'not his' })).failure).toBe('wrongPassword')
  })

  it('is a key that was changed since the keytab was made', async () => {
    await realm.administer('addprinc -pw old carla')
    const keytab = await realm.keytab('carla')
    await realm.administer('cpw -pw new carla')
    expect((await refused({ keytab })).failure).toBe('wrongPassword')
  })

  it('is an account that was locked', async () => {
    await realm.administer('addprinc -pw secret dora', 'modprinc -allow_tix dora')
    expect((await refused({ username: 'dora', password: 'secret' })).failure).toBe('accountDisabled')
  })

  it('is the ticket or key of somebody else', async () => {
    const ccache = path.join(realm.folder, 'bob.cc')
    await realm.kinit('bob', 'bob', '-c', ccache)
    expect((await refused({ username: 'alice', ccache })).failure).toBe('wrongPrincipal')
    const keytab = await realm.keytab('alice')
    expect((await refused({ username: 'bob', keytab })).failure).toBe('noKey')
  })

  it('is a domain whose realm is not known, before anything is sent', async () => {
    const step = initiator({ ...alice, username: 'OTHER\\alice' }).step()
    await expect(step).rejects.toBeInstanceOf(UsageError)
    await expect(step).rejects.toMatchObject({ hint: expect.stringContaining('WSMAN.TEST') as string })
  })

  it('is a ticket that has expired', async () => {
    const error = await refused({ ccache: await cacheWithOffset(2 * 86_400) })
    expect([error.failure, error.hint]).toEqual(['ticketExpired', expect.stringContaining('kinit') as string])
  })

  it('is a clock that is wrong', async () => {
    const error = await refused({ ccache: await cacheWithOffset(3600) })
    expect([error.failure, error.hint]).toEqual(['clockSkew', expect.stringContaining('clocks') as string])
  })

  it('is a machine that knows no realm', async () => {
    await configure((text) => text.replace(/default_realm.*/, ''))
    const error = await refused(alice)
    expect([error.failure, error.hint]).toEqual([
      'unknownRealm',
      expect.stringContaining('default_realm') as string,
    ])
  })

  it('is a service that cannot read the ticket, or gets something else', async () => {
    const token = await initiator(alice).step()
    const key = `${realm.folder}/service-of-yesterday.keytab`
    await realm.administer('addprinc -randkey HTTP/yesterday', `ktadd -k ${key} HTTP/yesterday`)
    await expect(new KerberosAcceptor({ keytab: key }).step(token)).rejects.toBeInstanceOf(KerberosError)
    await expect(new KerberosAcceptor({ keytab: '/nowhere' }).step(token)).rejects.toMatchObject({
      failure: 'noKey',
    })
    const acceptor = new KerberosAcceptor()
    await expect(acceptor.step(Buffer.from('no token'))).rejects.toBeInstanceOf(KerberosError)
    await expect(acceptor.step(token)).rejects.toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
    const replayed = new KerberosAcceptor()
    await replayed.step(token)
    await expect(new KerberosAcceptor().step(token)).rejects.toMatchObject({ failure: 'replay' })
  })

  it('is a service that does not prove who it is', async () => {
    const silent = initiator(alice)
    await silent.step()
    await expect(silent.step()).rejects.toMatchObject({ failure: 'notMutual' })

    const cheated = initiator(alice)
    const token = Buffer.from((await new KerberosAcceptor().step(await cheated.step())) ?? [])
    token[token.length - 1] = (token.at(-1) ?? 0) ^ 1
    await expect(cheated.step(token)).rejects.toBeInstanceOf(KerberosError)
    expect(cheated.complete).toBe(false)
    await expect(cheated.seal(Buffer.from('secret'))).rejects.toBeInstanceOf(UsageError)
  })

  it('takes its steps in their order only', async () => {
    const client = initiator(alice)
    await expect(client.seal(Buffer.from('too early'))).rejects.toThrow('not over')
    await expect(client.step(Buffer.from('a token'))).rejects.toThrow('takes no token')
    await expect(new KerberosAcceptor().step()).rejects.toThrow('waits for a token')
  })

  describe('at a KDC that does not answer', () => {
    let kdc: net.Server
    const connections: net.Socket[] = []
    beforeAll(async () => {
      kdc = net.createServer((socket) => connections.push(socket.on('error', () => undefined)))
      kdc.listen(0, '127.0.0.1')
      await once(kdc, 'listening')
    })
    afterEach(() => {
      for (const socket of connections.splice(0)) socket.destroy()
    })
    afterAll(() => {
      kdc.close()
    })

    /** Points the realm at the silent KDC, by TCP, and waits until it was asked. */
    async function asked<T>(ask: () => Promise<T>): Promise<{ answer: Promise<T>; hangUp: () => void }> {
      const { port } = kdc.address() as net.AddressInfo
      await configure((text) =>
        text
          .replace(/ kdc = .*/, ` kdc = 127.0.0.1:${port}`)
          .replace('[libdefaults]', '[libdefaults]\n  udp_preference_limit = 1'),
      )
      const connected = once(kdc, 'connection')
      const answer = ask()
      answer.catch(() => undefined)
      await connected
      return { answer, hangUp: () => connections.splice(0).forEach((socket) => socket.destroy()) }
    }

    it('lets the event loop go on meanwhile, and may be tried again', async () => {
      const client = initiator(alice)
      let settled = false
      const { answer, hangUp } = await asked(() => client.step().finally(() => (settled = true)))
      for (let turns = 0; turns < 1000; turns++) await turn()
      expect(await readFile(path.join(realm.folder, 'krb5.conf'), 'utf8')).toContain('default_realm')
      expect(settled).toBe(false)
      hangUp()
      await expect(answer).rejects.toMatchObject({ failure: 'kdcUnreachable', retryable: true })
    })

    it('does not hold up sessions that exist', async () => {
      const [client, acceptor] = [initiator(alice), new KerberosAcceptor()]
      await client.step(await acceptor.step(await client.step()))
      const { answer, hangUp } = await asked(() => initiator(alice).step())
      const sealed = await client.seal(Buffer.from('meanwhile'))
      expect(Buffer.from(await acceptor.unseal(sealed)).toString()).toBe('meanwhile')
      hangUp()
      await expect(answer).rejects.toBeInstanceOf(KerberosError)
    })

    it('can be given up', async () => {
      const credential = new KerberosCredential(alice)
      const client = new KerberosInitiator({ target, credential })
      const { answer, hangUp } = await asked(() => client.step())
      client.dispose()
      credential.dispose()
      hangUp()
      await expect(answer).rejects.toBeInstanceOf(Error)
      await expect(client.step()).rejects.toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
      await expect(new KerberosInitiator({ target, credential }).step()).rejects.toMatchObject({
        code: 'ERR_WSMAN_CLOSED',
      })
    })
  })

  it('shows no secret of its own', () => {
    const credential = new KerberosCredential(alice)
    const client = new KerberosInitiator({ target, credential })
    for (const object of [credential, client]) {
      expect(inspect(object, { depth: 9, showHidden: true })).not.toContain(PASSWORD)
      expect(JSON.stringify(object)).not.toContain(PASSWORD)
    }
  })
})
