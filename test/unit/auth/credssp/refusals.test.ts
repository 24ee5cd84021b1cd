import { X509Certificate } from 'node:crypto'
import { inspect } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CredSspInitiator } from '../../../../src/auth/credssp/initiator.js'
import { keyBinding, type CredSspVersion } from '../../../../src/auth/credssp/key-binding.js'
import { sealOctets } from '../../../../src/auth/credssp/inner-sealing.js'
import { subjectPublicKey } from '../../../../src/auth/credssp/public-key.js'
import { TlsChannel, type TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import { encodeTsRequest, type TsRequest } from '../../../../src/auth/credssp/ts-request.js'
import { AuthenticationError, ProtocolError, UsageError } from '../../../../src/errors/errors.js'
import { ascii, hex } from '../hex.js'
import { account, acceptor, initiator, makeIdentity, shakeHands } from './handshake.js'
import { scriptedAcceptor } from './scripted-inner.js'
import { meets } from './scripted-server.js'

let identity: TlsIdentity
let other: TlsIdentity
beforeAll(async () => {
  ;[identity, other] = await Promise.all([makeIdentity('rsa'), makeIdentity('rsa')])
})

const VERSIONS: readonly CredSspVersion[] = [2, 3, 4, 5, 6]
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

/** A server that goes along until it has the client's binding, and answers that as it is told. */
function answering(
  client: CredSspInitiator,
  binding: (
    sealed: (octets: Uint8Array) => Promise<Uint8Array>,
    request: TsRequest,
  ) => Promise<Uint8Array | undefined>,
) {
  const inner = scriptedAcceptor({ password: account.password })
  const later: TsRequest[] = []
  const outcome = meets(client, identity, async (request, number) => {
    if (number > 2) {
      later.push(request)
      return undefined
    }
    const negoToken = await inner.step(request.negoToken)
    if (number === 1) return { version: 6, negoToken }
    const { pubKeyAuth = new Uint8Array() } = request
    await inner.unseal({ signature: pubKeyAuth.subarray(0, 16), data: pubKeyAuth.subarray(16) })
    return {
      version: 6,
      pubKeyAuth: await binding(async (octets) => (await sealOctets(inner, octets)).octets, request),
    }
  })
  return outcome.then((error) => ({ error, later }))
}

describe('someone in between', () => {
  /** Opens TLS on both sides, with a key of its own to the client, and passes on what is inside. */
  async function relay(version: CredSspVersion) {
    const client = initiator({ minVersion: 2, maxVersion: version })
    const server = acceptor(identity)
    const [front, back] = [TlsChannel.server(other), TlsChannel.client()]
    const overBack = async (message: Uint8Array): Promise<Buffer> => {
      let sent = message.length > 0 ? await back.send(message) : back.takeRecords()
      while (sent.length > 0) {
        const plaintext = await back.receive((await server.step(sent)) ?? new Uint8Array())
        if (plaintext.length > 0) return plaintext
        sent = back.takeRecords()
      }
      return Buffer.alloc(0)
    }
    await back.receive(new Uint8Array())
    await overBack(new Uint8Array())
    let token: Uint8Array | undefined
    for (;;) {
      const plaintext = await front.receive((await client.step(token)) ?? new Uint8Array())
      if (plaintext.length === 0) token = front.takeRecords()
      else token = await front.send(await overBack(plaintext))
    }
  }

  it.each(VERSIONS)('is noticed by the server, which sees the other key: version %i', async (version) => {
    const error = await failure(relay(version))
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toHaveProperty('message', expect.stringContaining('ends at another public key than ours'))
  })

  it.each(VERSIONS)(
    'is noticed by the client, which gets the answer for another key: version %i',
    async (version) => {
      const client = initiator({ minVersion: 2, maxVersion: version })
      const { error, later } = await answering(client, (seal, { clientNonce = new Uint8Array() }) =>
        seal(keyBinding(version, ascii('another key'), clientNonce).fromServer),
      )
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(error).toHaveProperty('message', expect.stringContaining('someone may be in between'))
      expect(later).toEqual([])
    },
  )

  it.each(VERSIONS)('cannot send the binding of the client back to it: version %i', async (version) => {
    const client = initiator({ minVersion: 2, maxVersion: version })
    let sent: Uint8Array = new Uint8Array()
    const { error, later } = await answering(client, (_seal, { pubKeyAuth = new Uint8Array() }) =>
      Promise.resolve((sent = pubKeyAuth)),
    )
    expect(sent.length).toBeGreaterThan(16)
    expect(error).toBeInstanceOf(ProtocolError)
    expect(later).toEqual([])
  })

  it.each([
    ['the binding of the client, sealed anew', (client: Uint8Array) => client],
    ['nothing', () => new Uint8Array()],
    [
      'the answer with something behind it',
      (_client: Uint8Array, server: Uint8Array) => Buffer.concat([server, hex('00')]),
    ],
    ['half of the answer', (_client: Uint8Array, server: Uint8Array) => server.subarray(0, 16)],
  ])('gets no password for %s', async (_what, choose) => {
    const publicKey = subjectPublicKey(new X509Certificate(identity.cert).raw)
    const { error, later } = await answering(initiator(), (seal, { clientNonce = new Uint8Array() }) => {
      const { fromClient, fromServer } = keyBinding(6, publicKey, clientNonce)
      return seal(choose(fromClient, fromServer))
    })
    expect(error).toSatisfy((e) => e instanceof AuthenticationError || e instanceof ProtocolError)
    expect(later).toEqual([])
  })

  it('gets no password where the answer is left out', async () => {
    const { error, later } = await answering(initiator(), () => Promise.resolve(undefined))
    expect(error).toBeInstanceOf(ProtocolError)
    expect(later).toEqual([])
  })
})

describe('a server that refuses', () => {
  it.each([
    [0xc000006d, 'STATUS_LOGON_FAILURE', 'the user name or the password is wrong'],
    [0xc0000224, 'STATUS_PASSWORD_MUST_CHANGE', 'the password must be changed'],
    [0xc0000234, 'STATUS_ACCOUNT_LOCKED_OUT', 'the account is locked out'],
    [0xc0000071, 'STATUS_PASSWORD_EXPIRED', 'the password has expired'],
    [0xc00000bb, 'STATUS_NOT_SUPPORTED', 'does not speak this version'],
    [0xc0001234, 'NTSTATUS 0xC0001234', 'CredSSP was refused'],
    [0x80090302, 'NTSTATUS 0x80090302', 'CredSSP was refused'],
  ])('says why: %i is %s', async (errorCode, name, meaning) => {
    for (const version of [3, 4, 6] as const) {
      for (const refusedAt of [1, 2]) {
        const client = initiator({ minVersion: 2, maxVersion: version })
        const inner = scriptedAcceptor({ password: account.password })
        const error = await meets(client, identity, async ({ negoToken }, number) =>
          number === refusedAt ? { version, errorCode } : { version, negoToken: await inner.step(negoToken) },
        )
        expect(error).toBeInstanceOf(AuthenticationError)
        expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', retryable: false })
        expect(inspect(error)).toContain(name)
        expect(inspect(error)).toContain(meaning)
        await expect(client.step()).rejects.toThrow(UsageError)
      }
    }
  })

  it('may do so after the password', async () => {
    const client = initiator()
    const server = acceptor(identity)
    await shakeHands(client, server)
    const { signature, data } = await server.seal(encodeTsRequest({ version: 6, errorCode: 0xc0000072 }))
    await expect(client.step(Buffer.concat([signature, data]))).rejects.toThrow('STATUS_ACCOUNT_DISABLED')
    expect(client.complete).toBe(false)
  })

  it('says nothing by an errorCode of zero', async () => {
    const inner = scriptedAcceptor({ password: account.password })
    const client = initiator()
    const asked: number[] = []
    await meets(client, identity, async ({ negoToken }, number) => {
      asked.push(number)
      return number === 1 ? { version: 6, errorCode: 0, negoToken: await inner.step(negoToken) } : undefined
    })
    expect(asked).toEqual([1, 2])
  })
})

describe('a wrong password', () => {
  it.each([
    [2, undefined],
    [3, 'STATUS_LOGON_FAILURE'],
    [4, 'STATUS_LOGON_FAILURE'],
    [5, undefined],
    [6, 'STATUS_LOGON_FAILURE'],
  ] as const)('is refused by the server, which says so in version %i: %s', async (version, told) => {
    const client = initiator({ password: 'wrong', minVersion: 2 })
    const server = acceptor(identity, { maxVersion: version })
    await expect(shakeHands(client, server)).rejects.toThrow(AuthenticationError)
    expect([server.complete, server.delegated, server.delegatedPassword()]).toEqual([false, undefined, ''])
    if (told === undefined) expect(server.refusal).toBeUndefined()
    else await expect(client.step(server.refusal)).rejects.toThrow(told)
    await expect(server.step()).rejects.toThrow(UsageError)
  })
})

describe('versions', () => {
  it.each([
    [2, 5],
    [4, 5],
    [5, 6],
  ] as const)('below the lowest are refused: %i instead of %i', async (theirs, lowest) => {
    const old = acceptor(identity, { maxVersion: theirs })
    const error = await failure(shakeHands(initiator({ minVersion: lowest }), old))
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(inspect(error)).toContain('CVE-2018-0886')
    expect(old.complete).toBe(false)
  })

  it('below 5 are refused unless asked for', async () => {
    await expect(shakeHands(initiator(), acceptor(identity, { maxVersion: 4 }))).rejects.toThrow(
      'version 5 is the lowest',
    )
    await expect(shakeHands(initiator(), acceptor(identity, { maxVersion: 5 }))).resolves.toHaveLength(9)
  })

  it('are refused by the server as well, which says so', async () => {
    const client = initiator({ maxVersion: 4, minVersion: 2 })
    const server = acceptor(identity, { minVersion: 5 })
    await expect(shakeHands(client, server)).rejects.toThrow(AuthenticationError)
    await expect(client.step(server.refusal)).rejects.toThrow('STATUS_NOT_SUPPORTED')
  })

  it('to come are taken for the highest there is', async () => {
    const inner = scriptedAcceptor({ password: account.password })
    const nonces: (number | undefined)[] = []
    await meets(initiator(), identity, async ({ version, negoToken, clientNonce }, number) => {
      expect(version).toBe(6)
      nonces.push(clientNonce?.length)
      return number === 1 ? { version: 77, negoToken: await inner.step(negoToken) } : undefined
    })
    expect(nonces).toEqual([undefined, 32])
  })

  it.each([0, 1])('that never were are refused: %i', async (version) => {
    const error = await meets(initiator({ minVersion: 2 }), identity, () => ({
      version,
      negoToken: ascii('token 2'),
    }))
    expect(error).toBeInstanceOf(ProtocolError)
  })

  it('do not change', async () => {
    const inner = scriptedAcceptor({ password: account.password })
    const changed = await meets(initiator({ minVersion: 2 }), identity, async ({ negoToken }, number) => ({
      version: number === 1 ? 6 : 4,
      negoToken: await inner.step(negoToken),
    }))
    expect(changed).toHaveProperty('message', expect.stringContaining('changes the version'))
  })
})

describe('a server that does not keep to the protocol', () => {
  it.each<[string, () => TsRequest | Uint8Array]>([
    ['no message', () => ascii('HTTP/1.1 200 OK')],
    ['half a message', () => hex('30 10 a0 03 02 01 06')],
    ['two messages', () => Buffer.concat([encodeTsRequest({ version: 6 }), encodeTsRequest({ version: 6 })])],
    ['a message without a token', () => ({ version: 6 })],
    ['a binding before its turn', () => ({ version: 6, pubKeyAuth: ascii('key') })],
    ['a token that is none', () => ({ version: 6, negoToken: ascii('no token') })],
    ['an empty token', () => ({ version: 6, negoToken: new Uint8Array() })],
  ])('is refused: %s', async (_what, answer) => {
    const client = initiator()
    expect(await meets(client, identity, answer)).toBeInstanceOf(ProtocolError)
    await expect(client.step()).rejects.toThrow(UsageError)
  })

  it('is refused where it speaks before the client does', async () => {
    const client = initiator()
    const server = TlsChannel.server(identity)
    await server.receive((await client.step()) ?? new Uint8Array())
    await server.receive((await client.step(server.takeRecords())) ?? new Uint8Array())
    const early = Buffer.concat([
      server.takeRecords(),
      await server.send(encodeTsRequest({ version: 6, negoToken: ascii('x') })),
    ])
    await expect(client.step(early)).rejects.toThrow('before its turn')
  })

  it('is refused where it answers with nothing but TLS', async () => {
    const client = initiator({ tls: { maxVersion: 'TLSv1.3' } })
    const server = TlsChannel.server(identity)
    await server.receive((await client.step()) ?? new Uint8Array())
    await server.receive((await client.step(server.takeRecords())) ?? new Uint8Array())
    // The tickets of TLS 1.3 are held back; without them the client goes on.
    const tickets = server.takeRecords()
    await server.receive((await client.step()) ?? new Uint8Array())
    await expect(client.step(tickets)).rejects.toThrow('without a message of CredSSP')
  })

  it.each([
    ['nothing', ''],
    ['nothing but an alert', '15 03 03 00 02 02 28'],
    ['a record that is cut off', '16 03 03 00 40 02 00'],
    ['HTML', '3c 68 74 6d 6c 3e'],
  ])('is refused in the TLS handshake: %s', async (_what, octets) => {
    const client = initiator()
    await client.step()
    await expect(client.step(hex(octets))).rejects.toThrow(ProtocolError)
    await expect(client.step()).rejects.toThrow(UsageError)
  })

  it('is refused where it goes on after the end', async () => {
    const client = initiator()
    const server = acceptor(identity)
    await shakeHands(client, server)
    const { signature, data } = await server.seal(encodeTsRequest({ version: 6 }))
    await expect(client.step(Buffer.concat([signature, data]))).rejects.toThrow('after the end')
    await expect(client.seal(ascii('x'))).rejects.toThrow(UsageError)
  })
})
