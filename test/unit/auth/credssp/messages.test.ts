import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import type { SealedMessage, SecurityContext } from '../../../../src/auth/security-context.js'
import { ProtocolError, UsageError } from '../../../../src/errors/errors.js'
import { acceptor, initiator, makeIdentity, shakeHands } from './handshake.js'

let identity: TlsIdentity
beforeAll(async () => {
  identity = await makeIdentity('rsa')
})

async function established(
  maxVersion: 'TLSv1.2' | 'TLSv1.3',
  ciphers?: string,
): Promise<[SecurityContext, SecurityContext]> {
  const tls = { maxVersion, ...(ciphers === undefined ? {} : { ciphers }) }
  const client = initiator({ tls })
  const server = acceptor(identity, { tls })
  await shakeHands(client, server)
  return [client, server]
}

/** As it travels: the length of the signature, the signature, the data; taken apart again at the other side. */
function overTheWire({ signature, data }: SealedMessage): Pick<SealedMessage, 'signature' | 'data'> {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(signature.length)
  const wire = Buffer.concat([length, signature, data])
  const end = 4 + wire.readUInt32LE(0)
  return { signature: wire.subarray(4, end), data: wire.subarray(end) }
}

const sizes = [
  0,
  1,
  15,
  16,
  17,
  16383,
  16384,
  ...Array.from({ length: 93 }, (_, index) => (index * 7919) % 16385),
]

describe.each([
  ['TLSv1.3', undefined],
  ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLSv1.2', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLSv1.2', 'ECDHE-RSA-AES128-SHA256'],
  ['TLSv1.2', 'AES256-SHA'],
] as const)('messages over %s with %s', (protocol, ciphers) => {
  it('come back as they were: a hundred each way', async () => {
    const [client, server] = await established(protocol, ciphers)
    expect(sizes).toHaveLength(100)
    for (const size of sizes) {
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        const message = randomBytes(size)
        const sealed = await from.seal(message)
        expect(sealed.length).toBe(size)
        if (size > 64)
          expect(Buffer.concat([sealed.signature, sealed.data]).includes(message.subarray(0, 16))).toBe(false)
        expect(Buffer.from(await to.unseal(overTheWire(sealed))).equals(message)).toBe(true)
      }
    }
  })
})

describe('messages', () => {
  it.each([
    ['TLSv1.3', undefined, 17],
    ['TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256', 16],
    ['TLSv1.2', 'ECDHE-RSA-CHACHA20-POLY1305', 16],
  ] as const)(
    'over %s with %s have a trailer of %i octets whatever their length',
    async (protocol, ciphers, trailer) => {
      const [client] = await established(protocol, ciphers)
      for (const size of [1, 16, 100, 16384]) {
        const { signature, data } = await client.seal(Buffer.alloc(size))
        expect(signature).toHaveLength(trailer)
        // One record whose header tells its length, and which begins with the "signature".
        const record = Buffer.concat([signature, data])
        expect([record[0], record.readUInt16BE(3)]).toEqual([23, record.length - 5])
      }
    },
  )

  it('over TLS with CBC have a trailer of MAC and padding', async () => {
    const [client] = await established('TLSv1.2', 'ECDHE-RSA-AES128-SHA256')
    for (const [size, trailer] of [
      [1, 32 + 15],
      [15, 32 + 1],
      [16, 32 + 16],
      [16384, 32 + 16],
    ] as const) {
      expect((await client.seal(Buffer.alloc(size))).signature).toHaveLength(trailer)
    }
  })

  it('above 16384 octets are for the caller to divide', async () => {
    const [client, server] = await established('TLSv1.3')
    await expect(client.seal(new Uint8Array(16385))).rejects.toThrow(UsageError)
    const { signature, data } = await client.seal(Buffer.from('still here'))
    expect(Buffer.from(await server.unseal({ signature, data })).toString()).toBe('still here')
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('are refused where they were changed: %s', async (protocol) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (where, change) => {
        const [client, server] = await established(protocol)
        const sealed = overTheWire(await client.seal(Buffer.from('a message of some length')))
        const octets = Buffer.concat([sealed.signature, sealed.data])
        const at = where % octets.length
        octets[at] = (octets[at] ?? 0) ^ change
        await expect(server.unseal({ signature: new Uint8Array(), data: octets })).rejects.toThrow(
          ProtocolError,
        )
        // The connection is lost after that.
        const { signature, data } = await client.seal(Buffer.from('next'))
        await expect(server.unseal({ signature, data })).rejects.toThrow(ProtocolError)
      }),
      { numRuns: 60 },
    )
  })

  it('are refused where they were repeated, left out or cut off', async () => {
    const spoil: ((first: Buffer, second: Buffer) => Buffer)[] = [
      (first) => Buffer.concat([first, first]),
      (_first, second) => second,
      (first) => first.subarray(0, -1),
      (first) => first.subarray(0, 4),
      (first, second) => Buffer.concat([first, second.subarray(0, 7)]),
      (first) => Buffer.concat([first, Buffer.from('x')]),
    ]
    for (const change of spoil) {
      const [client, server] = await established('TLSv1.3')
      const [first, second] = [
        await client.seal(Buffer.from('first')),
        await client.seal(Buffer.from('second')),
      ].map(({ signature, data }) => Buffer.concat([signature, data]))
      if (!first || !second) throw new Error('two were sealed')
      const data = change(first, second)
      await expect(server.unseal({ signature: new Uint8Array(), data })).rejects.toThrow(ProtocolError)
    }
  })

  it('do not pass from one connection to another', async () => {
    const [client] = await established('TLSv1.3')
    const [, server] = await established('TLSv1.3')
    const { signature, data } = await client.seal(Buffer.from('x'))
    await expect(server.unseal({ signature, data })).rejects.toThrow(ProtocolError)
  })

  it('that the peer sends to itself are refused', async () => {
    const [client] = await established('TLSv1.3')
    const { signature, data } = await client.seal(Buffer.from('x'))
    await expect(client.unseal({ signature, data })).rejects.toThrow(ProtocolError)
  })
})
