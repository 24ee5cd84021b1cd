import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { der, TAG } from '../../../../src/auth/asn1.js'
import type { CredSspAcceptor } from '../../../../src/auth/credssp/acceptor.js'
import { integerField, octetsField } from '../../../../src/auth/credssp/der-fields.js'
import { sealOctets } from '../../../../src/auth/credssp/inner-sealing.js'
import { keyBinding } from '../../../../src/auth/credssp/key-binding.js'
import { subjectPublicKey } from '../../../../src/auth/credssp/public-key.js'
import { TlsChannel, type TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import { encodePasswordCredential } from '../../../../src/auth/credssp/ts-credentials.js'
import { decodeTsRequest, encodeTsRequest, type TsRequest } from '../../../../src/auth/credssp/ts-request.js'
import { ProtocolError, UsageError } from '../../../../src/errors/errors.js'
import { ascii, hex } from '../hex.js'
import { account, acceptor, makeIdentity } from './handshake.js'
import { scriptedInitiator } from './scripted-inner.js'

let identity: TlsIdentity
beforeAll(async () => {
  identity = await makeIdentity('ec')
})

/** A client that says what the test wants it to say, once its TLS stands. */
class ScriptedClient {
  readonly channel = TlsChannel.client()
  readonly inner = scriptedInitiator({ password: account.password })
  readonly nonce = new Uint8Array(32)
  readonly #server: CredSspAcceptor

  constructor(server: CredSspAcceptor) {
    this.#server = server
  }

  async connect(): Promise<void> {
    await this.channel.receive(new Uint8Array())
    for (let sent = this.channel.takeRecords(); sent.length > 0; sent = this.channel.takeRecords()) {
      await this.channel.receive((await this.#server.step(sent)) ?? new Uint8Array())
    }
  }

  async say(message: TsRequest | Uint8Array): Promise<TsRequest | undefined> {
    const sent = await this.channel.send(message instanceof Uint8Array ? message : encodeTsRequest(message))
    const reply = await this.#server.step(sent)
    return reply && decodeTsRequest(await this.channel.receive(reply))
  }

  /** Goes on until the server has confirmed the binding. */
  async bind(): Promise<void> {
    const challenge = await this.say({ version: 6, negoToken: await this.inner.step() })
    const negoToken = await this.inner.step(challenge?.negoToken)
    const publicKey = subjectPublicKey(new X509Certificate(identity.cert).raw)
    const { octets } = await sealOctets(this.inner, keyBinding(6, publicKey, this.nonce).fromClient)
    await this.say({ version: 6, negoToken, pubKeyAuth: octets, clientNonce: this.nonce })
  }

  async delegate(credential: Uint8Array): Promise<void> {
    const { octets } = await sealOctets(this.inner, credential)
    await this.say({ version: 6, authInfo: octets })
  }
}

async function met(): Promise<{ client: ScriptedClient; server: CredSspAcceptor }> {
  const server = acceptor(identity)
  const client = new ScriptedClient(server)
  await client.connect()
  return { client, server }
}

async function expectRefused(
  server: CredSspAcceptor,
  said: Promise<unknown>,
  reason?: string,
): Promise<void> {
  const error = await said.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ProtocolError)
  if (reason !== undefined) expect(error).toHaveProperty('message', expect.stringContaining(reason))
  expect([server.complete, server.delegated, server.delegatedPassword()]).toEqual([false, undefined, ''])
  await expect(server.step()).rejects.toThrow(UsageError)
}

describe('a client that does not keep to the protocol', () => {
  it.each<[string, TsRequest | Uint8Array, string]>([
    ['no message', ascii('GET / HTTP/1.1'), 'is cut off'],
    ['a message with nothing in it', { version: 6 }, 'carries neither'],
    [
      'a binding without a token',
      { version: 6, pubKeyAuth: ascii('key') },
      'before the authentication is over',
    ],
    [
      'a binding with the first token',
      { version: 6, negoToken: ascii('token 1'), pubKeyAuth: ascii('key') },
      'before the authentication is over',
    ],
    ['a password at once', { version: 6, authInfo: ascii('secret') }, 'carries neither'],
    ['a version that never was', { version: 1, negoToken: ascii('token 1') }, 'of version 1'],
  ])('is refused: %s', async (_what, message, reason) => {
    const { client, server } = await met()
    await expectRefused(server, client.say(message), reason)
  })

  it.each<[string, Partial<TsRequest>, string]>([
    ['has no nonce', { clientNonce: undefined }, 'has no nonce'],
    ['has a short nonce', { clientNonce: new Uint8Array(31) }, 'has no nonce'],
    ['is too short', { pubKeyAuth: new Uint8Array(31) }, 'too short'],
    ['is not sealed by the client', { pubKeyAuth: new Uint8Array(48) }, 'not sealed'],
    ['changes the version', { version: 5 }, 'changes the version'],
  ])('is refused where its binding %s', async (_what, change, reason) => {
    const { client, server } = await met()
    const challenge = await client.say({ version: 6, negoToken: await client.inner.step() })
    const message = {
      version: 6,
      negoToken: await client.inner.step(challenge?.negoToken),
      pubKeyAuth: (await sealOctets(client.inner, new Uint8Array(32))).octets,
      clientNonce: client.nonce,
    }
    await expectRefused(server, client.say({ ...message, ...change }), reason)
  })

  it.each<[string, Uint8Array, string]>([
    [
      'of a smart card',
      der(TAG.sequence, integerField(0, 2), octetsField(1, hex('30 00'))),
      'credentials of type 2',
    ],
    ['that is none', ascii('secret'), 'is cut off'],
    ['that is empty', new Uint8Array(), 'is cut off'],
  ])('is refused where it delegates a credential %s', async (_what, credential, reason) => {
    const { client, server } = await met()
    await client.bind()
    await expectRefused(server, client.delegate(credential), reason)
  })

  it('is refused where it delegates nothing, or what nobody sealed', async () => {
    for (const [authInfo, reason] of [
      [undefined, 'does not delegate'],
      [new Uint8Array(15), 'too short'],
      [new Uint8Array(64), 'not sealed'],
    ] as const) {
      const { client, server } = await met()
      await client.bind()
      await expectRefused(server, client.say({ version: 6, authInfo }), reason)
    }
  })

  it('is believed where it keeps to it', async () => {
    const { client, server } = await met()
    await client.bind()
    await client.delegate(
      encodePasswordCredential({ domain: hex('44 00'), user: hex('75 00'), password: hex('70 00') }),
    )
    expect([server.complete, server.delegated, server.delegatedPassword()]).toEqual([
      true,
      { domain: 'D', user: 'u' },
      'p',
    ])
  })

  it.each([
    ['nothing', ''],
    ['an alert', '15 03 03 00 02 02 28'],
    ['a ClientHello of SSL 2', '80 2e 01 03 01 00 15'],
    ['NTLM', '4e 54 4c 4d 53 53 50 00 01 00 00 00'],
  ])('is refused in the TLS handshake: %s', async (_what, octets) => {
    const server = acceptor(identity)
    await expectRefused(server, server.step(hex(octets)))
  })
})
