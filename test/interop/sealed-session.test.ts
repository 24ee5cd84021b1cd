import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isWsmanError, type AuthOptions, type PasswordAuth, type WsmanClient } from 'wsman'
import { AuthenticationError, ProtocolError, TransportError } from '../../src/errors/errors.js'
import { readExchanges } from '../support/recordings.js'
import { describeWithShared, requirePeer } from '../support/shared.js'
import { DOMAIN_NEEDS, hasDomain } from './peers/domain.js'
import { expectNoPlaintext, PASSWORD, RESOURCE, Scene } from './peers/scene.js'
import type { PeerModes, WinrmPeer } from './peers/winrm-peer.js'

const ALICE: PasswordAuth = { username: String.raw`WSMAN\alice`, password: PASSWORD }

interface Kind {
  readonly auth: AuthOptions
  readonly host: string
}

const KINDS: readonly [string, Kind][] = [
  ['NTLM', { auth: { ...ALICE, scheme: 'ntlm' }, host: '127.0.0.1' }],
  ['Negotiate with NTLM', { auth: ALICE, host: '127.0.0.1' }],
  ['Negotiate with Kerberos', { auth: ALICE, host: 'localhost' }],
  ['Kerberos', { auth: { ...ALICE, scheme: 'kerberos' }, host: 'localhost' }],
]

