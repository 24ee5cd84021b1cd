import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WqlError, WqlSyntaxError } from '../../../../src/testing/wql/errors.js'
import { MAX_NESTING } from '../../../../src/testing/wql/parse-expression.js'
import { parseWql } from '../../../../src/testing/wql/parse-wql.js'

function failure(text: string): WqlSyntaxError {
  try {
    parseWql(text)
  } catch (error) {
    if (error instanceof WqlSyntaxError) return error
    throw error
  }
  throw new Error(`was accepted: ${text}`)
}

describe('SELECT', () => {
  it('reads columns, class and condition with their positions', () => {
    expect(parseWql('select Name ,State\r\n\tFROM Win32_Service wHeRe ProcessId>=-1')).toEqual({
      kind: 'select',
      columns: [
        { name: 'Name', position: 7 },
        { name: 'State', position: 13 },
      ],
      className: 'Win32_Service',
      where: {
        kind: 'comparison',
        property: { names: ['ProcessId'], position: 46 },
        operator: '>=',
        constant: -1n,
      },
    })
  })

  it('keeps chains flat and NOT closest', () => {
    const query = parseWql('SELECT * FROM A WHERE x=1 OR y=2 OR NOT z=3 AND a.b.c IS NOT NULL')
    expect(query).toMatchObject({
      columns: undefined,
      where: {
        kind: 'or',
        operands: [
          { constant: 1n },
          { constant: 2n },
          {
            kind: 'and',
            operands: [
              { kind: 'not', operand: { constant: 3n } },
              { kind: 'null', negated: true, property: { names: ['a', 'b', 'c'] } },
            ],
          },
        ],
      },
    })
  })

  it.each([
    ['', 0, /Expected SELECT/],
    ['DELETE FROM A', 0, /Expected SELECT/],
    ['SELECT', 6, /property name, found the end of the query/],
    ['SELECT FROM A', 7, /property name, found "FROM"/],
    ['SELECT Name, FROM A', 13, /property name/],
    ['SELECT *, Name FROM A', 8, /Expected FROM, found ","/],
    ['SELECT Job.Name FROM A', 10, /Expected FROM, found "\."/],
    ['SELECT * FROM', 13, /class name/],
    ['SELECT * FROM "A"', 14, /class name, found a string/],
    ['SELECT * FROM A WHERE', 21, /property name/],
    ['SELECT * FROM A, B', 15, /the end of the query/],
    ['SELECT * FROM A ORDER BY Name', 16, /end of the query, found "ORDER"/],
    ['SELECT * FROM A WITHIN 5 WHERE x=1', 16, /found "WITHIN"/],
    ['SELECT * FROM A WHERE x', 23, /an operator/],
    ['SELECT * FROM A WHERE x = ', 26, /a constant/],
    ['SELECT * FROM A WHERE x = y', 26, /a constant, found "y"/],
    ['SELECT * FROM A WHERE 1 = 1', 26, /property name, found the number 1/],
    ['SELECT * FROM A WHERE x == 1', 25, /a constant, found "="/],
    ['SELECT * FROM A WHERE (x = 1', 28, /"\)"/],
    ['SELECT * FROM A WHERE x = 1)', 27, /end of the query/],
    ['SELECT * FROM A WHERE x = 1 AND', 31, /property name/],
    ['SELECT * FROM A WHERE x > NULL', 26, /a constant, found "NULL"/],
    ['SELECT * FROM A WHERE x IS 5', 27, /Expected NULL, found the number 5/],
    ['SELECT * FROM A WHERE x IS NOT "NTFS"', 31, /Expected NULL/],
    ['SELECT * FROM A WHERE x LIKE 5', 29, /quoted pattern/],
    ['SELECT * FROM A WHERE x NOT LIKE "a"', 24, /an operator, found "NOT"/],
    ['SELECT * FROM A WHERE x LIKE "a[b"', 29, /opens a set/],
    ['SELECT * FROM A WHERE x LIKE "[]"', 29, /opens a set/],
    ['SELECT * FROM A WHERE x = 0x1F', 26, /no hexadecimal/],
    ['SELECT * FROM A WHERE x = 1e5', 26, /exponent/],
    ['SELECT * FROM A WHERE x = 18446744073709551616', 26, /64 bits/],
    ['SELECT * FROM A WHERE x = -9223372036854775809', 26, /64 bits/],
    ['SELECT * FROM A WHERE x = "abc', 26, /closing quote "/],
    ['SELECT * FROM A WHERE x = "C:\\temp"', 29, /write \\\\ for one backslash/],
    ['SELECT * FROM A WHERE x = "C:\\"', 26, /closing quote/],
    ['SELECT * FROM A WHERE x = 1; DROP', 27, /";" has no meaning/],
    ['SELECT * FROM A WHERE x ISA 5', 28, /class name/],
    ['SELECT * FROM A WHERE x.5 = 1', 23, /an operator, found the number 0.5/],
    ['SELECT * FROM {A}', 14, /class name, found an object path/],
  ])('refuses %s', (text, position, message) => {
    const error = failure(text)
    expect(error.position).toBe(position)
    expect(error.message).toMatch(message)
    expect(error.message).toMatch(new RegExp(`position ${position}\\)$`))
    expect(error.name).toBe('WqlSyntaxError')
  })

  it('refuses a long number without converting it', () => {
    expect(failure(`SELECT * FROM A WHERE x = ${'9'.repeat(100_000)}`).position).toBe(26)
  })

  it('takes the longest numbers, leading zeros and all', () => {
    const text = `SELECT * FROM A WHERE x = ${'0'.repeat(50)}18446744073709551615`
    expect(parseWql(text)).toMatchObject({ where: { constant: 18446744073709551615n } })
  })

  it('bounds the nesting and nothing else', () => {
    const nested = (levels: number): string =>
      `SELECT * FROM A WHERE ${'('.repeat(levels)}x=1${')'.repeat(levels)}`
    expect(parseWql(nested(MAX_NESTING))).toMatchObject({ where: { constant: 1n } })
    expect(failure(nested(MAX_NESTING + 1)).message).toMatch(/nests more than/)
    expect(failure(nested(100_000)).message).toMatch(/nests more than/)
    expect(failure(`SELECT * FROM A WHERE ${'NOT '.repeat(100_000)}x=1`).message).toMatch(/nests more than/)
    expect(failure(`SELECT * FROM A WHERE ${'(NOT '.repeat(100_000)}`).message).toMatch(/nests more than/)

    const chain = `SELECT * FROM A WHERE ${Array.from({ length: 20_000 }, () => 'x=1').join(' AND ')}`
    expect(parseWql(chain)).toMatchObject({ where: { kind: 'and', operands: { length: 20_000 } } })
  })
})

describe('ASSOCIATORS OF and REFERENCES OF', () => {
  const none = {
    resultClass: undefined,
    role: undefined,
    requiredQualifier: undefined,
    classDefsOnly: false,
    keysOnly: false,
    schemaOnly: false,
  }
  const noneOfAssociators = {
    ...none,
    assocClass: undefined,
    resultRole: undefined,
    requiredAssocQualifier: undefined,
  }

  it('reads the source alone', () => {
    expect(parseWql('ASSOCIATORS OF {Win32_LogicalDisk.DeviceID="C:"}')).toEqual({
      ...noneOfAssociators,
      kind: 'associators',
      source: {
        server: undefined,
        namespace: undefined,
        className: 'Win32_LogicalDisk',
        keys: [{ name: 'DeviceID', value: 'C:' }],
        singleton: false,
      },
    })
  })

  it('reads every word of ASSOCIATORS OF, in any order and letter case', () => {
    const text = `associators of {Win32_Directory.Name='C:\\\\a}b'} where
      RESULTROLE = Part keysonly assocclass=Win32_SubDirectory Role=Group
      ResultClass = CIM_Directory RequiredAssocQualifier = Association RequiredQualifier = Dynamic schemaOnly`
    expect(parseWql(text)).toMatchObject({
      kind: 'associators',
      source: { className: 'Win32_Directory', keys: [{ name: 'Name', value: 'C:\\a}b' }] },
      assocClass: 'Win32_SubDirectory',
      resultClass: 'CIM_Directory',
      resultRole: 'Part',
      role: 'Group',
      requiredQualifier: 'Dynamic',
      requiredAssocQualifier: 'Association',
      classDefsOnly: false,
      keysOnly: true,
      schemaOnly: true,
    })
  })

  it('reads REFERENCES OF', () => {
    expect(parseWql('REFERENCES OF {A=@} WHERE ClassDefsOnly Role=Antecedent')).toEqual({
      ...none,
      kind: 'references',
      source: { server: undefined, namespace: undefined, className: 'A', keys: [], singleton: true },
      role: 'Antecedent',
      classDefsOnly: true,
    })
  })

  it.each([
    ['ASSOCIATORS {A}', 12, /Expected OF, found an object path/],
    ['ASSOCIATORS OF A', 15, /object path in braces/],
    ['ASSOCIATORS OF {A', 15, /closing brace/],
    ['ASSOCIATORS OF {A="}', 15, /closing brace/],
    ['ASSOCIATORS OF {A} WHERE', 24, /one of RESULTCLASS/],
    ['ASSOCIATORS OF {A} WHERE Name=1', 25, /one of RESULTCLASS.*ASSOCCLASS/],
    ['REFERENCES OF {A} WHERE AssocClass=B', 24, /one of RESULTCLASS/],
    ['ASSOCIATORS OF {A} WHERE Role=B Role=C', 32, /ROLE is given twice/],
    ['ASSOCIATORS OF {A} WHERE KeysOnly KEYSONLY', 34, /KEYSONLY is given twice/],
    ['ASSOCIATORS OF {A} WHERE Role B', 30, /"="/],
    ['ASSOCIATORS OF {A} WHERE Role=5', 30, /a name/],
    ['ASSOCIATORS OF {A} WHERE ClassDefsOnly ResultClass=B', 25, /exclude each other/],
    ['ASSOCIATORS OF {A.B=1', 15, /closing brace/],
    ['ASSOCIATORS OF {A.B=x}', 20, /a key value/],
    ['ASSOCIATORS OF {A.B=1.5}', 20, /a key value/],
    ['ASSOCIATORS OF {A.B=1,b=2}', 24, /given twice/],
    ['ASSOCIATORS OF {A.B}', 19, /Expected =/],
    ['ASSOCIATORS OF {A B}', 18, /dot and the keys/],
    ['ASSOCIATORS OF {A="x" y}', 22, /goes on/],
    ['ASSOCIATORS OF {A="C:\\x"}', 21, /write \\\\/],
    ['ASSOCIATORS OF {}', 16, /class name/],
  ])('refuses %s', (text, position, message) => {
    const error = failure(text)
    expect(error.message).toMatch(message)
    expect(error.position).toBe(position)
  })
})

describe('any text at all', () => {
  const words = [
    ...['SELECT', '*', 'FROM', 'WHERE', 'AND', 'OR', 'NOT', 'LIKE', 'IS', 'NULL', 'ISA', 'TRUE', '__CLASS'],
    ...['A', 'x', '(', ')', '=', '<>', ',', '.', '1', '-5', '.5', '"a"', "'[a-b]%'", '{A.B="c"}', '\\', '"'],
    ...['ASSOCIATORS', 'REFERENCES', 'OF', 'Role', 'ClassDefsOnly'],
  ]
  const soup = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((parts) => parts.join(' '))
  const plausible = soup.map((text) => `SELECT * FROM A WHERE ${text}`)

  it('is a query or a WqlSyntaxError inside the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), soup, plausible), (text) => {
        try {
          expect(['select', 'associators', 'references']).toContain(parseWql(text).kind)
        } catch (error) {
          if (!(error instanceof WqlError)) throw error
          expect(error).toBeInstanceOf(WqlSyntaxError)
          expect(error.position).toBeGreaterThanOrEqual(0)
          expect(error.position).toBeLessThanOrEqual(text.length)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
