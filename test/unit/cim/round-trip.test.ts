import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CimDateTime,
  CimInterval,
  EndpointReference,
  UsageError,
  type CimInstance,
  type CimType,
  type CimValue,
} from 'wsman'
import { InstanceTyper, propertiesByName, type ClassOf } from '../../../src/cim/typed-instances.js'
import type { CimTyped } from '../../../src/envelope/cim-class.js'
import { instanceTree } from '../../../src/envelope/instance-encoder.js'
import type { Instance } from '../../../src/envelope/instance.js'
import { writeXml } from '../../../src/xml/writer.js'
import { decodeElement } from '../envelope/decode.js'

const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDFFF]/u
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('😀', '\u{10FFFF}', ' ', '\r\n', '\t', '?', '&', ']]>', '\u0085', '\uFFFD'),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''))
  .filter((value) => !FORBIDDEN.test(value))

const integer = (bits: number, signed: boolean): fc.Arbitrary<number> => {
  const [min, max] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1]
  return fc.oneof(fc.constantFrom(min, max, 0), fc.integer({ min, max }))
}
const long = (min: bigint, max: bigint): fc.Arbitrary<bigint> =>
  fc.oneof(fc.constantFrom(min, max, 0n), fc.bigInt({ min, max }))

const digits = (length: number, max: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.nat(max).map((value) => String(value).padStart(length, '0')) },
    fc.constant('*'.repeat(length)),
  )
const moment = fc
  .tuple(
    fc.oneof(fc.constantFrom('0000', '9999', '****'), digits(4, 9999)),
    fc.oneof(
      fc.constantFrom('12', '**'),
      fc.integer({ min: 1, max: 12 }).map((m) => String(m).padStart(2, '0')),
    ),
    fc.oneof(
      fc.constant('**'),
      fc.integer({ min: 1, max: 28 }).map((d) => String(d).padStart(2, '0')),
    ),
    digits(2, 23),
    digits(2, 59),
    digits(2, 59),
    digits(6, 999_999),
    fc.constantFrom('+', '-'),
    fc.oneof(
      fc.constant('***'),
      fc.nat(840).map((value) => String(value).padStart(3, '0')),
    ),
  )
  .map(([y, mo, d, h, mi, s, us, sign, offset]) => `${y}${mo}${d}${h}${mi}${s}.${us}${sign}${offset}`)
  // There is one zero, and one way not to know.
  .map((dmtf) => new CimDateTime(dmtf.replace(/-(?=000$|\*\*\*$)/, '+')))
const interval = fc
  .tuple(digits(8, 99_999_999), digits(2, 23), digits(2, 59), digits(2, 59), digits(6, 999_999))
  .map(([d, h, mi, s, us]) => new CimInterval(`${d}${h}${mi}${s}.${us}:000`))

const reference = fc
  .tuple(
    fc.constantFrom('urn:a', 'http://b/C'),
    fc.dictionary(fc.stringMatching(/^[A-Za-z]{1,5}$/), fc.constant('x')),
  )
  .map(([uri, selectors]) => new EndpointReference(uri, { ...selectors }))

const float = fc.oneof(fc.constantFrom(NaN, Infinity, -Infinity, -0, 0), fc.float())
const double = fc.oneof(
  fc.constantFrom(NaN, Infinity, -Infinity, -0, Number.MAX_VALUE, Number.MIN_VALUE),
  fc.double(),
)

const VALUES: Readonly<Record<CimType, fc.Arbitrary<CimValue>>> = {
  boolean: fc.boolean(),
  string: text,
  char16: fc
    .integer({ min: 0x20, max: 0xffff })
    .map((code) => String.fromCharCode(code))
    .filter((value) => !FORBIDDEN.test(value)),
  uint8: integer(8, false),
  sint8: integer(8, true),
  uint16: integer(16, false),
  sint16: integer(16, true),
  uint32: integer(32, false),
  sint32: integer(32, true),
  uint64: long(0n, 2n ** 64n - 1n),
  sint64: long(-(2n ** 63n), 2n ** 63n - 1n),
  real32: float,
  real64: double,
  datetime: fc.oneof(moment, interval),
  reference,
}
const TYPES = Object.keys(VALUES) as CimType[]

const declare = (name: string, type: CimType, isArray: boolean, embedded?: string): CimTyped => ({
  name,
  type,
  isArray,
  isEmbedded: embedded !== undefined,
  embeddedClassName: embedded,
  qualifiers: {},
})

/** One property of every type, alone and as an array, and instances of the class inside it. */
const PROPERTIES = [
  ...TYPES.flatMap((type) => [declare(`A_${type}`, type, false), declare(`L_${type}`, type, true)]),
  declare('Inner', 'string', false, 'Test'),
  declare('Inners', 'string', true, 'Test'),
]
const TEST: ClassOf = {
  namespace: 'root/test',
  className: 'Test',
  properties: propertiesByName(PROPERTIES),
  isWhole: true,
}

const scalars = fc.record(
  Object.fromEntries(
    TYPES.flatMap((type): [string, fc.Arbitrary<CimValue>][] => [
      [`A_${type}`, fc.option(VALUES[type])],
      [`L_${type}`, fc.option(fc.array(VALUES[type], { maxLength: 3 }))],
    ]),
  ),
)
// An instance without any property would be an empty element, which is text.
const instance: fc.Arbitrary<CimInstance> = fc
  .tuple(scalars, fc.option(scalars), fc.array(scalars, { maxLength: 2 }))
  .map(([own, Inner, Inners]) => ({
    ...own,
    Inner: Inner && { ...Inner, Inners: [] },
    Inners: Inners.map((inner) => ({ ...inner, Inners: [] })),
  }))

/** Through XML and back. */
function roundTrip(properties: CimInstance): CimInstance {
  const xml = writeXml(instanceTree('Test', 'urn:test', properties))
  const typer = new InstanceTyper(() => TEST)
  return typer.type(decodeElement(xml) as Instance, TEST)
}

describe('any value of CIM', () => {
  it('is the same after it was written and read', () => {
    fc.assert(
      fc.property(instance, (properties) => {
        expect(roundTrip(properties)).toEqual(properties)
      }),
      { numRuns: 100 },
    )
  })

  it('is told from every other one in JSON, without an error', () => {
    fc.assert(
      fc.property(instance, (properties) => {
        const json = JSON.parse(JSON.stringify(roundTrip(properties))) as Record<string, unknown>
        const { A_uint64, L_sint64, A_datetime } = properties
        if (typeof A_uint64 === 'bigint') expect(json.A_uint64).toBe(String(A_uint64))
        if (Array.isArray(L_sint64)) expect(json.L_sint64).toEqual(L_sint64.map(String))
        if (A_datetime instanceof CimInterval || A_datetime instanceof CimDateTime) {
          expect(json.A_datetime).toBe(A_datetime.toIso() ?? A_datetime.toString())
        }
      }),
      { numRuns: 50 },
    )
  })

  it('is refused where XML cannot carry it, and never sent as something else', () => {
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('\0', '\u0001', '\u001F', '\uFFFE', '\uD800', '\uDC00'),
        (value, bad) => {
          expect(() => roundTrip({ A_string: value + bad })).toThrow(UsageError)
          expect(() => roundTrip({ L_string: [value, bad + value] })).toThrow(UsageError)
        },
      ),
    )
  })
})
