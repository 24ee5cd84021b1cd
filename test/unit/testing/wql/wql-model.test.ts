import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EndpointInstance } from '../../../../src/testing/types.js'
import { compileWhere } from '../../../../src/testing/wql/evaluate.js'
import { parseWql } from '../../../../src/testing/wql/parse-wql.js'

/**
 * Random conditions are built twice: as WQL text, and as a JavaScript function over the plain facts of a row. The
 * two share nothing but the generator's choices, so the parser and the evaluator are both held to what was meant.
 */
interface Row {
  readonly text: string | null
  readonly small: number | null
  readonly big: bigint | null
  /** A real64 in quarters, so that the model needs no floating point. */
  readonly quarters: number | null
  readonly flag: boolean | null
  /** Milliseconds since 1970. */
  readonly moment: number | null
}

interface Condition {
  readonly wql: string
  readonly holds: (row: Row) => boolean
}

const info = {
  name: 'Test_Row',
  properties: {
    Text: 'string',
    Small: 'sint32',
    Big: 'uint64',
    Real: 'real64',
    Flag: 'boolean',
    Moment: 'datetime',
  },
} as const

// Small pools make equal values likely.
const texts = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'A',
    'b',
    'ab',
    'AB',
    'a_b',
    'aXb',
    '100%',
    '[x]',
    'C:\\dir',
    "it's",
    '"q"',
    'é',
    'É',
  ),
  fc.string({
    unit: fc.constantFrom('a', 'B', '_', '%', '[', ']', '^', '-', '\\', '"', "'", ' ', 'Ä', 'ä'),
    maxLength: 5,
  }),
)
const smalls = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-2147483648, 2147483647))
const bigs = fc.oneof(
  fc.constantFrom(0n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
)
const moments = fc.constantFrom(0, 1, 999, 86_400_000, 1_709_208_000_123, 1_709_208_000_124)

const rows: fc.Arbitrary<Row> = fc.record({
  text: fc.option(texts),
  small: fc.option(smalls),
  big: fc.option(bigs),
  quarters: fc.option(fc.integer({ min: -8, max: 8 })),
  flag: fc.option(fc.boolean()),
  moment: fc.option(moments),
})

/** The same facts may be stored in several ways. */
function instanceOf(row: Row, variant: boolean): EndpointInstance {
  const { text, small, big, quarters, flag, moment } = row
  const stored = {
    Text: text,
    Small: variant && small !== null ? BigInt(small) : small,
    Big: variant && big !== null ? String(big) : big,
    Real: quarters === null ? null : quarters / 4,
    Flag: flag,
    Moment: moment === null ? null : variant ? dmtf(moment, 90) : new Date(moment),
  }
  // A missing property is NULL too, and letter case does not matter.
  const entries = Object.entries(stored).filter(([, value]) => value !== null || !variant)
  return Object.fromEntries(entries.map(([name, value]) => [variant ? name.toUpperCase() : name, value]))
}

function dmtf(milliseconds: number, offsetMinutes: number): string {
  const local = new Date(milliseconds + offsetMinutes * 60_000).toISOString()
  const sign = offsetMinutes < 0 ? '-' : '+'
  const zone = String(Math.abs(offsetMinutes)).padStart(3, '0')
  return `${local.replace(/[-:TZ]|\..*/g, '')}.${local.slice(20, 23)}000${sign}${zone}`
}

// Writing

const mixedCase = (word: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    word,
    word.toLowerCase(),
    word.toUpperCase(),
    word.slice(0, 1) + word.slice(1).toLowerCase(),
  )
const gap = fc.constantFrom(' ', '  ', '\t', '\n')
const maybeGap = fc.constantFrom('', ' ', '\r\n')
const quoted = (text: string): fc.Arbitrary<string> =>
  fc.constantFrom('"', "'").chain((quote) =>
    // The other kind of quote may be escaped, but need not.
    fc.boolean().map((all) => {
      const escape = all ? /[\\"']/g : quote === '"' ? /[\\"]/g : /[\\']/g
      return `${quote}${text.replace(escape, '\\$&')}${quote}`
    }),
  )

const OPERATORS = {
  '=': (order: number) => order === 0,
  '<>': (order: number) => order !== 0,
  '!=': (order: number) => order !== 0,
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
} as const
type Operator = keyof typeof OPERATORS
const MIRROR: Readonly<Record<Operator, Operator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}
const operators = fc.constantFrom(...(Object.keys(OPERATORS) as Operator[]))

