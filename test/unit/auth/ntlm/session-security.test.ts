import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SessionSecurity } from '../../../../src/auth/ntlm/session-security.js'
import { ProtocolError, UsageError } from '../../../../src/errors/errors.js'
import { ascii, hex, toHex } from '../hex.js'

const key = hex('000102030405060708090a0b0c0d0e0f')
const pair = (keyExchange = true): [SessionSecurity, SessionSecurity] => [
  new SessionSecurity(key, 'client', keyExchange),
  new SessionSecurity(key, 'server', keyExchange),
]
const sequenceOf = (signature: Uint8Array): number => Buffer.from(signature).readUInt32LE(12)

describe('sealing', () => {
  it.each([true, false])(
    'opens on the other side, both ways, in any mixture (key exchanged: %s)',
    (keyExchange) => {
      const messages = fc.array(
        fc.record({ fromClient: fc.boolean(), text: fc.uint8Array({ maxLength: 300 }) }),
      )
      fc.assert(
        fc.property(messages, (sequence) => {
          const [client, server] = pair(keyExchange)
          for (const { fromClient, text } of sequence) {
            const [sender, receiver] = fromClient ? [client, server] : [server, client]
            const sealed = sender.seal(text)
            expect(sealed.length).toBe(text.length)
            expect(sealed.data).toHaveLength(text.length)
            expect(sealed.signature).toHaveLength(16)
            expect(receiver.unseal(sealed)).toEqual(text)
          }
        }),
      )
    },
  )

  it('numbers the messages of each direction from 0', () => {
    const [client, server] = pair()
    const numbers = [client, client, server, client, server].map((side) =>
      sequenceOf(side.seal(ascii('x')).signature),
    )
    expect(numbers).toEqual([0, 1, 0, 2, 1])
  })

  it('never encrypts the same text twice alike', () => {
    const [client] = pair()
    const [one, other] = [client.seal(ascii('the same text')), client.seal(ascii('the same text'))]
    expect(toHex(one.data)).not.toBe(toHex(other.data))
    expect(toHex(one.data)).not.toContain(toHex(ascii('same')))
  })

  it('refuses a message when any bit of it was changed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.nat(),
        fc.nat({ max: 7 }),
        (text, place, bit) => {
          const [client, server] = pair()
          const { signature, data } = client.seal(text)
          const octets = Buffer.concat([signature, data])
          const position = place % octets.length
          octets[position] = (octets[position] ?? 0) ^ (1 << bit)
          const changed = { signature: octets.subarray(0, 16), data: octets.subarray(16) }
          expect(() => server.unseal(changed)).toThrow(ProtocolError)
        },
      ),
    )
  })

  it.each(['', '01000000', '00'.repeat(16), '00'.repeat(17)])('refuses the signature %j', (signature) => {
    const [client, server] = pair()
    const { data } = client.seal(ascii('text'))
    expect(() => server.unseal({ signature: hex(signature), data })).toThrow(ProtocolError)
  })

  it('refuses a message that comes again, out of turn, or back to its sender', () => {
    const repeated = pair()
    const message = repeated[0].seal(ascii('once'))
    repeated[1].unseal(message)
    expect(() => repeated[1].unseal(message)).toThrow(ProtocolError)

    const skipped = pair()
    skipped[0].seal(ascii('lost'))
    const second = skipped[0].seal(ascii('second'))
    expect(() => skipped[1].unseal(second)).toThrow(ProtocolError)

    const [client] = pair()
    const own = client.seal(ascii('mine'))
    expect(() => client.unseal(own)).toThrow(ProtocolError)
  })

  it('opens nothing more after a message that was refused', () => {
    const [client, server] = pair()
    const [first, second] = [client.seal(ascii('first')), client.seal(ascii('second'))]
    expect(() => server.unseal({ ...first, signature: new Uint8Array(16) })).toThrow(ProtocolError)
    expect(() => server.unseal(second)).toThrow(ProtocolError)
  })

  it('does not encrypt the checksum where no key was exchanged', () => {
    // HMAC-MD5 with the client's signing key, over the number 0 and no text.
    const checksum = (keyExchange: boolean): string =>
      toHex(pair(keyExchange)[0].mic(hex('')).subarray(4, 12))
    const stream = toHex(pair()[0].seal(new Uint8Array(8)).data)
    const encrypted = BigInt(`0x${checksum(true)}`) ^ BigInt(`0x${stream}`)
    expect(encrypted.toString(16).padStart(16, '0')).toBe(checksum(false))
  })
})

describe('the signature over the list of mechanisms', () => {
  it('is checked by the other side', () => {
    const [client, server] = pair()
    expect(() => server.verifyMic(ascii('list'), client.mic(ascii('list')))).not.toThrow()
    expect(() => client.verifyMic(ascii('list'), server.mic(ascii('lost')))).toThrow(ProtocolError)
  })

  it('counts as a message and leaves the key stream where it was', () => {
    const [client, server] = pair()
    server.verifyMic(ascii('list'), client.mic(ascii('list')))
    const sealed = client.seal(ascii('text'))
    expect(sequenceOf(sealed.signature)).toBe(1)
    expect(toHex(sealed.data)).toBe(toHex(pair()[0].seal(ascii('text')).data))
    expect(server.unseal(sealed)).toEqual(ascii('text'))
  })
})

describe('a session that was disposed of', () => {
  it('seals and opens nothing', () => {
    const [client, server] = pair()
    const sealed = client.seal(ascii('text'))
    server.dispose()
    expect(() => server.unseal(sealed)).toThrow(UsageError)
    expect(() => server.seal(ascii('text'))).toThrow(UsageError)
    expect(() => server.mic(ascii('text'))).toThrow(UsageError)
  })
})
