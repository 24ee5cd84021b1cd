import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../../src/errors/errors.js'
import { decodeSecurityDescriptor, encodeSecurityDescriptor } from '../../../../src/settings/sddl/bytes.js'
import { maskOf } from '../../../../src/settings/sddl/change.js'
import type { AccessControlList, SecurityDescriptor } from '../../../../src/settings/sddl/descriptor.js'
import { formatSddl } from '../../../../src/settings/sddl/format.js'
import { parseSddl } from '../../../../src/settings/sddl/parse.js'
import { descriptor } from './arbitrary.js'

const DOMAIN = 'S-1-5-21-1-2-3'
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const decodeHex = (text: string): string => formatSddl(decodeSecurityDescriptor(Buffer.from(text, 'hex')))

/** Bytes that Samba 4.17 made of these texts. It writes the owner first, and letters in an order of its own. */
const SAMBA: readonly [sddl: string, bytes: string, read?: string][] = [
  [
    'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)',
    '010014b0140000002000000030000000600000000101000000000005140000000102000000000005200000002002000004003000020000000280140000000010010100000000000100000000024014000000006001010000000000010000000004003400020000000000180000000010010200000000000520000000200200000000140000000080010100000000000504000000',
  ],
  [
    'O:BAG:BAD:(A;CI;CCDCLCSWRPWPRCWD;;;BA)(A;CI;CCDCRP;;;NS)(A;CI;CCDCRP;;;LS)(A;CI;CCDCRP;;;AU)',
    '0100048014000000240000000000000034000000010200000000000520000000200200000102000000000005200000002002000004005c0004000000000218003f0006000102000000000005200000002002000000021400130000000101000000000005140000000002140013000000010100000000000513000000000214001300000001010000000000050b000000',
  ],
  [
    'O:DAG:DAD:AI(OA;CIIO;RPWP;bf967a86-0de6-11d0-a285-00aa003049e2;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-9-8-7-1000)(A;OICIID;0x1200a9;;;RM)',
    '010004841400000030000000000000004c00000001050000000000051500000001000000020000000300000000020000010500000000000515000000010000000200000003000000000200000400680002000000050a48003000000003000000867a96bfe60dd011a28500aa003049e2ba7a96bfe60dd011a28500aa003049e2010500000000000515000000090000000800000007000000e803000000131800a900120001020000000000052000000044020000',
    `O:${DOMAIN}-512G:${DOMAIN}-512D:AI(OA;CIIO;RPWP;bf967a86-0de6-11d0-a285-00aa003049e2;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-9-8-7-1000)(A;OICIID;0x1200a9;;;RM)`,
  ],
  ['D:', '01000480000000000000000000000000140000000400080000000000'],
]

describe('decodeSecurityDescriptor', () => {
  it.each(SAMBA)('reads the bytes Samba makes of %s', (sddl, bytes, read) => {
    expect(decodeHex(bytes)).toBe(read ?? sddl)
  })

  it('keeps what SDDL has no letters for', () => {
    const bytes = encodeSecurityDescriptor(parseSddl('O:BAD:(A;;GA;;;BA)'))
    bytes[1] = 7
    bytes[2] = (bytes[2] ?? 0) | 0x09
    const read = decodeSecurityDescriptor(bytes)
    expect(read.control).toEqual({ bits: 0x09, resourceManager: 7 })
    expect(hex(encodeSecurityDescriptor(read))).toBe(hex(bytes))
  })

  it('keeps a condition as bytes', () => {
    const condition = Uint8Array.of(0x61, 0x72, 0x74, 0x78, 0xf8, 2, 0, 0, 0, 0x41, 0, 0)
    const entry = { type: 'XA', flags: [], rights: ['GR'], trustee: 'WD', data: condition } as const
    const read = decodeSecurityDescriptor(encodeSecurityDescriptor({ dacl: { flags: [], entries: [entry] } }))
    expect(read.dacl?.entries).toStrictEqual([entry])
    expect(() => formatSddl(read)).toThrow('The entry of type XA for WD has a condition in bytes')
  })

  it.each([
    ['', 'they end too soon'],
    ['0200048000000000000000000000000000000000', 'they are no self-relative descriptor of revision 1'],
    ['0100040000000000000000000000000000000000', 'they are no self-relative descriptor of revision 1'],
    ['0100048000000000000000000000000014000000', 'they end too soon'],
    [
      '010004800000000000000000000000001400000002001000010000000000040000000000',
      'an entry claims to be 4 bytes long',
    ],
    ['01000480000000000000000000000000140000000200080001000000', 'they end too soon'],
    [
      '0100048000000000000000000000000014000000020018000100000004001000000000000101000000000000',
      'an entry has the type 4, for which SDDL has no letters',
    ],
    ['0100008014000000000000000000000000000000020100000000000100000000', 'a SID is none of revision 1'],
  ])('refuses %j', (bytes, what) => {
    expect(() => decodeHex(bytes)).toThrow(
      new UsageError(`These bytes cannot be read as a security descriptor: ${what}.`),
    )
  })

  it('never fails but with a UsageError, wherever bytes are cut or changed', () => {
    const whole = Buffer.from(SAMBA[2]?.[1] ?? '', 'hex')
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, length) => {
        const bytes = Buffer.from(whole)
        bytes[at] = value
        try {
          decodeSecurityDescriptor(bytes.subarray(0, length))
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError)
        }
      }),
    )
  })
})

