import { inspect } from 'node:util'
import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  TlsChannel,
  type TlsChannelOptions,
  type TlsIdentity,
} from '../../../../src/auth/credssp/tls-channel.js'
import { ProtocolError, UsageError } from '../../../../src/errors/errors.js'
import { watchResources } from '../../../support/open-resources.js'
import { hex } from '../hex.js'
import { makeIdentity } from './handshake.js'

let rsa: TlsIdentity
beforeAll(async () => {
  rsa = await makeIdentity('rsa')
})

async function connected(options: TlsChannelOptions = {}): Promise<[TlsChannel, TlsChannel]> {
  const client = TlsChannel.client(options)
  const server = TlsChannel.server(rsa)
  await client.receive(new Uint8Array())
  for (let records = client.takeRecords(); records.length > 0; records = client.takeRecords()) {
    await server.receive(records)
    await client.receive(server.takeRecords())
  }
  return [client, server]
}

describe('TLS without a socket', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('shakes hands: %s', async (maxVersion) => {
    const [client, server] = await connected({ maxVersion })
    expect([client.secure, server.secure]).toEqual([true, true])
    const { trailerLength } = await client.seal(Buffer.from('x'))
    expect(trailerLength).toBe(maxVersion === 'TLSv1.3' ? 17 : 16)
    expect(client.peerCertificate.equals(new X509Certificate(rsa.cert).raw)).toBe(true)
  })

  it('is not secure before the handshake, and has no certificate', async () => {
    const client = TlsChannel.client()
    await client.receive(new Uint8Array())
    expect(client.secure).toBe(false)
    expect(() => client.peerCertificate).toThrow(ProtocolError)
    client.dispose()
  })

  it('gives one record for up to 16384 octets, and takes it', async () => {
    const [client, server] = await connected()
    for (const length of [1, 2, 16383, 16384]) {
      const { records } = await client.seal(Buffer.alloc(length, length))
      expect(records.readUInt16BE(3)).toBe(records.length - 5)
      expect(await server.receive(records)).toEqual(Buffer.alloc(length, length))
    }
    await expect(client.seal(new Uint8Array(16385))).rejects.toThrow(UsageError)
  })

  it('sends more than one record can carry', async () => {
    const [client, server] = await connected()
    const message = Buffer.alloc(100_000, 'abc')
    expect((await server.receive(await client.send(message))).equals(message)).toBe(true)
  })

  it('takes several messages in one go', async () => {
    const [client, server] = await connected()
    const records = [await client.send(Buffer.from('one ')), await client.send(Buffer.from('two'))]
    expect((await server.receive(Buffer.concat(records))).toString()).toBe('one two')
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'refuses what was changed, repeated or left out: %s',
    async (maxVersion) => {
      const spoil: ((first: Buffer, second: Buffer) => Buffer)[] = [
        (first) => {
          first[first.length - 1] = (first.at(-1) ?? 0) ^ 1
          return first
        },
        (first) => Buffer.concat([first, first]),
        (_first, second) => second,
      ]
      for (const change of spoil) {
        const [client, server] = await connected({ maxVersion })
        const first = await client.send(Buffer.from('first'))
        const second = await client.send(Buffer.from('second'))
        const spoiled = change(Buffer.from(first), second)
        await expect(server.receive(spoiled)).rejects.toThrow(ProtocolError)
        // Nothing can be read any more, nor sent.
        await expect(server.receive(second)).rejects.toThrow(ProtocolError)
        await expect(server.send(Buffer.from('x'))).rejects.toThrow(ProtocolError)
      }
    },
  )

  it.each([
    ['no TLS', '48 54 54 50 2f 31 2e 31'],
    ['a record that is cut off', '16 03 01 00 05 01 00'],
    ['a handshake that is none', '16 03 01 00 05 01 02 03 04 05'],
    ['an alert', '15 03 03 00 02 02 28'],
    ['data before the handshake', '17 03 03 00 02 61 62'],
  ])('refuses %s', async (_what, octets) => {
    for (const channel of [TlsChannel.client(), TlsChannel.server(rsa)]) {
      await expect(channel.receive(hex(octets))).rejects.toThrow(ProtocolError)
    }
  })

  it('says what TLS said', async () => {
    const client = TlsChannel.client()
    await client.receive(new Uint8Array())
    await expect(client.receive(hex('15 03 03 00 02 02 28'))).rejects.toThrow(/handshake failure/)
  })

  it('comes to an end where what was received brings nothing', async () => {
    const client = TlsChannel.client()
    await client.receive(new Uint8Array())
    client.takeRecords()
    expect(await client.receive(new Uint8Array())).toHaveLength(0)
    expect(await client.receive(hex('16 03 03 00 04 02 00 00 20'))).toHaveLength(0)
    expect(client.takeRecords()).toHaveLength(0)
  })

  it('does not agree on TLS 1.1, nor where nothing is shared', async () => {
    const server = TlsChannel.server(rsa, { minVersion: 'TLSv1.3' })
    const client = TlsChannel.client({ maxVersion: 'TLSv1.2' })
    await client.receive(new Uint8Array())
    await expect(server.receive(client.takeRecords())).rejects.toThrow(ProtocolError)
    // The alert of the server (RFC 8446, 6.2).
    const refused: unknown = await client.receive(server.takeRecords()).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ProtocolError)
    expect(refused).toHaveProperty('hint', expect.stringContaining('TLS 1.2'))
  })

  it('refuses a certificate and options that cannot be used', () => {
    expect(() => TlsChannel.server({ cert: 'none', key: 'none' })).toThrow(UsageError)
    expect(() => TlsChannel.client({ ciphers: 'NO-SUCH-CIPHER' })).toThrow(UsageError)
  })

  it('refuses everything once it is disposed of, also what is under way', async () => {
    const [client, server] = await connected()
    const sealed = await client.send(Buffer.from('late'))
    const receiving = server.receive(sealed)
    server.dispose()
    await expect(receiving).rejects.toThrow(UsageError)
    await expect(server.send(Buffer.from('x'))).rejects.toThrow(UsageError)
    client.dispose()
    client.dispose()
  })

  it('holds on to nothing that keeps a process alive', async () => {
    const left = watchResources()
    const [client, server] = await connected()
    await client.send(Buffer.from('x'))
    expect(left()).toEqual([])
    client.dispose()
    server.dispose()
    expect(left()).toEqual([])
  })

  it('prints nothing of its insides', async () => {
    const [client] = await connected()
    expect(inspect(client, { showHidden: true, depth: 9 })).not.toMatch(/socket|Buffer|ticket|session/i)
  })
})
