import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { NtlmAcceptor, type NtlmAcceptorOptions } from '../../src/auth/ntlm/acceptor.js'
import type { NtlmCredential } from '../../src/auth/ntlm/credential.js'
import { NtlmInitiator } from '../../src/auth/ntlm/initiator.js'
import { ntHash } from '../../src/auth/ntlm/ntlmv2.js'
import type { SecurityContext } from '../../src/auth/security-context.js'
import { SpnegoAcceptor } from '../../src/auth/spnego/acceptor.js'
import { SpnegoInitiator } from '../../src/auth/spnego/initiator.js'
import { OID } from '../../src/auth/spnego/oids.js'
import { AuthenticationError, ProtocolError } from '../../src/errors/errors.js'
import { hasPythonModule, requirePeer, succeeds, systemPython } from '../support/shared.js'
import { GssAcceptor, type GssAcceptorOptions, GssError, GssInitiator } from './peers/gss-acceptor.js'

const hasNtlm = (): boolean =>
  hasPythonModule('gssapi') &&
  succeeds(
    systemPython,
    '-c',
    "import gssapi; assert gssapi.OID.from_int_seq('1.3.6.1.4.1.311.2.2.10') in gssapi.raw.indicate_mechs()",
  )

const CHANNEL_BOUND = 0x800
const here = Buffer.from('tls-server-end-point:0123456789abcdef0123456789abcdef')
const there = Buffer.from('tls-server-end-point:fedcba9876543210fedcba9876543210')
const alice = { username: String.raw`TEST\alice`, password: 'Sesame-öffne-Dich' }

interface Sealed {
  readonly signature: Uint8Array
  readonly data: Uint8Array
}

interface Peer {
  wrap(data: Uint8Array): Promise<Sealed>
  unwrap(sealed: Sealed): Promise<Uint8Array>
}

/** 100 messages each way, of sizes up to more than a socket takes at once. */
async function exchange(ours: SecurityContext, theirs: Peer): Promise<void> {
  for (let number = 0; number < 100; number++) {
    const size = 1 + ((number * number * 7) % 70_001)
    const sent = Uint8Array.from({ length: size }, (_, index) => (index * 31 + number) & 0xff)
    const sealed = await ours.seal(sent)
    expect([sealed.signature.length, sealed.data.length, sealed.length]).toEqual([16, size, size])
    expect(Buffer.compare(await theirs.unwrap(sealed), sent)).toBe(0)
    const answer = sent.toReversed()
    expect(Buffer.compare(await ours.unseal(await theirs.wrap(answer)), answer)).toBe(0)
  }
}

const flipped = (octets: Uint8Array, position: number): Uint8Array => {
  const changed = Uint8Array.from(octets)
  changed[position] = (changed[position] ?? 0) ^ 1
  return changed
}

