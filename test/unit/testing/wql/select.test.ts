import { describe, expect, it } from 'vitest'
import type { EndpointClass, EndpointInstance } from '../../../../src/testing/types.js'
import { compileWhere, matches } from '../../../../src/testing/wql/evaluate.js'
import { WqlSchemaError } from '../../../../src/testing/wql/errors.js'
import { parseWql } from '../../../../src/testing/wql/parse-wql.js'
import type { SelectQuery } from '../../../../src/testing/wql/ast.js'
import type { WqlClassInfo } from '../../../../src/testing/wql/class-info.js'

const item = {
  name: 'Test_Item',
  superclass: 'Test_Base',
  properties: {
    Name: { type: 'string', key: true },
    Path: 'string',
    Size: 'uint64',
    Delta: 'sint64',
    Count: 'uint32',
    Load: 'real64',
    Enabled: 'boolean',
    Letter: 'char16',
    Installed: 'datetime',
    Owner: 'reference',
    Tags: { type: 'string', array: true },
    Job: 'string',
  },
  instances: [
    {
      Name: 'Alpha',
      Path: 'C:\\Program Files\\Alpha "x"',
      Size: 18446744073709551615n,
      Delta: -9223372036854775808n,
      Count: 5,
      Load: 0.25,
      Enabled: true,
      Letter: 'a',
      Installed: new Date('2024-02-29T12:00:00.500Z'),
      Owner: { className: 'Test_User', namespace: 'root\\cimv2', keys: { Name: "O'Brien", Id: 7 } },
      Tags: ['one'],
      Job: { __CLASS: 'Test_PrintJob', Pages: 12, Color: false, Title: 'Report', At: new Date(0) },
    },
    {
      Name: 'beta_100%',
      Path: 'D:\\data',
      Size: 9007199254740993n,
      Delta: -1,
      Count: 0,
      Load: 2.5,
      Enabled: false,
      Letter: 'B',
      Installed: '20240229140000.500000+120',
      Owner: 'Test_User.Id=7,Name="o\'brien"',
      Tags: null,
      Job: null,
    },
    // Not every instance carries every property.
    { Name: 'Gamma', count: 70000, Size: '42' },
  ],
} as const satisfies EndpointClass

const info: WqlClassInfo = {
  ...item,
  superclassOf: (name) =>
    new Map([
      ['Test_Item', 'Test_Base'],
      ['Test_PrintJob', 'Test_Job'],
    ]).get(name),
}

function select(text: string): SelectQuery {
  const query = parseWql(text)
  if (query.kind !== 'select') throw new Error(`not a SELECT: ${text}`)
  return query
}

function where(condition: string): unknown[] {
  const predicate = compileWhere(select(`SELECT * FROM Test_Item WHERE ${condition}`), info)
  return item.instances.filter(predicate).map(({ Name }) => Name)
}

const ALPHA = 'Alpha'
const BETA = 'beta_100%'
const GAMMA = 'Gamma'