/** @param order The sign of `value of the row - constant`; undefined for NULL. */
function comparison(
  property: string,
  operator: fc.Arbitrary<Operator>,
  constant: fc.Arbitrary<string>,
  order: (row: Row) => number | undefined,
): fc.Arbitrary<Condition> {
  return fc
    .tuple(mixedCase(property), operator, constant, maybeGap, fc.boolean())
    .map(([name, sign, text, space, mirrored]) => ({
      wql: mirrored ? `${text}${space}${MIRROR[sign]} ${name}` : `${name}${space}${sign} ${text}`,
      holds: (row) => {
        const sign_ = order(row)
        return sign_ !== undefined && OPERATORS[sign](sign_)
      },
    }))
}

function sign<T extends string | number | bigint>(left: T | null, right: T): number | undefined {
  if (left === null) return undefined
  return left === right ? 0 : left < right ? -1 : 1
}

const leaves: fc.Arbitrary<Condition> = fc.oneof(
  texts.chain((constant) =>
    comparison('Text', operators, quoted(constant), (row) =>
      sign(row.text === null ? null : row.text.toLowerCase(), constant.toLowerCase()),
    ),
  ),
  smalls.chain((constant) =>
    comparison('Small', operators, fc.constantFrom(String(constant), `'${constant}'`), (row) =>
      sign(row.small, constant),
    ),
  ),
  bigs.chain((constant) =>
    comparison('Big', operators, fc.constantFrom(String(constant), `+${constant}`), (row) =>
      sign(row.big, constant),
    ),
  ),
  fc
    .integer({ min: -9, max: 9 })
    .chain((constant) =>
      comparison('Real', operators, fc.constant((constant / 4).toFixed(2)), (row) =>
        sign(row.quarters, constant),
      ),
    ),
  fc
    .integer({ min: -9, max: 9 })
    .chain((constant) =>
      comparison('Small', operators, fc.constant((constant / 4).toFixed(2)), (row) =>
        sign(row.small === null ? null : row.small * 4, constant),
      ),
    ),
  fc
    .boolean()
    .chain((constant) =>
      comparison(
        'Flag',
        fc.constantFrom('=', '<>', '!='),
        fc.constantFrom(...(constant ? ['TRUE', 'true', '1'] : ['FALSE', 'False', '0'])),
        (row) => (row.flag === null ? undefined : row.flag === constant ? 0 : 1),
      ),
    ),
  fc
    .tuple(moments, fc.constantFrom(0, 60, -300, 720))
    .chain(([constant, offset]) =>
      comparison('Moment', operators, fc.constant(`'${dmtf(constant, offset)}'`), (row) =>
        sign(row.moment, constant),
      ),
    ),
  fc
    .tuple(
      fc.constantFrom<[string, keyof Row]>(
        ['Text', 'text'],
        ['Big', 'big'],
        ['Flag', 'flag'],
        ['Moment', 'moment'],
      ),
      fc.constantFrom<[string, boolean]>(
        ['IS NULL', true],
        ['is not Null', false],
        ['= NULL', true],
        ['<> NULL', false],
      ),
    )
    .map(([[name, key], [test, isNull]]) => ({
      wql: `${name} ${test}`,
      holds: (row: Row) => (row[key] === null) === isNull,
    })),
)

// LIKE: each piece carries its WQL pattern and the regular expression that means the same.

interface Piece {
  readonly like: string
  readonly regex: string
}
const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
const plain = fc
  .constantFrom('a', 'B', '_', '%', '[', ']', '^', '-', '\\', '"', "'", ' ', 'Ä', '1', '0')
  .map((unit): Piece => ({ like: '%_['.includes(unit) ? `[${unit}]` : unit, regex: escapeRegex(unit) }))
const inSet = fc.oneof(
  fc
    .constantFrom('a', 'B', 'c', '_', '%', '[', '"', ' ', 'Ä')
    .map((unit): Piece => ({ like: unit, regex: escapeRegex(unit) })),
  fc
    .tuple(fc.constantFrom('a-c', 'B-X', '0-9', 'y-z'), fc.constantFrom('-', '='))
    .map(([range, dash]): Piece => ({ like: range.replace('-', dash), regex: range })),
)
const sets = fc
  .tuple(fc.array(inSet, { minLength: 1, maxLength: 3 }), fc.boolean(), fc.boolean())
  .map(([members, negated, lastDash]): Piece => {
    const like = members.map((member) => member.like).join('') + (lastDash ? '-' : '')
    const regex = members.map((member) => member.regex).join('') + (lastDash ? '\\-' : '')
    const caret = negated ? '^' : ''
    return { like: `[${caret}${like}]`, regex: `[${caret}${regex}]` }
  })
