import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeTsRequest, encodeTsRequest, type TsRequest } from '../../../../src/auth/credssp/ts-request.js'
import { ProtocolError } from '../../../../src/errors/errors.js'
import { requirePeer, succeeds } from '../../../support/shared.js'
import { ascii, hex, toHex } from '../hex.js'
import { mutations } from '../mutations.js'
import { version3, version6 } from './freerdp-recording.js'

const octets = fc.uint8Array({ maxLength: 300 })
const requests: fc.Arbitrary<TsRequest> = fc.record(
  {
    version: fc.integer({ min: 2, max: 6 }),
    negoToken: octets,
    authInfo: octets,
    pubKeyAuth: octets,
    errorCode: fc.nat({ max: 0xffffffff }),
    clientNonce: octets,
  },
  { requiredKeys: ['version'] },
)

describe('TSRequest', () => {
  it('has the layout of MS-CSSP 2.2.1', () => {
    const request = {
      version: 6,
      negoToken: ascii('nego'),
      authInfo: ascii('info'),
      pubKeyAuth: ascii('key'),
      errorCode: 0xc000006d,
      clientNonce: ascii('nonce'),
    }
    const expected = hex(
      '30 33',
      'a0 03 02 01 06', // version [0] INTEGER
      'a1 0c 30 0a 30 08 a0 06 04 04 6e 65 67 6f', // negoTokens [1] SEQUENCE OF SEQUENCE { negoToken [0] OCTET STRING }
      'a2 06 04 04 69 6e 66 6f', // authInfo [2] OCTET STRING
      'a3 05 04 03 6b 65 79', // pubKeyAuth [3] OCTET STRING
      'a4 06 02 04 c0 00 00 6d', // errorCode [4] INTEGER
      'a5 07 04 05 6e 6f 6e 63 65', // clientNonce [5] OCTET STRING
    )
    expect(toHex(encodeTsRequest(request))).toBe(toHex(expected))
    expect(decodeTsRequest(expected)).toEqual(request)
  })

  it('leaves out what is not there', () => {
    expect(toHex(encodeTsRequest({ version: 2 }))).toBe('3005a003020102')
    expect(decodeTsRequest(hex('3005a003020102'))).toStrictEqual({
      version: 2,
      negoToken: undefined,
      authInfo: undefined,
      pubKeyAuth: undefined,
      errorCode: undefined,
      clientNonce: undefined,
    })
  })

  it('is encoded as FreeRDP encodes it', () => {
    for (const { negotiate, authenticate, delegate } of [version6, version3]) {
      for (const message of [negotiate, authenticate, delegate]) {
        const request = decodeTsRequest(message)
        expect(request.version).toBe(6)
        expect(request.clientNonce).toHaveLength(32)
        expect(toHex(encodeTsRequest(request))).toBe(toHex(message))
      }
      expect(Buffer.from(decodeTsRequest(negotiate).negoToken ?? []).toString('latin1', 0, 7)).toBe('NTLMSSP')
      expect(decodeTsRequest(authenticate)).toMatchObject({ authInfo: undefined, errorCode: undefined })
      expect(decodeTsRequest(delegate)).toMatchObject({ negoToken: undefined, pubKeyAuth: undefined })
    }
  })

  it.each([
    ['a4 06 02 04 c0 00 00 6d', 0xc000006d], // as Windows and FreeRDP have it: a signed number
    ['a4 07 02 05 00 c0 00 00 6d', 0xc000006d],
    ['a4 03 02 01 00', 0],
    ['a4 04 02 02 00 80', 0x80],
    ['a4 03 02 01 80', 0xffffff80],
    ['a4 06 02 04 7f ff ff ff', 0x7fffffff],
  ])('reads errorCode %s', (field, errorCode) => {
    expect(
      decodeTsRequest(
        hex(`30 ${(5 + hex(field).length).toString(16).padStart(2, '0')} a0 03 02 01 03`, field),
      ).errorCode,
    ).toBe(errorCode)
  })

  it('comes back as it was', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const decoded = decodeTsRequest(encodeTsRequest(request))
        for (const [name, value] of Object.entries(decoded)) {
          const original = request[name as keyof TsRequest]
          expect(value instanceof Uint8Array ? toHex(value) : value).toEqual(
            original instanceof Uint8Array ? toHex(original) : original,
          )
        }
      }),
    )
  })

  it('passes over the fields of versions to come', () => {
    expect(decodeTsRequest(hex('30 0a a0 03 02 01 07 a6 03 02 01 2a'))).toMatchObject({ version: 7 })
  })

  it.each([
    ['nothing', ''],
    ['another type', '31 05 a0 03 02 01 02'],
    ['no version', '30 00'],
    ['a version that is no number', '30 05 a0 03 04 01 02'],
    ['a version without octets', '30 04 a0 02 02 00'],
    ['a version of six octets', '30 0a a0 08 02 06 00 00 00 00 00 02'],
    ['a version of 33 bits', '30 09 a0 07 02 05 01 00 00 00 00'],
    ['two versions', '30 0a a0 03 02 01 02 a0 03 02 01 02'],
    ['two numbers for the version', '30 08 a0 06 02 01 02 02 01 02'],
    ['fields in another order', '30 0f a0 03 02 01 02 a3 03 04 01 00 a2 03 04 01 00'],
    ['a field that is no field', '30 07 a0 03 02 01 02 05 00'],
    ['something behind it', '30 05 a0 03 02 01 02 00'],
    ['an end that is missing', '30 06 a0 03 02 01 02'],
    ['a length of 2 GiB', '30 84 7f ff ff ff a0 03 02 01 02'],
    ['a field of 4 GiB', '30 0b a0 03 02 01 02 a2 84 ff ff ff ff'],
    ['an indefinite length', '30 80 a0 03 02 01 02 00 00'],
    ['negoTokens without a token', '30 09 a0 03 02 01 02 a1 02 30 00'],
    [
      'negoTokens with two tokens',
      '30 17 a0 03 02 01 02 a1 10 30 0e 30 05 a0 03 04 01 01 30 05 a0 03 04 01 02',
    ],
    ['a token that is empty of an octet string', '30 0d a0 03 02 01 02 a1 06 30 04 30 02 a0 00'],
  ])('refuses %s', (_what, message) => {
    expect(() => decodeTsRequest(hex(message))).toThrow(ProtocolError)
  })

  it('refuses what was changed at random, or takes it as something else', () => {
    fc.assert(
      fc.property(mutations, (mutate) => {
        try {
          expect(decodeTsRequest(mutate(Buffer.from(version6.authenticate))).version).toBeTypeOf('number')
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

requirePeer('openssl', () => succeeds('openssl', 'version'))('TSRequest, as OpenSSL reads it', () => {
  it('is DER with the fields of MS-CSSP 2.2.1', () => {
    const request = {
      version: 6,
      negoToken: new Uint8Array(200),
      errorCode: 0xc0000224,
      clientNonce: new Uint8Array(32),
    }
    const parsed = spawnSync('openssl', ['asn1parse', '-inform', 'DER'], { input: encodeTsRequest(request) })
    const types = Array.from(
      parsed.stdout.toString().matchAll(/(?:prim|cons): (.*?) *(\[HEX DUMP\].*)?$/gm),
      ([, type = '']) => type.replaceAll(/\s+/g, ' '),
    )
    expect(parsed.status).toBe(0)
    expect(types).toEqual([
      'SEQUENCE',
      'cont [ 0 ]',
      'INTEGER :06',
      'cont [ 1 ]',
      'SEQUENCE',
      'SEQUENCE',
      'cont [ 0 ]',
      'OCTET STRING',
      'cont [ 4 ]',
      'INTEGER :-3FFFFDDC',
      'cont [ 5 ]',
      'OCTET STRING',
    ])
  })
})
