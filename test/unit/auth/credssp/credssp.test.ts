import { beforeAll, describe, expect, it } from 'vitest'
import { CredSspNegotiate } from '../../../../src/auth/credssp/negotiate-initiator.js'
import type { CredSspVersion } from '../../../../src/auth/credssp/key-binding.js'
import type { TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import type { SecurityContext } from '../../../../src/auth/security-context.js'
import { SpnegoAcceptor } from '../../../../src/auth/spnego/acceptor.js'
import { SpnegoInitiator } from '../../../../src/auth/spnego/initiator.js'
import { OID } from '../../../../src/auth/spnego/oids.js'
import { UsageError } from '../../../../src/errors/errors.js'
import { client as ntlmClient, PASSWORD, server as ntlmServer } from '../ntlm/handshake.js'
import { account, acceptor, initiator, makeIdentity, shakeHands } from './handshake.js'
import { scriptedAcceptor, scriptedInitiator } from './scripted-inner.js'

let rsa: TlsIdentity
let ec: TlsIdentity
beforeAll(async () => {
  ;[rsa, ec] = await Promise.all([makeIdentity('rsa'), makeIdentity('ec')])
})

const VERSIONS: readonly CredSspVersion[] = [2, 3, 4, 5, 6]

const recordTypes = (token: Uint8Array): number[] => {
  const types: number[] = []
  const octets = Buffer.from(token)
  for (let at = 0; at < octets.length; at += 5 + octets.readUInt16BE(at + 3)) types.push(octets.readUInt8(at))
  return types
}

describe('CredSSP', () => {
  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (maxVersion) => {
    const combinations = VERSIONS.flatMap((ours) => VERSIONS.map((theirs) => [ours, theirs] as const))

    it.each(combinations)(
      'delegates from a client of version %i to a server of version %i',
      async (ours, theirs) => {
        const client = initiator({ minVersion: 2, maxVersion: ours, tls: { maxVersion } })
        const server = acceptor(rsa, { maxVersion: theirs })
        await shakeHands(client, server)
        expect([client.complete, server.complete]).toEqual([true, true])
        expect(server.delegated).toEqual({ domain: account.domain, user: account.user })
        expect(server.delegatedPassword()).toBe(account.password)
        expect([client.principal, server.principal]).toEqual(['alice@SCRIPT', 'alice@SCRIPT'])
      },
    )

    it('takes five tokens of the client and four of the server', async () => {
      const tokens = await shakeHands(initiator({ tls: { maxVersion } }), acceptor(rsa))
      expect(tokens).toHaveLength(9)
      // ClientHello, the server's certificate, the client's Finished alone, and only then application data.
      const [hello = [], , finished = [], , negotiate = []] = tokens.map(recordTypes)
      expect(hello).toEqual([22])
      expect(finished).toEqual(maxVersion === 'TLSv1.3' ? [20, 23] : [22, 20, 22])
      expect(negotiate).toEqual([23])
      expect(tokens.slice(4).map(recordTypes)).toEqual([[23], [23], [23], [23], [23]])
    })

    it.each([1, 2, 3, 4, 5])(
      'goes on as long as the inner authentication does: %i tokens',
      async (tokens) => {
        const script = { password: account.password, tokens, signatureLength: 60 }
        const client = initiator({ tls: { maxVersion }, createInner: () => scriptedInitiator(script) })
        const server = acceptor(rsa, { createInner: () => scriptedAcceptor(script) })
        await shakeHands(client, server)
        expect(server.delegatedPassword()).toBe(account.password)
      },
    )
  })

  it.each([
    ['ECDHE-RSA-AES128-GCM-SHA256', 'rsa'],
    ['AES256-GCM-SHA384', 'rsa'],
    ['ECDHE-RSA-CHACHA20-POLY1305', 'rsa'],
    ['ECDHE-RSA-AES128-SHA', 'rsa'],
    ['AES256-SHA256', 'rsa'],
    ['ECDHE-RSA-AES256-SHA384', 'rsa'],
    ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ec'],
    ['ECDHE-ECDSA-AES128-SHA256', 'ec'],
    ['ECDHE-ECDSA-CHACHA20-POLY1305', 'ec'],
    ['ECDHE-ECDSA-AES128-CCM', 'ec'],
  ] as const)('speaks %s', async (ciphers, key) => {
    for (const version of [4, 6] as const) {
      const client = initiator({
        minVersion: 2,
        maxVersion: version,
        tls: { ciphers, maxVersion: 'TLSv1.2' },
      })
      const server = acceptor(key === 'rsa' ? rsa : ec, { tls: { ciphers } })
      await shakeHands(client, server)
      expect(server.delegatedPassword()).toBe(account.password)
    }
  })

  it('delegates an account without a domain, and an empty password', async () => {
    const createInner = () => scriptedInitiator({ password: account.password })
    const client = initiator({ domain: '', user: 'alice@example.com', password: '', createInner })
    const server = acceptor(rsa)
    await shakeHands(client, server)
    expect(server.delegated).toEqual({ domain: '', user: 'alice@example.com' })
    expect(server.delegatedPassword()).toBe('')
  })

  it('disposes of the inner authentication as soon as it is over', async () => {
    const inner = [scriptedInitiator, scriptedAcceptor].map((make) => make({ password: account.password }))
    const [first, second] = inner
    if (!first || !second) throw new Error('two were made')
    await shakeHands(initiator({ createInner: () => first }), acceptor(rsa, { createInner: () => second }))
    expect(inner.map(({ disposed }) => disposed)).toEqual([true, true])
  })

  it('begins with nothing that has to be disposed of', () => {
    const createInner = () => {
      throw new Error('made too early')
    }
    expect(initiator({ createInner }).complete).toBe(false)
    expect(acceptor(rsa, { createInner }).complete).toBe(false)
  })

  it('takes a token that says nothing, once it is complete', async () => {
    const client = initiator()
    await shakeHands(client, acceptor(rsa))
    await expect(client.step()).resolves.toBeUndefined()
    await expect(client.step(new Uint8Array())).resolves.toBeUndefined()
    expect(client.complete).toBe(true)
  })

  it('does not seal before it is complete', async () => {
    const client = initiator()
    await client.step()
    await expect(client.seal(Buffer.from('x'))).rejects.toThrow(UsageError)
    await expect(client.unseal({ signature: new Uint8Array(), data: new Uint8Array() })).rejects.toThrow(
      UsageError,
    )
  })

  it('refuses a certificate that is none', () => {
    expect(() => acceptor({ cert: 'none', key: 'none' })).toThrow(UsageError)
  })
})

