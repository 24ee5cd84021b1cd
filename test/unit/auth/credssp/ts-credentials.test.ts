import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { der, DerReader, TAG } from '../../../../src/auth/asn1.js'
import {
  integerField,
  octetsField,
  optionalField,
  optionalOctets,
  requiredInteger,
  requiredOctets,
  soleElement,
} from '../../../../src/auth/credssp/der-fields.js'
import {
  decodePasswordCredential,
  encodePasswordCredential,
} from '../../../../src/auth/credssp/ts-credentials.js'
import { ProtocolError } from '../../../../src/errors/errors.js'
import { describeWithShared } from '../../../support/shared.js'
import { hex, toHex } from '../hex.js'
import { mutations } from '../mutations.js'
import { version3, version6 } from './freerdp-recording.js'
import { specificationExample } from './spec-example.js'

const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf16le'))
const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf16le')

const fieldsOf = (octets: Uint8Array): DerReader => new DerReader(soleElement(octets, TAG.sequence).contents)

describe('TSCredentials with TSPasswordCreds', () => {
  it('have the layout of MS-CSSP 2.2.1.2', () => {
    const expected = hex(
      '30 27',
      'a0 03 02 01 01', // credType [0] INTEGER
      'a1 20 04 1e', // credentials [1] OCTET STRING
      '30 1c',
      'a0 06 04 04 44 00 4d 00', // domainName [0] OCTET STRING
      'a1 08 04 06 61 00 6c 00 69 00', // userName [1] OCTET STRING
      'a2 08 04 06 70 00 e4 00 73 00', // password [2] OCTET STRING
    )
    const account = { domain: utf16('DM'), user: utf16('ali'), password: utf16('päs') }
    expect(toHex(encodePasswordCredential(account))).toBe(toHex(expected))
    expect(decodePasswordCredential(expected)).toEqual(account)
  })

  it('are encoded as FreeRDP encodes them', () => {
    for (const { credential } of [version6, version3]) {
      const account = decodePasswordCredential(credential)
      expect(Object.values(account).map(text)).toEqual(['TEST', 'alice', 'secret'])
      expect(toHex(encodePasswordCredential(account))).toBe(toHex(credential))
    }
  })

  it('come back as they were', () => {
    const part = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(part, part, part, (domain, user, password) => {
        const decoded = decodePasswordCredential(encodePasswordCredential({ domain, user, password }))
        expect(Object.values(decoded).map(toHex)).toEqual([domain, user, password].map(toHex))
      }),
    )
  })

  it("leave the caller's password as it is", () => {
    const password = utf16('secret')
    encodePasswordCredential({ domain: utf16('D'), user: utf16('u'), password })
    expect(text(password)).toBe('secret')
  })

  it('are the views of what was decoded, so that overwriting that forgets the password', () => {
    const octets = Uint8Array.from(version6.credential)
    const { password } = decodePasswordCredential(octets)
    octets.fill(0)
    expect(toHex(password)).toBe('00'.repeat(12))
  })

  it.each([
    ['of a type that is none', '30 0a a0 03 02 01 00 a1 03 04 01 00'],
    ['of Remote Guard', '30 0a a0 03 02 01 06 a1 03 04 01 00'],
    ['without a type', '30 05 a1 03 04 01 00'],
    ['without a credential', '30 05 a0 03 02 01 01'],
    ['without a password', '30 15 a0 03 02 01 01 a1 0e 04 0c 30 0a a0 03 04 01 44 a1 03 04 01 61'],
  ])('are refused %s', (_what, octets) => {
    expect(() => decodePasswordCredential(hex(octets))).toThrow(ProtocolError)
  })

  it('are refused without showing the password that was in them', () => {
    fc.assert(
      fc.property(mutations, (mutate) => {
        try {
          expect(decodePasswordCredential(mutate(Buffer.from(version6.credential)))).toHaveProperty(
            'password',
          )
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
          expect(inspect(error)).not.toMatch(/secret|s\0e\0c|7300650063/)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describeWithShared('specs', 'The example of MS-CSSP 4', () => {
  const example = specificationExample()

  it('is a smart card, which is not taken for a password', () => {
    expect(example).toHaveLength(275)
    expect(() => decodePasswordCredential(example)).toThrow('delegates credentials of type 2')
  })

  it('is read, and written again octet by octet', () => {
    const outer = fieldsOf(example)
    expect(requiredInteger(outer, 0)).toBe(2)
    const card = fieldsOf(requiredOctets(outer, 1))
    const pin = requiredOctets(card, 0)
    const csp = new DerReader(optionalField(card, 1, TAG.sequence) ?? new Uint8Array())
    expect([text(pin), optionalOctets(card, 2), optionalOctets(card, 3), card.atEnd]).toEqual([
      'bbbbbbbbbbbb',
      undefined,
      undefined,
      true,
    ])
    const keySpec = requiredInteger(csp, 0)
    const names = [1, 2, 3, 4].map((number) => optionalOctets(csp, number))
    expect([keySpec, ...names.map((name) => name && text(name))]).toEqual([
      1,
      undefined,
      'OMNIKEY CardMan 3x21 0',
      'le-MSSmartcardUser-8bda019f-1266--53268',
      'Microsoft Base Smart Card Crypto Provider',
    ])

    const fields = names.map((name, index) => (name ? octetsField(index + 1, name) : new Uint8Array()))
    const cspData = der(TAG.sequence, integerField(0, keySpec), ...fields)
    const cardCredential = der(TAG.sequence, octetsField(0, pin), der(0xa1, cspData))
    expect(toHex(der(TAG.sequence, integerField(0, 2), octetsField(1, cardCredential)))).toBe(toHex(example))
  })
})
