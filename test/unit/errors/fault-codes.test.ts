import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generateFaultCodes, tsv } from '../../../scripts/generate-fault-codes.js'
import { FAULT, faultByCode, faultByName, matchesFault, win32Code } from '../../../src/errors/fault-codes.js'
import { readProjectFile } from '../../support/project.js'
import { describeWithShared, shared } from '../../support/shared.js'

const descriptions = readProjectFile('scripts/fault-descriptions.tsv')
const described = tsv(descriptions).map(([name = '', description = '']) => ({ name, description }))

describe('faultByCode', () => {
  it.each([
    [2150858752, 'ERROR_WSMAN_RESOURCE_NOT_FOUND'],
    [2150858793, 'ERROR_WSMAN_OPERATION_TIMEDOUT'],
    [2150858813, 'ERROR_WSMAN_INVALID_SELECTORS'],
    [2150858843, 'ERROR_WSMAN_UNEXPECTED_SELECTORS'],
    [2150858850, 'ERROR_WSMAN_INVALID_TARGET_SYSTEM'],
    [2150859173, 'ERROR_WSMAN_QUOTA_MAX_SHELLS'],
    [2150859263, 'ERROR_WSMAN_EVENTING_PUSH_SUBSCRIPTION_NOACTIVATE_EVENTSOURCE'],
    [5, 'ERROR_ACCESS_DENIED'],
    [1326, 'ERROR_LOGON_FAILURE'],
    [1398, 'ERROR_TIME_SKEW'],
    [1909, 'ERROR_ACCOUNT_LOCKED_OUT'],
    [0x80004005, 'E_FAIL'],
    [0x80041003, 'WBEM_E_ACCESS_DENIED'],
    [0x8004100e, 'WBEM_E_INVALID_NAMESPACE'],
    [0x80041010, 'WBEM_E_INVALID_CLASS'],
    [0x80041017, 'WBEM_E_INVALID_QUERY'],
    [0x8004106c, 'WBEM_E_QUOTA_VIOLATION'],
    [0x8009030c, 'SEC_E_LOGON_DENIED'],
  ])('names %d', (code, name) => {
    expect(faultByCode(code)).toMatchObject({ code, name })
  })

  it('explains in a sentence', () => {
    expect(faultByCode(0x803381a5)?.description).toBe(
      'The user has as many open shells as MaxShellsPerUser allows; close some or raise the setting.',
    )
    expect(faultByCode(1326)?.description).toBe('User name or password is wrong.')
  })

  it.each([
    [2147942402, 'ERROR_FILE_NOT_FOUND', 2],
    [2147942606, 'ERROR_FILENAME_EXCED_RANGE', 206],
    [2147943418, 'ERROR_KEY_DELETED', 1018],
    [0x8007052e, 'ERROR_LOGON_FAILURE', 1326],
    [0x800706ba, 'RPC_S_SERVER_UNAVAILABLE', 1722],
  ])('takes the HRESULT %d for the Win32 error it wraps', (code, name, win32) => {
    const plain = faultByCode(win32)
    expect(plain).toMatchObject({ code: win32, name })
    expect(faultByCode(code)).toEqual({ ...plain, code })
  })

  it('keeps the names that COM gives to its own HRESULTs', () => {
    expect(faultByCode(0x80070005)?.name).toBe('E_ACCESSDENIED')
    expect(faultByCode(0x80070057)?.name).toBe('E_INVALIDARG')
  })

  it('understands signed numbers', () => {
    expect(faultByCode(-2144108472)).toEqual(faultByName('ERROR_WSMAN_MAX_ENVELOPE_SIZE_EXCEEDED'))
    expect(faultByCode(-2147024891)).toMatchObject({ code: 0x80070005, name: 'E_ACCESSDENIED' })
  })

  it.each([
    0,
    -1,
    2152992672,
    0x80338200,
    0x8007fffe,
    65534,
    2 ** 32 + 5,
    -(2 ** 32) + 5,
    5.5,
    NaN,
    Infinity,
  ])('does not know %d', (code) => {
    expect(faultByCode(code)).toBeUndefined()
  })
})

describe('faultByName', () => {
  it('finds every name of the table, with a code that leads back to it', () => {
    for (const { name, description } of described) {
      const fault = faultByName(name)
      expect(fault).toMatchObject({ name, description })
      expect(faultByCode(fault?.code ?? NaN)).toBe(fault)
    }
  })

  it('returns Win32 errors with their plain codes', () => {
    expect(faultByName('ERROR_KEY_DELETED')?.code).toBe(1018)
    expect(faultByName('WSAECONNREFUSED')?.code).toBe(10061)
  })

  it.each(['', 'QUOTA_MAX_SHELLS', 'error_busy', '__proto__', 'constructor'])('does not know %j', (name) => {
    expect(faultByName(name)).toBeUndefined()
  })
})