describe('CredSSP with NTLM', () => {
  const framed = [{ oids: [OID.ntlm], create: () => ntlmServer() }]
  const candidates = [{ name: 'NTLM', oids: [OID.ntlm], create: () => ntlmClient() }]

  it.each<[string, number, () => SecurityContext, () => SecurityContext]>([
    ['without SPNEGO', 9, () => ntlmClient(), () => ntlmServer()],
    ['without SPNEGO, to a server that has it', 9, () => ntlmClient(), () => new SpnegoAcceptor(framed)],
    // The signature over the list of mechanisms travels with the binding, as on Windows.
    ['within SPNEGO', 9, () => new CredSspNegotiate(candidates), () => new SpnegoAcceptor(framed)],
    [
      'within SPNEGO that has to end first',
      11,
      () => new SpnegoInitiator(candidates),
      () => new SpnegoAcceptor(framed),
    ],
  ])('%s takes %i tokens', async (_name, count, createInner, acceptInner) => {
    for (const version of VERSIONS) {
      const client = initiator({ password: PASSWORD, minVersion: 2, maxVersion: version, createInner })
      const server = acceptor(rsa, { createInner: acceptInner })
      const tokens = await shakeHands(client, server)
      expect(tokens).toHaveLength(count)
      expect(server.delegatedPassword()).toBe(PASSWORD)
      expect(client.principal).toBe(String.raw`TEST\alice`)
      const { signature, data } = await client.seal(Buffer.from('over TLS'))
      expect(Buffer.from(await server.unseal({ signature, data })).toString()).toBe('over TLS')
    }
  })
})