requirePeer(DOMAIN_NEEDS, hasDomain)('A sealed session', () => {
  const scene = new Scene()

  describe.each(KINDS)('with %s', (_kind, { auth, host }) => {
    const connect = async (
      modes: Partial<PeerModes> = {},
      options: { readonly maxConnections?: number; readonly seed?: number } = {},
    ): Promise<[WsmanClient, WinrmPeer]> => {
      const { seed = 1, ...rest } = options
      const peer = await scene.peer({ modes, seed })
      return [scene.client(peer, auth, { host, ...rest }), peer]
    }

    it.each(['windows', 'omi'] as const)(
      'carries messages of all sizes both ways, in the form of %s',
      async (form) => {
        const [client, peer] = await connect({ form })
        const ends = 'ä€😀'
        for (const length of [0, 1, 15, 16, 17, 100, 4096, 16_383, 16_384, 16_385, 65_536, 140_000]) {
          const text = randomBytes(Math.ceil((length * 3) / 4))
            .toString('base64')
            .slice(0, length)
          const reply = await client.invoke(RESOURCE, 'Do', { Text: `${ends}${text}${ends}` })
          expect(reply.Text).toBe(`${ends}${text}${ends}`)
        }
        const state = await peer.state()
        expect([state.connections, state.logons.length]).toEqual([1, 1])
        expectNoPlaintext(state, ends)
      },
    )

    it('seals for each connection by itself', async () => {
      const [client, peer] = await connect()
      const numbers = Array.from({ length: 100 }, (_, number) => String(number))
      const replies = await Promise.all(numbers.map((Number) => client.invoke(RESOURCE, 'Do', { Number })))
      expect(replies.map(({ Number }) => Number)).toEqual(numbers)
      const state = await peer.state()
      expect(state.connections).toBe(4)
      expect(state.logons.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => 'accepted'))
      expectNoPlaintext(state)
    })

    describe('takes no plaintext in place of a reply', () => {
      it.each([200, 400, 403, 404, 413, 500, 503])('with status %i', async (plaintextStatus) => {
        const [client, peer] = await connect({ plaintext: 1, plaintextStatus })
        // Idempotent, so that nothing but the rule keeps it from being sent again.
        const error = await scene.refusal(client.get(RESOURCE))
        expect(error).toBeInstanceOf(ProtocolError)
        expect(error).toMatchObject({ code: 'ERR_WSMAN_PROTOCOL', retryable: false, operation: 'Get' })
        expect(error.message).toContain(`in plaintext, with HTTP status ${plaintextStatus}`)
        expect(error.hint).toMatch(
          plaintextStatus === 413
            ? /MaxEnvelopeSizekb/
            : plaintextStatus === 503
              ? /stopped/
              : /answering in its place/,
        )
        expect((await peer.state()).ledger).toHaveLength(1)
        expect(await client.invoke(RESOURCE, 'Do', { Number: 1 })).toMatchObject({ Number: '1' })
      })

      it('nor a fault in it that would make a poll go on', async () => {
        const [client, peer] = await connect({ plaintext: 1 })
        const error = await scene.refusal(client.enumerate(RESOURCE).toArray())
        expect(error).toBeInstanceOf(ProtocolError)
        expect((await peer.state()).ledger).toHaveLength(1)
      })
    })

    it.each(['data', 'signature'] as const)(
      'takes no reply whose %s was changed, and begins anew',
      async (tamper) => {
        const [client, peer] = await connect({ tamper })
        const error = await scene.refusal(client.get(RESOURCE))
        expect(error).toBeInstanceOf(ProtocolError)
        expect(error.retryable).toBe(false)
        expect(error.hint).toBeDefined()
        const { ledger, logons } = await peer.state()
        expect([ledger.length, logons.length]).toEqual([1, 1])
        await peer.set({ tamper: null })
        expect(await client.invoke(RESOURCE, 'Do', { Number: 2 })).toMatchObject({ Number: '2' })
        expect((await peer.state()).logons).toHaveLength(2)
      },
    )

    it.each<[string, Partial<PeerModes>]>([
      ['leaves it open', { closing: false }],
      ['ends it', { closing: true }],
      ['leaves it authenticated', { keepContext: true }],
    ])(
      'is set up again after a 401 on its connection that %s, and the message sent once',
      async (_, modes) => {
        const [client, peer] = await connect(modes)
        await client.invoke(RESOURCE, 'Do', { Number: 1 })
        await peer.set({ unauthorized: 1 })
        expect(await client.invoke(RESOURCE, 'Do', { Number: 2 })).toMatchObject({ Number: '2' })
        const { logons, ledger, connections } = await peer.state()
        expect(logons.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted'])
        expect(ledger.map(({ number }) => number)).toEqual(['1', '2'])
        expect(connections).toBe(modes.closing ? 2 : 1)
      },
    )

    it('gives up after the second 401, and blames the connection and not the credential', async () => {
      const [client, peer] = await connect({ unauthorized: 2 })
      const error = await scene.refusal(client.get(RESOURCE))
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(error.message).toContain('accepts the credential, and then refuses the messages')
      expect(error.hint).toContain('load balancer')
      expect((await peer.state()).ledger).toEqual([])
      expect(await client.invoke(RESOURCE, 'Do', { Number: 3 })).toMatchObject({ Number: '3' })
    })

    it.each(['bare', 'token'] as const)(
      'is not set up with a service that says nothing but 401 (%s)',
      async (endless) => {
        const [client, peer] = await connect({ endless })
        const error = await scene.refusal(client.get(RESOURCE))
        expect([AuthenticationError, ProtocolError].some((type) => error instanceof type)).toBe(true)
        expect(error.hint).toBeDefined()
        const { logons, ledger } = await peer.state()
        expect(logons.length).toBeLessThanOrEqual(3)
        expect(ledger).toEqual([])
      },
    )

    it('is set up again when its sockets are lost', async () => {
      const [client, peer] = await connect()
      for (const number of [1, 2, 3]) {
        const attempt = (): Promise<unknown> => client.invoke(RESOURCE, 'Do', { Number: number })
        await peer.restart()
        // One that meets the dying socket fails, because nobody knows whether it ran.
        await attempt().catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'ERR_WSMAN_SOCKET' })
          return attempt()
        })
      }
      const { ledger, logons } = await peer.state()
      expect(ledger.map(({ number }) => number)).toEqual(['1', '2', '3'])
      expect(logons.length).toBeGreaterThanOrEqual(3)
    })

    it.each([1, 2, 3])('runs nothing twice while sockets are cut at random (%i)', async (seed) => {
      const [client, peer] = await connect({}, { maxConnections: 4, seed })
      await client.identify()
      await peer.set({ cut: 0.06 })
      const numbers = Array.from({ length: 50 }, (_, number) => String(number + 1))
      const ended = await Promise.allSettled(
        numbers.map((Number) => client.invoke(RESOURCE, 'Do', { Number, Text: `secret ${Number}` })),
      )
      const state = await peer.state()
      const ran = state.ledger.filter(({ verb }) => verb === 'Do')
      expect(new Set(ran.map(({ number }) => number)).size).toBe(ran.length)
      expect(new Set(ran.map(({ id }) => id)).size).toBe(ran.length)
      expectNoPlaintext(state, 'secret')
      let failed = 0
      for (const [index, outcome] of ended.entries()) {
        if (outcome.status === 'fulfilled') {
          expect(outcome.value).toMatchObject({ Number: numbers[index], Text: `secret ${numbers[index]}` })
          expect(ran.map(({ number }) => number)).toContain(numbers[index])
          continue
        }
        failed++
        scene.show(outcome.reason)
        expect(isWsmanError(outcome.reason)).toBe(true)
        expect(outcome.reason).toBeInstanceOf(TransportError)
        expect(outcome.reason).toMatchObject({ operation: 'Invoke' })
      }
      expect(failed).toBeGreaterThan(0)
      expect(failed).toBeLessThan(40)
      expect(state.connections).toBeGreaterThan(4)
      await peer.set({ cut: 0 })
      expect(await client.invoke(RESOURCE, 'Do', { Number: 99 })).toMatchObject({ Number: '99' })
    })

    it('ends at once when its client is closed in the middle of it', async () => {
      const [client] = await connect()
      await client.identify()
      const calls = Array.from({ length: 20 }, () => client.invoke(RESOURCE, 'Do'))
      const ended = Promise.allSettled(calls)
      await client.close()
      for (const outcome of await ended) {
        if (outcome.status === 'fulfilled') continue
        scene.show(outcome.reason)
        expect(outcome.reason).toMatchObject({ name: 'AbortError' })
      }
    })
  })

  describe.each(KINDS.slice(1))('with %s', (_kind, { auth, host }) => {
    it.each(['wrong', 'missing'] as const)('is not set up where the last token is %s', async (finalToken) => {
      const peer = await scene.peer({ modes: { finalToken } })
      const client = scene.client(peer, auth, { host })
      const error = await scene.refusal(client.invoke(RESOURCE, 'Do'))
      expect([AuthenticationError, ProtocolError].some((type) => error instanceof type)).toBe(true)
      expect(error.hint).toBeDefined()
      const { ledger, logons, received } = await peer.state()
      expect([ledger, logons.length]).toEqual([[], 1])
      for (const octets of received) expect(octets.toString('latin1')).not.toContain('multipart')
      // The credential was not refused, whoever it was that answered.
      await peer.set({ finalToken: 'right' })
      expect(await client.invoke(RESOURCE, 'Do', { Number: 1 })).toMatchObject({ Number: '1' })
    })
  })

  describeWithShared('corpus', 'of a recorded shell', () => {
    it.each(KINDS)('runs a command with %s', async (_kind, { auth, host }) => {
      const replies: Record<string, string[]> = {}
      for (const { request, response } of readExchanges('pypsrp/xml/test_winrs_standard')) {
        const verb = /Action[^>]*>[^<]*\/(\w+)</.exec(request)?.[1] ?? ''
        ;(replies[verb] ??= []).push(response)
      }
      const peer = await scene.peer()
      await peer.script(replies)
      const client = scene.client(peer, auth, { host })
      const result = await client.run('cmd.exe', ['/c', 'echo', 'hi'])
      expect(result).toMatchObject({ exitCode: 0, stdout: 'hi\r\n', stderr: '' })
      const state = await peer.state()
      expect(state.ledger.map(({ verb }) => verb)).toEqual([
        'Create',
        'Command',
        'Receive',
        'Signal',
        'Delete',
      ])
      expectNoPlaintext(state, 'cmd.exe')
    })
  })
})