describe('win32Code', () => {
  it('reads plain codes and HRESULTs, signed or not', () => {
    expect([5, 0x80070005, -2147024891, 0x8007ffff, 0].map(win32Code)).toEqual([5, 5, 5, 65535, 0])
  })

  it('is undefined for every other code', () => {
    const others = fc
      .integer({ min: -(2 ** 31), max: 2 ** 32 - 1 })
      .filter((code) => (code < 0 || code > 0xffff) && code >>> 16 !== 0x8007)
    fc.assert(fc.property(others, (code) => win32Code(code) === undefined))
    expect([NaN, 1.5, Infinity, 2 ** 32 + 5, 0x180070005].map(win32Code)).toEqual(Array(5).fill(undefined))
  })
})

describe('FAULT', () => {
  it('has the codes that the table gives its names', () => {
    for (const [key, code] of Object.entries(FAULT)) {
      expect([`ERROR_WSMAN_${key}`, `ERROR_${key}`]).toContain(faultByCode(code)?.name)
    }
  })

  it('is matched by a Win32 error in either form', () => {
    expect(matchesFault(5, FAULT.ACCESS_DENIED)).toBe(true)
    expect(matchesFault(0x80070005, FAULT.ACCESS_DENIED)).toBe(true)
    expect(matchesFault(1018, FAULT.KEY_DELETED)).toBe(true)
    expect(matchesFault(2147943418, FAULT.KEY_DELETED)).toBe(true)
    expect(matchesFault(2150859176, FAULT.QUOTA_USER, FAULT.QUOTA_SYSTEM)).toBe(true)
    expect(matchesFault(-2144108503, FAULT.OPERATION_TIMEDOUT)).toBe(true)
    expect(matchesFault(170, FAULT.ACCESS_DENIED)).toBe(false)
    expect(matchesFault(undefined, FAULT.ACCESS_DENIED)).toBe(false)
    expect(matchesFault(5)).toBe(false)
  })
})

describe('the descriptions', () => {
  it('are one short sentence each', () => {
    const odd = described.filter(
      ({ description }) =>
        !/^[A-Z].*[^. ]\.$/.test(description) ||
        /[.!?]\s|\s{2}|[^\x20-\x7e]/.test(description) ||
        description.length > 160,
    )
    expect(odd).toEqual([])
  })

  it('differ from one another', () => {
    expect(new Set(described.map(({ description }) => description)).size).toBe(described.length)
  })
})

describeWithShared('facts', 'the list of WinRM faults', () => {
  const facts = readFileSync(shared('facts', 'wsman-fault-codes.tsv'), 'utf8')
  const rows = tsv(facts)
    .slice(1)
    .map(([code = '', , name = '', message = '']) => ({ code: Number(code), name, message }))

  it('is covered with the same codes and names', () => {
    expect(rows.length).toBeGreaterThan(500)
    expect(rows.map(({ code }) => faultByCode(code)?.name)).toEqual(rows.map(({ name }) => name))
    expect(rows.map(({ code }) => faultByCode(code)?.code)).toEqual(rows.map(({ code }) => code))
  })

  it('shares no text with the descriptions', () => {
    const copied = rows.filter(({ code, message }) => {
      const ours = words(faultByCode(code)?.description ?? '')
      return ours.join(' ') === words(message).join(' ') || sharesRun(ours, words(message), 6)
    })
    expect(copied.map(({ name }) => name)).toEqual([])
  })

  it('is what the generated files were made from', () => {
    for (const [path, text] of generateFaultCodes(facts, descriptions)) {
      expect(readProjectFile(path), path).toBe(text)
    }
  })

  it('makes the generator refuse a list with a name nobody described', () => {
    const extended = `${facts}1\t0x1\tERROR_WSMAN_NEW\tText.\n`
    expect(() => generateFaultCodes(extended, descriptions)).toThrow('No description for ERROR_WSMAN_NEW')
  })
})

function words(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? []
}

/** Whether `length` consecutive words of one text occur in the other. */
function sharesRun(a: readonly string[], b: readonly string[], length: number): boolean {
  const runs = (list: readonly string[]) => list.map((_, at) => list.slice(at, at + length).join(' '))
  const complete = new Set(runs(b).slice(0, b.length - length + 1))
  return runs(a).some((run, at) => at + length <= a.length && complete.has(run))
}
