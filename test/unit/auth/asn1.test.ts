import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { der, derOid, DerReader, readOid, TAG } from '../../../src/auth/asn1.js'
import { ProtocolError } from '../../../src/errors/errors.js'
import { hex, toHex } from './hex.js'

describe('object identifiers', () => {
  it.each([
    ['1.3.6.1.5.5.2', '06062b0601050502'],
    ['1.2.840.113554.1.2.2', '06092a864886f712010202'],
    ['1.2.840.48018.1.2.2', '06092a864882f712010202'],
    ['1.3.6.1.4.1.311.2.2.10', '060a2b06010401823702020a'],
    ['2.16.840.1.101.3.4.2.1', '0609608648016503040201'],
    ['2.999.3', '0603883703'],
    ['0.9', '060109'],
  ])('%s is %s', (dotted, encoded) => {
    expect(toHex(derOid(dotted))).toBe(encoded)
    expect(readOid(new DerReader(hex(encoded)).expect(TAG.oid).contents)).toBe(dotted)
  })

  it.each(['', '2b0186', 'ffffffffffffffffff7f'])('are not read from %j', (contents) => {
    expect(() => readOid(hex(contents))).toThrow(ProtocolError)
  })
})

describe('lengths', () => {
  it.each([
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65536, '0483010000'],
  ])('of %i octets are written shortest', (length, head) => {
    const element = der(TAG.octetString, new Uint8Array(length))
    expect(toHex(element.subarray(0, head.length / 2))).toBe(head)
    const read = new DerReader(element).next()
    expect([read.contents.length, read.whole.length]).toEqual([length, element.length])
  })

  it('are taken in a longer form than they need', () => {
    expect(toHex(new DerReader(hex('0484000000024142')).next().contents)).toBe('4142')
  })

  it.each([
    ['are indefinite', '04800000'],
    ['go beyond the end', '0405414243'],
    ['claim gigabytes', '0484ffffffff00'],
    ['have more than four octets', '0485000000000100'],
    ['are cut off', '048201'],
    ['are missing', '04'],
    ['follow a tag of several octets', '1f8101'],
    ['follow nothing', ''],
  ])('are refused when they %s', (_what, octets) => {
    expect(() => new DerReader(hex(octets)).next()).toThrow(ProtocolError)
  })
})

describe('elements', () => {
  it('side by side are read one after another', () => {
    const reader = new DerReader(Buffer.concat([der(0xa0, hex('0100')), der(TAG.oid), der(0xa2)]))
    expect(reader.optional(0xa1)).toBeUndefined()
    expect(reader.optional(0xa0)?.contents).toEqual(Buffer.from(hex('0100')))
    expect(() => reader.expect(0xa2)).toThrow('tag 0x6 where 0xa2')
    expect(reader.next().tag).toBe(0xa2)
    expect(reader.atEnd).toBe(true)
    expect(reader.optional(0xa2)).toBeUndefined()
  })

  it('come back from the wire as they were', () => {
    const elements = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.uint8Array({ maxLength: 300 })))
    fc.assert(
      fc.property(elements, (list) => {
        const reader = new DerReader(Buffer.concat(list.map(([tag, contents]) => der(tag, contents))))
        for (const [tag, contents] of list) {
          expect(new Uint8Array(reader.expect(tag).contents)).toEqual(contents)
        }
        expect(reader.atEnd).toBe(true)
      }),
    )
  })
})
