import { describe, expect, it } from 'vitest'
import type { EndpointInstance } from '../../../../src/testing/types.js'
import type { SelectQuery } from '../../../../src/testing/wql/ast.js'
import { parseWql } from '../../../../src/testing/wql/parse-wql.js'
import { columnsOf, compileProjection, project } from '../../../../src/testing/wql/project.js'

const service = {
  name: 'Test_Service',
  properties: { State: 'string', Name: 'string', exitCode: 'uint32' },
} as const
const spooler: EndpointInstance = { State: 'Running', Name: 'Spooler', exitCode: 0 }

function select(text: string): SelectQuery {
  const query = parseWql(text)
  if (query.kind !== 'select') throw new Error(`not a SELECT: ${text}`)
  return query
}

describe('project', () => {
  it('returns named columns in alphabetical order, spelt as the instance spells them', () => {
    const result = project(select('SELECT STATE, name, EXITCODE FROM Test_Service'), spooler)
    expect(Object.entries(result)).toEqual([
      ['exitCode', 0],
      ['Name', 'Spooler'],
      ['State', 'Running'],
    ])
  })

  it('returns the instance itself for *', () => {
    expect(project(select('SELECT * FROM Test_Service'), spooler)).toBe(spooler)
  })

  it('names a column once, fills in null, and leaves system properties out', () => {
    const result = project(select('SELECT Name, NAME, Status, __PATH, __CLASS FROM Test_Service'), spooler)
    expect(result).toEqual({ Name: 'Spooler', Status: null })
  })
})

describe('compileProjection', () => {
  it('spells columns as the class does, also where the instance lacks them', () => {
    const pick = compileProjection(select('SELECT state, EXITCODE FROM Test_Service'), service)
    expect(Object.entries(pick({ state: 'Stopped' }))).toEqual([
      ['exitCode', null],
      ['State', 'Stopped'],
    ])
  })

  it('leaves * alone and refuses unknown columns', () => {
    expect(compileProjection(select('SELECT * FROM Test_Service'), service)(spooler)).toBe(spooler)
    expect(() => compileProjection(select('SELECT Nope FROM Test_Service'), service)).toThrow(
      expect.objectContaining({ name: 'WqlSchemaError', position: 7 }),
    )
    expect(columnsOf(select('SELECT __PATH, State, Name FROM Test_Service'), service)).toEqual([
      'Name',
      'State',
    ])
  })
})
