import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAuthenticate, encodeAuthenticate } from '../../../../src/auth/ntlm/authenticate-message.js'
import { decodeAvPairs, encodeAvPairs, flagsOf } from '../../../../src/auth/ntlm/av-pairs.js'
import { decodeChallenge, encodeChallenge } from '../../../../src/auth/ntlm/challenge-message.js'
import { isNtlmMessage } from '../../../../src/auth/ntlm/message.js'
import { decodeNegotiate, encodeNegotiate } from '../../../../src/auth/ntlm/negotiate-message.js'
import { decodeNtlmv2Response } from '../../../../src/auth/ntlm/ntlmv2.js'
import { ProtocolError } from '../../../../src/errors/errors.js'
import { ascii, hex } from '../hex.js'

const noVersion = new Uint8Array(8)
const octets = (options: fc.IntArrayConstraints = {}) =>
  fc.uint8Array(options).map((array) => Buffer.from(array))
const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const flags = fc.nat({ max: 0xffffffff }).map((bits) => (bits | 1) >>> 0)
const pairs = fc.array(
  fc.record({ id: fc.integer({ min: 1, max: 0xffff }), value: octets({ maxLength: 40 }) }),
  {
    maxLength: 8,
  },
)

describe('messages of NTLM', () => {
  it('come back from the wire as they were', () => {
    const messages = fc.record({
      flags,
      domain: text,
      user: text,
      workstation: text,
      lmResponse: octets({ maxLength: 24 }),
      ntResponse: octets({ maxLength: 200 }),
      encryptedSessionKey: octets({ maxLength: 16 }),
    })
    fc.assert(
      fc.property(messages, fc.boolean(), (message, withMic) => {
        expect(decodeAuthenticate(encodeAuthenticate(message, noVersion, withMic))).toEqual(message)
      }),
    )
    const serverChallenge = octets({ minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(fc.record({ flags, serverChallenge, targetName: text, targetInfo: pairs }), (message) => {
        const sent = { ...message, flags: (message.flags | 0x0080_0000) >>> 0 }
        expect(decodeChallenge(encodeChallenge(sent, noVersion))).toEqual(sent)
      }),
    )
    fc.assert(
      fc.property(flags, (bits) => {
        expect(decodeNegotiate(encodeNegotiate({ flags: bits }, noVersion)).flags).toBe(bits)
      }),
    )
  })

  it('are cut off anywhere without harm', () => {
    const whole = encodeChallenge(
      { flags: 0xe2898235, serverChallenge: new Uint8Array(8), targetName: 'TEST', targetInfo: [] },
      noVersion,
    )
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeChallenge(whole.subarray(0, length))).toThrow(ProtocolError)
    }
  })

  it('are not taken one for another', () => {
    const negotiate = Buffer.concat([encodeNegotiate({ flags: 1 }, noVersion), new Uint8Array(100)])
    expect(() => decodeChallenge(negotiate)).toThrow('type 2')
    expect(() => decodeAuthenticate(negotiate)).toThrow('type 3')
    expect(() => decodeNegotiate(new Uint8Array(40))).toThrow('type 1')
  })

  it('are taken from old clients that send the flags and nothing more', () => {
    expect(decodeNegotiate(hex('4e544c4d53535000 01000000 07820820')).flags).toBe(0x20088207)
  })

  it('may have fields anywhere, but not outside', () => {
    const message = encodeAuthenticate(
      {
        flags: 1,
        domain: 'TEST',
        user: '',
        workstation: '',
        lmResponse: hex(''),
        ntResponse: hex(''),
        encryptedSessionKey: hex(''),
      },
      noVersion,
      false,
    )
    message.writeUInt32LE(0xffffffff, 40) // where the empty user name is
    expect(decodeAuthenticate(message)).toMatchObject({ domain: 'TEST', user: '' })
    message.writeUInt32LE(message.length - 7, 32)
    expect(() => decodeAuthenticate(message)).toThrow(ProtocolError)
    message.writeUInt32LE(0xfffffffe, 32)
    expect(() => decodeAuthenticate(message)).toThrow(ProtocolError)
  })

  it('are told from other tokens', () => {
    expect(isNtlmMessage(encodeNegotiate({ flags: 1 }, noVersion))).toBe(true)
    expect(isNtlmMessage(ascii('NTLMSSP'))).toBe(false)
    expect(isNtlmMessage(hex('604806062b0601050502'))).toBe(false)
  })
})

describe('attributes', () => {
  it('come back from the wire as they were', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        expect(decodeAvPairs(encodeAvPairs(list))).toEqual(list)
      }),
    )
  })

  it('end at the end of the list, or where the octets end', () => {
    const one = { id: 1, value: Buffer.from('ab') }
    const encoded = encodeAvPairs([one])
    expect(decodeAvPairs(Buffer.concat([encoded, hex('ffffff')]))).toEqual([one])
    expect(decodeAvPairs(encoded.subarray(0, 6))).toEqual([one])
    expect(decodeAvPairs(Buffer.alloc(0))).toEqual([])
  })

  it.each(['01', '010002', '01000200', '0100020061'])('are not taken in halves: %s', (half) => {
    expect(() => decodeAvPairs(Buffer.from(half, 'hex'))).toThrow(ProtocolError)
  })

  it('have no flags where their value has not 4 octets', () => {
    expect(flagsOf([{ id: 6, value: hex('02000000') }])).toBe(2)
    expect(flagsOf([{ id: 6, value: hex('02') }])).toBe(0)
    expect(flagsOf([])).toBe(0)
  })
})

describe('the NTLMv2 response', () => {
  it('is told from the responses of older versions', () => {
    expect(decodeNtlmv2Response(new Uint8Array())).toBeUndefined()
    expect(decodeNtlmv2Response(new Uint8Array(24))).toBeUndefined()
  })

  it.each([
    ['is too short', new Uint8Array(43).fill(1)],
    ['has another version', new Uint8Array(44).fill(2)],
  ])('is not taken when it %s', (_what, response) => {
    expect(() => decodeNtlmv2Response(response)).toThrow(ProtocolError)
  })
})
