import fc from 'fast-check'
import { CimDateTime, CimInterval, EndpointReference, type CimType, type CimValue } from 'wsman'

/** What XML cannot carry. */
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDFFF]/u
/** Texts with everything that XML treats in some way of its own. */
export const text = fc
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

/** Any value of each type, extremes more often than others. */
export const VALUES: Readonly<Record<CimType, fc.Arbitrary<CimValue>>> = {
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
export const TYPES = Object.keys(VALUES) as CimType[]