describe('encodeSecurityDescriptor', () => {
  it('lays the parts out as Windows does (MS-DTYP 2.5.1.4)', () => {
    const example =
      'O:BAG:BAD:P(A;CIOI;GRGX;;;BU)(A;CIOI;GA;;;BA)(A;CIOI;GA;;;SY)(A;CIOI;GA;;;CO)S:P(AU;FA;GR;;;WD)'
    const bytes = hex(encodeSecurityDescriptor(parseSddl(example)))
    expect(bytes.slice(0, 40)).toBe('010014b090000000a00000001400000030000000')
    expect(bytes.slice(40, 112)).toBe(
      '02001c000100000002801400000000800101000000000001000000000200600004000000',
    )
    expect(bytes).toHaveLength(2 * 0xb0)
  })

  it('agrees with .NET on an owner and a group', () => {
    const bytes = encodeSecurityDescriptor(parseSddl('O:S-1-5-93-2-1G:S-1-5-93-2-1'))
    expect(Buffer.from(bytes).toString('base64')).toBe(
      'AQAAgBQAAAAoAAAAAAAAAAAAAAABAwAAAAAABV0AAAACAAAAAQAAAAEDAAAAAAAFXQAAAAIAAAABAAAA',
    )
  })

  it('is the inverse of decodeSecurityDescriptor but for spelling', () => {
    fc.assert(
      fc.property(descriptor, (one) => {
        const plain = withoutText(one)
        const bytes = encodeSecurityDescriptor(plain, { domainSid: DOMAIN })
        const read = decodeSecurityDescriptor(bytes)
        expect(hex(encodeSecurityDescriptor(read))).toBe(hex(bytes))
        expect(read.dacl?.entries.map(({ type, rights }) => [type, maskOf(rights)])).toEqual(
          plain.dacl?.entries.map(({ type, rights }) => [type, maskOf(rights)]),
        )
      }),
    )
  })

  it('asks for the domain of letters that belong to one', () => {
    expect(() => encodeSecurityDescriptor(parseSddl('O:DA'))).toThrow('DA has no SID of its own.')
    expect(hex(encodeSecurityDescriptor(parseSddl('O:DA'), { domainSid: DOMAIN }))).toContain(
      '01050000000000051500000001000000020000000300000000020000',
    )
  })

  it('refuses a condition that is text', () => {
    const text = 'D:(XA;;GR;;;WD;(Title == "x"))'
    expect(() => encodeSecurityDescriptor(parseSddl(text))).toThrow(
      '(Title == "x"), which cannot be written as bytes',
    )
  })

  it('refuses a list that is too long for its length', () => {
    const entries = Array.from(
      { length: 4000 },
      () => ({ type: 'A', flags: [], rights: [], trustee: 'WD' }) as const,
    )
    expect(() => encodeSecurityDescriptor({ dacl: { flags: [], entries } })).toThrow('at most 65535 bytes')
  })
})

function withoutText(one: SecurityDescriptor): SecurityDescriptor {
  const strip = (list: AccessControlList | undefined): AccessControlList | undefined =>
    list && {
      flags: list.flags,
      entries: list.flags.includes('NO_ACCESS_CONTROL')
        ? []
        : list.entries.filter(({ data }) => data === undefined),
    }
  const dacl = strip(one.dacl)
  const sacl = strip(one.sacl)
  return { ...one, ...(dacl ? { dacl } : {}), ...(sacl ? { sacl } : {}) }
}
