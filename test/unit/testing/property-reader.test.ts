import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClassRegistry } from '../../../src/testing/class-registry.js'
import { toDmtf } from '../../../src/testing/cim-time-reader.js'
import { scalarXml } from '../../../src/testing/cim-value-writer.js'
import { EndpointFault } from '../../../src/testing/message.js'
import { PropertyReader } from '../../../src/testing/property-reader.js'
import { parseMessage } from '../../../src/testing/soap-message.js'
import type { CimType, EndpointValue } from '../../../src/testing/types.js'
import { escapeText } from '../../../src/xml/escape.js'
import { soap } from './support/raw-client.js'

const TYPES = [
  'boolean',
  'string',
  'char16',
  'uint8',
  'sint8',
  'uint16',
  'sint16',
  'uint32',
  'sint32',
  'uint64',
  'sint64',
  'real32',
  'real64',
  'datetime',
  'reference',
] as const satisfies readonly CimType[]
const registry = new ClassRegistry([
  { name: 'All', properties: Object.fromEntries(TYPES.map((type) => [type, type])), instances: [] },
])
const all = registry.find('root/cimv2', 'All')
const reader = new PropertyReader(registry)

/** The value of a property whose element holds this. */
function read(type: CimType, content: string): EndpointValue {
  const [body] = parseMessage(
    soap({
      body: `<All xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"><${type}>${content}</${type}></All>`,
    }),
  ).body
  if (!body || !all) throw new Error('There is no such class.')
  return reader.instance(all, body)[type] ?? null
}

const INTEGERS = TYPES.filter((type) => /int\d/.test(type))
function range(type: string): readonly [min: bigint, max: bigint] {
  const bits = BigInt(type.slice(4))
  return type.startsWith('u') ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
}

describe('integers', () => {
  it.each(INTEGERS)('%s are read within their range, 64 bits as bigint', (type) => {
    const [min, max] = range(type)
    fc.assert(
      fc.property(fc.bigInt({ min: min - 1000n, max: max + 1000n }), (value) => {
        if (value < min || value > max) {
          expect(() => read(type, String(value))).toThrow(EndpointFault)
        } else {
          expect(read(type, ` ${value}\n`)).toBe(type.endsWith('64') ? value : Number(value))
        }
      }),
    )
    for (const value of [min, max])
      expect(BigInt(Number(read(type, String(value))))).toBe(BigInt(Number(value)))
    expect(() => read(type, String(max + 1n))).toThrow(EndpointFault)
    expect(() => read(type, String(min - 1n))).toThrow(EndpointFault)
  })

  it.each(['', ' ', '1.0', '1e3', '0x10', '1 2', 'NaN', '٣'])('are not %j', (text) => {
    expect(() => read('uint32', text)).toThrow(`${JSON.stringify(text)} is no uint32, which uint32 is.`)
  })
})

describe('other values', () => {
  it.each([
    ['boolean', 'true', true],
    ['boolean', 'FALSE', false],
    ['boolean', ' 1 ', true],
    ['boolean', '0', false],
    ['real32', '1.5', 1.5],
    ['real64', '-1E-3', -0.001],
    ['real64', '.5', 0.5],
    ['char16', 'x', 'x'],
    ['char16', ' ', ' '],
    ['string', ' kept \n', ' kept \n'],
    ['string', '', ''],
    ['datetime', '20240229123005.120000+060', '20240229123005.120000+060'],
    ['datetime', '<cim:CIM_DateTime>2024**************.******+***</cim:CIM_DateTime>', undefined],
    [
      'datetime',
      '<cim:CIM_DateTime>20240101******.******+000</cim:CIM_DateTime>',
      '20240101******.******+000',
    ],
    ['datetime', '<cim:Datetime>2024-02-29T12:30:05Z</cim:Datetime>', '20240229123005.000000+000'],
    ['datetime', '<cim:Interval>P1DT2H3M4.5S</cim:Interval>', '00000001020304.500000:000'],
  ] as const)('%s: %j', (type, content, value) => {
    if (value === undefined) expect(() => read(type, content)).toThrow(EndpointFault)
    else expect(read(type, content)).toBe(value)
  })

  it.each([
    ['boolean', 'yes'],
    ['boolean', ''],
    ['real64', ''],
    ['real64', 'one'],
    ['real64', '1,5'],
    ['char16', 'xy'],
    ['char16', ''],
    ['datetime', ''],
    ['datetime', '<cim:Datetime>2024-02-30T12:30:05Z</cim:Datetime>'],
    ['datetime', '<cim:Datetime>2024-02-29T24:30:05Z</cim:Datetime>'],
    ['datetime', '<cim:Interval>P1Y</cim:Interval>'],
    ['datetime', '<cim:Interval>P1DT</cim:Interval>'],
    ['reference', 'x'],
  ] as const)('%s is not %j', (type, content) => {
    expect(() => read(type, content)).toThrow(EndpointFault)
  })

  it('reads any text as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite' }), (text) => {
        const readable = text.replace(/[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
        expect(read('string', escapeText(readable))).toBe(readable)
      }),
    )
  })
})

describe('times', () => {
  it('come back from the form of XML as they were, to the microsecond, with their offset', () => {
    const parts = fc.record({
      date: fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59Z'),
        noInvalidDate: true,
      }),
      micros: fc.integer({ min: 0, max: 999_999 }),
      offset: fc.integer({ min: -720, max: 840 }),
    })
    fc.assert(
      fc.property(parts, ({ date, micros, offset }) => {
        const digits = date.toISOString().replace(/\D/g, '').slice(0, 14)
        const sign = offset < 0 ? '-' : '+'
        const dmtf = `${digits}.${String(micros).padStart(6, '0')}${sign}${String(Math.abs(offset)).padStart(3, '0')}`
        const xml = scalarXml(dmtf, 'datetime', '')
        expect(toDmtf(/>(.*)</.exec(xml)?.[1] ?? '')).toBe(dmtf)
      }),
    )
  })

  it('and so do intervals, whatever their units', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2_000_000_000 }), fc.nat({ max: 999_999 }), (seconds, micros) => {
        const fraction = String(micros).padStart(6, '0')
        const days = String(Math.floor(seconds / 86_400)).padStart(8, '0')
        const time = new Date((seconds % 86_400) * 1000).toISOString().slice(11, 19).replaceAll(':', '')
        const dmtf = `${days}${time}.${fraction}:000`
        expect(toDmtf(`PT${seconds}.${fraction}S`)).toBe(dmtf)
        expect(toDmtf(/>(.*)</.exec(scalarXml(dmtf, 'datetime', ''))?.[1] ?? '')).toBe(dmtf)
      }),
    )
    expect(toDmtf('P100000000D')).toBeUndefined()
  })
})