describe('WHERE', () => {
  it.each<[string, string[]]>([
    // strings
    [`Name = 'alpha'`, [ALPHA]],
    [`NAME = "ALPHA"`, [ALPHA]],
    [`'alpha' = name`, [ALPHA]],
    [`Name <> 'alpha'`, [BETA, GAMMA]],
    [`Name != 'alpha'`, [BETA, GAMMA]],
    [`Name < 'BETA'`, [ALPHA]],
    [`Name >= 'beta_100%'`, [BETA, GAMMA]],
    [`'b' > Name`, [ALPHA]],
    [`Path = "C:\\\\Program Files\\\\Alpha \\"x\\""`, [ALPHA]],
    [`Path = 'C:\\\\Program Files\\\\Alpha "x"'`, [ALPHA]],
    [`Letter = 'A'`, [ALPHA]],
    // numbers
    [`Count = 5`, [ALPHA]],
    [`Count = +5`, [ALPHA]],
    [`Count = '5'`, [ALPHA]],
    [`Count=5`, [ALPHA]],
    [`Count > 5`, [GAMMA]],
    [`5 < Count`, [GAMMA]],
    [`Count < 4.5`, [BETA]],
    [`Count > -.5 AND Count < 1.0`, [BETA]],
    [`Size = 18446744073709551615`, [ALPHA]],
    [`Size >= 18446744073709551614`, [ALPHA]],
    [`Size = 9007199254740993`, [BETA]],
    [`Size = 9007199254740992`, []],
    [`Size = 42`, [GAMMA]],
    [`Delta = -9223372036854775808`, [ALPHA]],
    [`Delta > -2`, [BETA]],
    [`Load = 0.25`, [ALPHA]],
    [`Load > 1`, [BETA]],
    // booleans
    [`Enabled = TRUE`, [ALPHA]],
    [`Enabled = 1`, [ALPHA]],
    [`Enabled <> true`, [BETA]],
    [`Enabled = 0`, [BETA]],
    [`Enabled = 'False'`, [BETA]],
    [`Count = FALSE`, [BETA]],
    // datetimes: both are the same moment
    [`Installed = '20240229120000.500000+000'`, [ALPHA, BETA]],
    [`Installed = '20240229070000.500000-300'`, [ALPHA, BETA]],
    [`Installed > '20240229120000.499999+000'`, [ALPHA, BETA]],
    [`Installed < '20240229120000.500000+000'`, []],
    // NULL
    [`Enabled IS NULL`, [GAMMA]],
    [`Enabled is not null`, [ALPHA, BETA]],
    [`Enabled = NULL`, [GAMMA]],
    [`Enabled != NULL`, [ALPHA, BETA]],
    [`Tags IS NULL`, [BETA, GAMMA]],
    [`Load <> 1`, [ALPHA, BETA]],
    [`NOT Load = 0.25`, [BETA, GAMMA]],
    [`Path LIKE '%'`, [ALPHA, BETA]],
    // precedence
    [`Name = 'Gamma' OR Name = 'Alpha' AND Count = 0`, [GAMMA]],
    [`(Name = 'Gamma' OR Name = 'Alpha') AND Count = 5`, [ALPHA]],
    [`NOT Name = 'Gamma' AND Count = 5`, [ALPHA]],
    [`NOT (Name = 'Gamma' OR Count = 5)`, [BETA]],
    [`NOT NOT Count = 5`, [ALPHA]],
    [`((Count = 5))`, [ALPHA]],
    // references
    [`Owner = 'Test_User.Name="O\\'Brien",Id=7'`, [ALPHA, BETA]],
    [`Owner = '\\\\\\\\.\\\\ROOT\\\\CIMV2:test_user.id=7,name="o\\'BRIEN"'`, [ALPHA, BETA]],
    [`Owner = 'root/other:Test_User.Name="O\\'Brien",Id=7'`, [BETA]],
    [`Owner <> 'Test_User.Name="nobody",Id=7'`, [ALPHA, BETA]],
    [`Owner = 'Test_User.Id=7'`, []],
    // classes and embedded instances
    [`__CLASS = 'test_item'`, [ALPHA, BETA, GAMMA]],
    [`__CLASS = Test_Item`, [ALPHA, BETA, GAMMA]],
    [`__CLASS <> Test_Item`, []],
    [`__Class LIKE 'Test[_]%'`, [ALPHA, BETA, GAMMA]],
    [`__CLASS ISA "Test_Base"`, [ALPHA, BETA, GAMMA]],
    [`__THIS ISA Test_Item`, [ALPHA, BETA, GAMMA]],
    [`__THIS ISA Test_PrintJob`, []],
    [`Job ISA "Test_Job"`, [ALPHA]],
    [`Job ISA "Test_PrintJob"`, [ALPHA]],
    [`Job ISA "Test_Item"`, []],
    [`Owner ISA Test_User`, [ALPHA]],
    [`Job.Pages > 10`, [ALPHA]],
    [`Job.Pages > 12`, []],
    [`job.color = FALSE`, [ALPHA]],
    [`Job.Title LIKE 'rep%'`, [ALPHA]],
    [`Job.Title < 5`, []],
    [`Job.At = '19700101000000.000000+000'`, [ALPHA]],
    [`Job.Nothing IS NULL`, [ALPHA, BETA, GAMMA]],
  ])('%s', (condition, names) => {
    expect(where(condition)).toEqual(names)
  })

  it.each<[string, string[]]>([
    ['alpha', [ALPHA]],
    ['A%', [ALPHA]],
    ['%A', [ALPHA, GAMMA]],
    ['%m%', [GAMMA]],
    ['_amma', [GAMMA]],
    ['____', []],
    ['[a-b]%', [ALPHA, BETA]],
    ['[a=b]%', [ALPHA, BETA]],
    ['[^a-b]%', [GAMMA]],
    ['[ag]%', [ALPHA, GAMMA]],
    ['%[_]%', [BETA]],
    ['%[%]', [BETA]],
    ['beta_100[%]', [BETA]],
    ['%a%a%', [ALPHA, GAMMA]],
    ['%%', [ALPHA, BETA, GAMMA]],
    ['', []],
  ])('Name LIKE %j', (pattern, names) => {
    expect(where(`Name LIKE '${pattern}'`)).toEqual(names)
  })

  it('does not treat a backslash as special inside a pattern', () => {
    expect(where(`Path LIKE 'D:\\data'`)).toEqual([BETA])
    expect(where(`Path LIKE 'D:\\\\data'`)).toEqual([BETA])
    expect(where(`Path LIKE '%\\\\Alpha \\"_\\"'`)).toEqual([ALPHA])
  })

  it('takes LIKE on a number for equality', () => {
    expect(where(`Count LIKE '5'`)).toEqual([ALPHA])
    expect(() => where(`Count LIKE '5%'`)).toThrow(WqlSchemaError)
  })

  it.each([
    ['Missing = 1', 30, /Test_Item has no property Missing/],
    ["Name = 'x' AND missing.Part = 1", 45, /no property missing/],
    ['Enabled > FALSE', 30, /only = and <>/],
    ["Owner < 'x'", 30, /only = and <>/],
    ["Count = 'many'", 30, /does not compare/],
    ['Enabled = 2', 30, /does not compare/],
    ['Name = TRUE', 30, /does not compare/],
    ["Installed = 'yesterday'", 30, /does not compare/],
    ["Tags = 'one'", 30, /array/],
    ["Tags LIKE 'one'", 30, /array/],
    ["__PATH = 'x'", 30, /no property __PATH/],
  ])('refuses %s', (condition, position, message) => {
    const text = `SELECT * FROM Test_Item WHERE ${condition}`
    // The error does not depend on the data: short-circuiting would hide it.
    const act = (): unknown => compileWhere(select(text), info)
    expect(act).toThrow(WqlSchemaError)
    expect(act).toThrow(
      expect.objectContaining({ position, message: expect.stringMatching(message) as string }),
    )
  })

  it('refuses columns the class does not have', () => {
    expect(() => compileWhere(select('SELECT Name, Nope FROM Test_Item'), info)).toThrow(
      expect.objectContaining({ name: 'WqlSchemaError', position: 13 }),
    )
  })

  it('matches everything without WHERE, and one instance at a time', () => {
    const [alpha] = item.instances
    expect(matches(select('select * from Test_Item'), alpha, item)).toBe(true)
    expect(matches(select('select * from Test_Item where count = 6'), alpha, item)).toBe(false)
    expect(matches(select('select * from Test_Item where __this isa Test_Base'), alpha, item)).toBe(true)
    expect(matches(select('select * from Test_Item where __this isa Test_Root'), alpha, item)).toBe(false)
  })

  it('survives superclasses that form a loop', () => {
    const looped: WqlClassInfo = { ...item, superclassOf: (name) => (name === 'A' ? 'B' : 'A') }
    expect(matches(select('SELECT * FROM A WHERE __THIS ISA C'), {}, looped)).toBe(false)
    expect(matches(select('SELECT * FROM A WHERE __THIS ISA B'), {}, looped)).toBe(true)
  })

  it('reads properties with the names of Object members as data', () => {
    const odd = { name: 'Odd', properties: { constructor: 'string', toString: 'string' } } as const
    const text = `SELECT * FROM Odd WHERE constructor IS NULL AND toString = 'x'`
    const instance = { toString: 'x' } as unknown as EndpointInstance
    expect(matches(select(text), instance, odd)).toBe(true)
    expect(matches(select(text), {}, odd)).toBe(false)
  })
})
