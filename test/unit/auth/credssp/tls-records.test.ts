import { describe, expect, it } from 'vitest'
import { requireWholeRecords, trailerLength } from '../../../../src/auth/credssp/tls-records.js'
import { ProtocolError } from '../../../../src/errors/errors.js'
import { hex } from '../hex.js'

describe('TLS records', () => {
  it.each([
    ['none', ''],
    ['an alert', '15 03 03 00 02 02 28'],
    ['an empty record', '17 03 03 00 00'],
    ['two of them', '14 03 03 00 01 01 17 03 01 00 02 ab cd'],
  ])('are taken: %s', (_what, octets) => {
    expect(() => requireWholeRecords(hex(octets))).not.toThrow()
  })

  it('are taken up to the length that encryption may give them', () => {
    const record = (length: number): Uint8Array => {
      const octets = Buffer.alloc(5 + length)
      octets.set([0x17, 3, 3, length >> 8, length & 0xff])
      return octets
    }
    expect(() => requireWholeRecords(record(16384 + 2048))).not.toThrow()
    expect(() => requireWholeRecords(record(16384 + 2049))).toThrow('is too long')
  })

  it.each([
    ['a header that is cut off', '15 03 03 00', 'is cut off'],
    ['a record that is cut off', '15 03 03 00 02 02', 'is cut off'],
    ['a second one that is cut off', '14 03 03 00 01 01 17 03', 'is cut off'],
    ['SSL 2', '80 2e 01 03 01 00 15', 'is of no version of TLS'],
    ['HTTP', '48 54 54 50 2f 31 2e 31', 'is of no version of TLS'],
    ['a length of 65535', '17 03 03 ff ff', 'is too long'],
  ])('are refused: %s', (_what, octets, reason) => {
    const check = () => {
      requireWholeRecords(hex(octets))
    }
    expect(check).toThrow(ProtocolError)
    expect(check).toThrow(reason)
  })
})

describe('the trailer of a record', () => {
  // header, explicit nonce, plaintext, and what the cipher adds: RFC 5246 6.2.3, RFC 8446 5.2, RFC 7905
  it.each([
    ['TLS_AES_256_GCM_SHA384', [5, 0, 100, 17], 17],
    ['TLS_CHACHA20_POLY1305_SHA256', [5, 0, 100, 17], 17],
    ['TLS_AES_128_CCM_SHA256', [5, 0, 100, 17], 17],
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', [5, 8, 100, 16], 16],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_CCM', [5, 8, 100, 16], 16],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8', [5, 8, 100, 8], 8],
    ['TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256', [5, 8, 100, 16], 16],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', [5, 0, 100, 16], 16],
    // 100 + 20 octets of MAC, filled up to 128; 100 + 48, filled up to 160
    ['TLS_RSA_WITH_AES_128_CBC_SHA', [5, 16, 128], 28],
    ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', [5, 16, 160], 60],
    // 100 filled up to 112, and the MAC behind it (RFC 7366)
    ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', [5, 16, 112, 32], 44],
    ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', [5, 8, 128], 28],
  ])('of %s is what stands behind the data', (cipher, parts, expected) => {
    const record = new Uint8Array(parts.reduce((sum, part) => sum + part, 0))
    expect(trailerLength(record, 100, cipher)).toBe(expected)
  })
})