requirePeer('python3-gssapi and gss-ntlmssp', hasNtlm)('NTLM', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wsman-ntlm-'))
  const accounts = (name: string, password: string): Record<string, string> => {
    const file = path.join(folder, name)
    writeFileSync(file, `TEST:alice:${password}\n`)
    return { NTLM_USER_FILE: file }
  }
  const environment = accounts('accounts', alice.password)
  const open: { close(): Promise<void> }[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((peer) => peer.close()))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const acceptor = (options: GssAcceptorOptions = {}): GssAcceptor => {
    const peer = new GssAcceptor({ environment, ...options })
    open.push(peer)
    return peer
  }

  const initiator = (
    mechanism: 'ntlm' | 'spnego',
    options: { channelBinding?: Uint8Array; environment?: Record<string, string> } = {},
  ): GssInitiator => {
    const peer = new GssInitiator({
      mechanism,
      user: alice.username,
      service: 'HTTP@server01',
      environment,
      ...options,
    })
    open.push(peer)
    return peer
  }

  const rawClient = (credential: NtlmCredential, channelBinding?: Uint8Array): NtlmInitiator =>
    new NtlmInitiator({ target: { service: 'HTTP', host: 'server01' }, credential, channelBinding })

  const framedClient = (credential: NtlmCredential, channelBinding?: Uint8Array): SpnegoInitiator =>
    new SpnegoInitiator([
      { name: 'NTLM', oids: [OID.ntlm], create: () => rawClient(credential, channelBinding) },
    ])

  const rawServer = (options: Partial<NtlmAcceptorOptions> = {}): NtlmAcceptor =>
    new NtlmAcceptor({
      lookup: (domain, user) =>
        domain === 'TEST' && user === 'alice' ? { ntHash: ntHash(alice.password) } : undefined,
      computerName: 'SERVER01',
      ...options,
    })

  const framedServer = (options?: Partial<NtlmAcceptorOptions>): SpnegoAcceptor =>
    new SpnegoAcceptor([{ oids: [OID.ntlm], create: () => rawServer(options) }])

  /** Steps both sides in turn until neither has anything to say. */
  async function shakeHands(ours: SecurityContext, theirs: GssAcceptor | GssInitiator, oursBegins: boolean) {
    let token = oursBegins ? await ours.step() : (await theirs.step()).token
    for (let ourTurn = !oursBegins; token; ourTurn = !ourTurn) {
      token = ourTurn ? await ours.step(token) : (await theirs.step(token)).token
    }
  }

  describe.each([
    ['raw tokens', rawClient],
    ['SPNEGO', framedClient],
  ])('as a client, by %s', (_framing, client) => {
    it('is let in and exchanges 100 sealed messages each way', async () => {
      const [ours, theirs] = [client(alice), acceptor()]
      await shakeHands(ours, theirs, true)
      expect(ours.complete).toBe(true)
      const { initiator: name, mechanism } = await theirs.inspect()
      expect([name, mechanism]).toEqual([alice.username, OID.ntlm])
      await exchange(ours, theirs)
    })

    it('is let in with the NT hash in place of the password', async () => {
      const [ours, theirs] = [
        client({ username: alice.username, ntHash: Buffer.from(ntHash(alice.password)).toString('hex') }),
        acceptor(),
      ]
      await shakeHands(ours, theirs, true)
      expect((await theirs.inspect()).initiator).toBe(alice.username)
    })

    it('is heard only with what it said', async () => {
      const [ours, theirs] = [client(alice), acceptor()]
      await shakeHands(ours, theirs, true)
      const { signature, data } = await ours.seal(Buffer.from('text'))
      await expect(theirs.unwrap({ signature, data: flipped(data, 2) })).rejects.toThrow(GssError)
      const answered = await theirs.wrap(Buffer.from('text'))
      const changed = { ...answered, data: flipped(answered.data, 2) }
      await expect(ours.unseal(changed)).rejects.toThrow(ProtocolError)
    })

    it.each([
      ['a wrong password', { ...alice, password: 'sesame' }],
      ['a wrong domain', { ...alice, username: String.raw`OTHER\alice` }],
      ['an unknown user', { ...alice, username: String.raw`TEST\mallory` }],
    ])('is refused with %s', async (_what, credential) => {
      const [ours, theirs] = [client(credential), acceptor()]
      await expect(shakeHands(ours, theirs, true)).rejects.toThrow(GssError)
    })

    it('is refused when its MIC was changed', async () => {
      const [ours, theirs] = [client(alice), acceptor()]
      const { token: challenge } = await theirs.step(await ours.step())
      const proof = (await ours.step(challenge)) ?? new Uint8Array()
      const start = Buffer.from(proof).indexOf('NTLMSSP')
      expect(start).toBeGreaterThanOrEqual(0)
      await expect(theirs.step(flipped(proof, start + 72 + 5))).rejects.toThrow(GssError)
    })

    it('is bound to its channel', async () => {
      const [ours, theirs] = [client(alice, here), acceptor({ channelBinding: here })]
      await shakeHands(ours, theirs, true)
      expect((await theirs.inspect()).flags & CHANNEL_BOUND).toBe(CHANNEL_BOUND)
    })

    it('is refused on another channel', async () => {
      const [ours, theirs] = [client(alice, there), acceptor({ channelBinding: here })]
      await expect(shakeHands(ours, theirs, true)).rejects.toThrow(GssError)
    })

    it('is not bound where it has no channel', async () => {
      const [ours, theirs] = [client(alice), acceptor()]
      await shakeHands(ours, theirs, true)
      expect((await theirs.inspect()).flags & CHANNEL_BOUND).toBe(0)
    })
  })

  describe.each([
    ['ntlm', rawServer],
    ['spnego', framedServer],
  ] as const)('as a service, by %s', (mechanism, server) => {
    it('lets a client in and exchanges 100 sealed messages each way', async () => {
      const [ours, theirs] = [server(), initiator(mechanism)]
      await shakeHands(ours, theirs, false)
      expect([ours.complete, ours.principal]).toEqual([true, alice.username])
      await exchange(ours, theirs)
    })

    it('refuses a wrong password', async () => {
      const [ours, theirs] = [server(), initiator(mechanism, { environment: accounts('wrong', 'sesame') })]
      await expect(shakeHands(ours, theirs, false)).rejects.toThrow(AuthenticationError)
      expect(ours.complete).toBe(false)
    })

    it.each([
      ['relaxed', here, true],
      ['relaxed', there, false],
      ['relaxed', undefined, true],
      ['strict', here, true],
      ['strict', there, false],
      ['strict', undefined, false],
    ] as const)(
      'with CbtHardeningLevel %s judges a client bound by %s: %s',
      async (level, bound, accepted) => {
        const ours = server({ channelBinding: { level, applicationData: here } })
        const theirs = initiator(mechanism, bound ? { channelBinding: bound } : {})
        const error: unknown = await shakeHands(ours, theirs, false).catch((reason: unknown) => reason)
        expect(ours.complete).toBe(accepted)
        if (!accepted) expect(error).toBeInstanceOf(AuthenticationError)
      },
    )

    it('hears only what the client said', async () => {
      const [ours, theirs] = [server(), initiator(mechanism)]
      await shakeHands(ours, theirs, false)
      const { signature, data } = await theirs.wrap(Buffer.from('text'))
      await expect(ours.unseal({ signature, data: flipped(data, 0) })).rejects.toThrow(ProtocolError)
    })
  })
})
