import { describe, expect, it } from 'vitest'
import { createCredential, type AuthOptions, type PasswordAuth } from 'wsman'
import { AuthenticationError } from '../../src/errors/errors.js'
import type { WsmanError } from '../../src/errors/wsman-error.js'
import { requirePeer } from '../support/shared.js'
import { DOMAIN_NEEDS, hasDomain } from './peers/domain.js'
import { OTHER, PASSWORD, RESOURCE, Scene, WRONG } from './peers/scene.js'
import type { PeerModes, WinrmPeer } from './peers/winrm-peer.js'

const ALICE = String.raw`WSMAN\alice`
/** An address has no tickets, so that Negotiate comes to NTLM. */
const ADDRESS = '127.0.0.1'

const times = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make))

const outcomes = async (peer: WinrmPeer): Promise<string[]> =>
  (await peer.state()).logons.map(({ outcome }) => outcome)

function expectRefusal(error: WsmanError): void {
  expect(error).toBeInstanceOf(AuthenticationError)
  expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', host: ADDRESS, retryable: false })
  expect(error.hint).toContain('It is not tried again, so that the account is not locked out.')
}

requirePeer(DOMAIN_NEEDS, hasDomain)('An account is not locked out', () => {
  const scene = new Scene(['HTTP/localhost', 'HTTP/elsewhere'])

  describe.each<[string, 'ntlm' | 'negotiate', Partial<PeerModes>]>([
    ['ntlm', 'ntlm', {}],
    ['negotiate', 'negotiate', {}],
    ['ntlm, by a service like OMI', 'ntlm', { form: 'omi' }],
    ['negotiate, by a service like OMI', 'negotiate', { form: 'omi' }],
  ])('with %s', (_name, scheme, modes) => {
    const wrong: PasswordAuth = { scheme, username: ALICE, password: WRONG }

    it.each<[string, PasswordAuth]>([
      ['a wrong password', wrong],
      ['a wrong domain', { ...wrong, username: String.raw`OTHER\alice`, password: PASSWORD }],
      ['a user that does not exist', { ...wrong, username: String.raw`WSMAN\mallory`, password: PASSWORD }],
    ])('%s is tried once, by one call and by the next', async (_what, auth) => {
      const peer = await scene.peer({ modes })
      const client = scene.client(peer, auth, { host: ADDRESS })
      expectRefusal(await scene.refusal(client.identify()))
      expectRefusal(await scene.refusal(client.invoke(RESOURCE, 'Do')))
      expect(await outcomes(peer)).toEqual(['refused'])
    })

    it.each([
      ['HTTP', false],
      ['HTTPS', true],
    ])('a wrong password is tried once by 20 parallel calls over %s', async (_transport, https) => {
      const peer = await scene.peer({ modes, https })
      const client = scene.client(peer, wrong, { host: ADDRESS })
      const errors = await times(20, () => scene.refusal(client.get(RESOURCE)))
      for (const error of errors) expectRefusal(error)
      expect(new Set(errors).size).toBe(20)
      const { logons, busiest, ledger } = await peer.state()
      expect(logons.map(({ outcome }) => outcome)).toEqual(['refused'])
      expect([busiest, ledger]).toEqual([1, []])
    })

    it('a wrong password is tried once by all clients that share it', async () => {
      const peer = await scene.peer({ modes })
      const credential = createCredential(wrong)
      scene.show(credential)
      const clients = Array.from({ length: 5 }, () => scene.client(peer, credential, { host: ADDRESS }))
      const calls = clients.flatMap((client) => [client.get(RESOURCE), client.invoke(RESOURCE, 'Do')])
      for (const error of await Promise.all(calls.map((call) => scene.refusal(call)))) expectRefusal(error)
      const late = scene.client(peer, credential, { host: ADDRESS })
      expectRefusal(await scene.refusal(late.identify()))
      expect(await outcomes(peer)).toEqual(['refused'])
    })

    it('what one host refused another may be asked', async () => {
      const [peer, other] = [await scene.peer({ modes }), await scene.peer({ modes })]
      const credential = createCredential({ ...wrong, scheme: 'ntlm' })
      expectRefusal(await scene.refusal(scene.client(peer, credential, { host: ADDRESS }).identify()))
      const error = await scene.refusal(scene.client(other, credential, { host: 'localhost' }).identify())
      expect(error.code).toBe('ERR_WSMAN_UNAUTHORIZED')
      expect([await outcomes(peer), await outcomes(other)]).toEqual([['refused'], ['refused']])
    })

    it('a password that has changed is tried again, by one call', async () => {
      const peer = await scene.peer({ modes })
      let password = WRONG
      const credential = createCredential({
        scheme,
        username: ALICE,
        password: () => Promise.resolve(password),
      })
      const client = scene.client(peer, credential, { host: ADDRESS })
      const other = scene.client(peer, credential, { host: ADDRESS })
      await times(5, () => scene.refusal(client.identify()))
      expect(await outcomes(peer)).toEqual(['refused'])
      password = OTHER
      const errors = await Promise.all(
        [client, other].flatMap((each) => [
          scene.refusal(each.get(RESOURCE)),
          scene.refusal(each.get(RESOURCE)),
        ]),
      )
      errors.forEach(expectRefusal)
      expect(await outcomes(peer)).toEqual(['refused', 'refused'])
      password = PASSWORD
      const replies = await Promise.all(
        [client, other].flatMap((each) => [each.get(RESOURCE), each.get(RESOURCE)]),
      )
      expect(replies.map(({ Caller }) => Caller)).toEqual([ALICE, ALICE, ALICE, ALICE])
      expect((await outcomes(peer)).filter((outcome) => outcome === 'refused')).toHaveLength(2)
    })

    it.each<[string, Partial<PeerModes> | undefined]>([
      ['sockets are lost', undefined],
      ['the service wants authentication anew', { unauthorized: 20 }],
    ])('a password that changes while connections are open is tried once when %s', async (_what, doubt) => {
      const peer = await scene.peer({ modes })
      const credential = createCredential({ scheme, username: ALICE, password: PASSWORD })
      const clients = [0, 1].map(() => scene.client(peer, credential, { host: ADDRESS }))
      const everybody = (): Promise<unknown>[] =>
        clients.flatMap((client) => Array.from({ length: 10 }, () => client.get(RESOURCE)))
      await Promise.all(everybody())
      const before = await outcomes(peer)
      expect(before.length).toBeGreaterThan(2)
      await scene.domain.setNtlmPasswords({ alice: OTHER })
      try {
        if (doubt) await peer.set(doubt)
        else await peer.restart()
        // Where a call comes before the loss of the sockets is noticed, it fails on the old one.
        const errors = await Promise.all(everybody().map((call) => scene.refusal(call)))
        expect(errors.some(({ code }) => code === 'ERR_WSMAN_UNAUTHORIZED')).toBe(true)
        for (const error of await Promise.all(everybody().map((call) => scene.refusal(call)))) {
          expectRefusal(error)
        }
        expect((await outcomes(peer)).slice(before.length)).toEqual(['refused'])
      } finally {
        await scene.domain.setNtlmPasswords({ alice: PASSWORD })
      }
    })

    it('a service that takes the handshake and then refuses gets it once', async () => {
      const peer = await scene.peer({ modes: { ...modes, refuse: true } })
      const client = scene.client(peer, { ...wrong, password: PASSWORD }, { host: ADDRESS })
      for (const error of await times(20, () => scene.refusal(client.identify()))) expectRefusal(error)
      expect(await outcomes(peer)).toEqual(['accepted'])
    })
  })

  describe('with Kerberos', () => {
    const asked = (): number =>
      scene.domain.realm.log.split('\n').filter((line) => /AS_REQ.*PREAUTH_FAILED/.test(line)).length

    it.each<[string, (password: () => string) => AuthOptions]>([
      [
        'kerberos',
        (password) => ({ scheme: 'kerberos', username: 'alice@WSMAN.TEST', password }) satisfies AuthOptions,
      ],
      ['negotiate', (password) => ({ scheme: 'negotiate', username: ALICE, password }) satisfies AuthOptions],
    ])('the KDC is asked once, and %s does not turn to NTLM', async (_scheme, auth) => {
      const before = asked()
      const peer = await scene.peer()
      let password = WRONG
      const credential = createCredential(auth(() => password))
      const clients = [0, 1].map(() => scene.client(peer, credential))
      const errors = await Promise.all(
        clients.flatMap((client) =>
          Array.from({ length: 10 }, () => scene.refusal(client.invoke(RESOURCE, 'Do'))),
        ),
      )
      for (const error of errors) {
        expect(error).toBeInstanceOf(AuthenticationError)
        expect(error.code).toBe('ERR_WSMAN_UNAUTHORIZED')
        expect(error.hint).toContain('not tried again')
      }
      await expect.poll(asked).toBe(before + 1)
      const { logons, ledger, received } = await peer.state()
      expect([logons, ledger]).toEqual([[], []])
      expect(Buffer.concat([...received])).toHaveLength(0)

      password = PASSWORD
      expect(await clients[0]?.get(RESOURCE)).toMatchObject({ Caller: 'alice@WSMAN.TEST' })
      expect(await clients[1]?.get(RESOURCE)).toMatchObject({ Caller: 'alice@WSMAN.TEST' })
      expect(asked()).toBe(before + 1)
    })

    it('a ticket that the service refuses is no refused password', async () => {
      const keytab = await scene.domain.realm.keytab('HTTP/elsewhere')
      const peer = await scene.peer({ keytab, mechanisms: ['krb5'] })
      const auth = createCredential({ username: ALICE, password: PASSWORD })
      const error = await scene.refusal(scene.client(peer, auth).identify())
      expect(error.message).toBe('localhost refused the Kerberos ticket.')
      expect(error.hint).toContain('setspn')
      expect(await outcomes(peer)).toEqual(['refused'])
      const right = await scene.peer()
      expect((await scene.client(right, auth).identify()).productVendor).toBe('Nobody here')
    })
  })
})