const pieces = fc.oneof(
  { weight: 4, arbitrary: plain },
  { weight: 2, arbitrary: fc.constant<Piece>({ like: '%', regex: '.*' }) },
  { weight: 2, arbitrary: fc.constant<Piece>({ like: '_', regex: '.' }) },
  { weight: 2, arbitrary: sets },
  { weight: 1, arbitrary: fc.constant<Piece>({ like: '[^]', regex: '\\^' }) },
)
const likes: fc.Arbitrary<Condition> = fc.array(pieces, { maxLength: 6 }).chain((parts) => {
  const regex = new RegExp(`^${parts.map((part) => part.regex).join('')}$`, 'is')
  return fc.tuple(mixedCase('LIKE'), quoted(parts.map((part) => part.like).join(''))).map(([like, text]) => ({
    wql: `Text ${like} ${text}`,
    holds: (row: Row) => row.text !== null && regex.test(row.text),
  }))
})

// Connectives

const conditions = fc.letrec<{ condition: Condition }>((tie) => {
  const junction = (word: 'AND' | 'OR'): fc.Arbitrary<Condition> =>
    fc
      .tuple(fc.array(tie('condition'), { minLength: 2, maxLength: 4 }), mixedCase(word), gap, maybeGap)
      .map(([operands, keyword, space, inner]) => ({
        wql: `(${inner}${operands.map(({ wql }) => wql).join(`${space}${keyword}${space}`)}${inner})`,
        holds: (row) =>
          word === 'AND'
            ? operands.every(({ holds }) => holds(row))
            : operands.some(({ holds }) => holds(row)),
      }))
  /** No parentheses: AND must bind closer than OR, NOT closer than both. */
  const flat = fc
    .array(fc.tuple(fc.boolean(), leaves, fc.constantFrom('AND', 'OR')), { minLength: 2, maxLength: 5 })
    .map((terms): Condition => {
      const groups: Condition[][] = [[]]
      let wql = ''
      terms.forEach(([negated, leaf, link], index) => {
        const last = index === terms.length - 1
        wql += `${negated ? 'NOT ' : ''}${leaf.wql}${last ? '' : ` ${link} `}`
        groups.at(-1)?.push(negated ? { wql: '', holds: (row) => !leaf.holds(row) } : leaf)
        if (link === 'OR' && !last) groups.push([])
      })
      return {
        wql: `(${wql})`,
        holds: (row) => groups.some((group) => group.every(({ holds }) => holds(row))),
      }
    })
  return {
    condition: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 3, arbitrary: leaves },
      { weight: 2, arbitrary: likes },
      { weight: 1, arbitrary: flat },
      { weight: 2, arbitrary: junction('AND') },
      { weight: 2, arbitrary: junction('OR') },
      {
        weight: 1,
        arbitrary: tie('condition').map((inner) => ({
          wql: `NOT ${inner.wql}`,
          holds: (row: Row) => !inner.holds(row),
        })),
      },
    ),
  }
}).condition

describe('the evaluator against a model', () => {
  it('agrees on random conditions over random rows', () => {
    let held = 0
    let tested = 0
    fc.assert(
      fc.property(
        conditions,
        fc.array(rows, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (condition, table, variant) => {
          const query = parseWql(`SELECT * FROM Test_Row WHERE ${condition.wql}`)
          if (query.kind !== 'select') throw new Error('not a SELECT')
          const predicate = compileWhere(query, info)
          for (const row of table) {
            const expected = condition.holds(row)
            expect(predicate(instanceOf(row, variant)), condition.wql).toBe(expected)
            held += expected ? 1 : 0
            tested++
          }
        },
      ),
      { numRuns: 3000 },
    )
    // Both answers must be common, or the agreement would mean little.
    expect(held).toBeGreaterThan(tested / 5)
    expect(held).toBeLessThan((tested * 4) / 5)
  })

  it('agrees on LIKE alone, with texts that come close', () => {
    const closeTexts = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', 'Z', '_', '%', '[', '^', '-', 'ä', '1', '\\', '"'),
      maxLength: 8,
    })
    fc.assert(
      fc.property(likes, fc.array(closeTexts, { minLength: 1, maxLength: 20 }), (condition, candidates) => {
        const query = parseWql(`SELECT * FROM Test_Row WHERE ${condition.wql}`)
        if (query.kind !== 'select') throw new Error('not a SELECT')
        const predicate = compileWhere(query, info)
        const row = { small: null, big: null, quarters: null, flag: null, moment: null }
        for (const text of candidates) {
          expect(predicate({ Text: text }), `${condition.wql} on ${text}`).toBe(
            condition.holds({ ...row, text }),
          )
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('matches patterns full of % without backtracking over all of them', () => {
    const query = parseWql(`SELECT * FROM Test_Row WHERE Text LIKE '${'%a'.repeat(200)}b'`)
    if (query.kind !== 'select') throw new Error('not a SELECT')
    const predicate = compileWhere(query, info)
    expect(predicate({ Text: 'a'.repeat(5000) })).toBe(false)
    expect(predicate({ Text: `${'a'.repeat(5000)}b` })).toBe(true)
  })
})
