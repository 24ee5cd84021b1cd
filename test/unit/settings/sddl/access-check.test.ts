import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayAccess } from '../../../../src/settings/sddl/access-check.js'
import { maskOf } from '../../../../src/settings/sddl/change.js'
import { parseSddl } from '../../../../src/settings/sddl/parse.js'

const MACHINE = 'S-1-5-21-1-2-3'
const ALICE = `${MACHINE}-1001`
const ADMINISTRATORS = 'S-1-5-32-544'
const USERS = 'S-1-5-32-545'

const may = (sddl: string, rights: string, ...sids: string[]): boolean =>
  mayAccess(parseSddl(sddl), { sids: new Set(sids), machineSid: MACHINE }, maskOf(rights))

describe('mayAccess', () => {
  it.each([
    ['no list', 'O:NSG:BA', 'GRGWGX', true],
    ['an empty list', 'D:', 'GR', false],
    ['a list that says there is none', 'D:NO_ACCESS_CONTROL', 'GX', true],
    ['one of its groups', 'D:(A;;GR;;;BU)', 'GR', true],
    ['itself', `D:(A;;GX;;;${ALICE})`, 'GX', true],
    ['another right', 'D:(A;;GR;;;BU)', 'GW', false],
    ['somebody else', 'D:(A;;GA;;;RM)', 'GR', false],
    ['GA, which covers the others', 'D:(A;;GA;;;BU)', 'GRGWGX', true],
    ['a mask', 'D:(A;;0x80000000;;;BU)', 'GR', true],
    ['several entries together', `D:(A;;GR;;;BU)(A;;GX;;;${ALICE})`, 'GRGX', true],
    ['not all that is wanted', 'D:(A;;GR;;;BU)', 'GRGX', false],
    ['a denial that comes first', 'D:(D;;GX;;;BU)(A;;GA;;;BU)', 'GX', false],
    ['a denial that comes too late', 'D:(A;;GA;;;BU)(D;;GX;;;BU)', 'GX', true],
    ['a denial of something else', 'D:(D;;GW;;;BU)(A;;GA;;;BU)', 'GX', true],
    ['an entry for children only', 'D:(A;OICIIO;GA;;;BU)', 'GR', false],
    ['a condition', 'D:(XA;;GA;;;BU;(@User.x == 1))', 'GR', false],
    ['a denial on a condition', 'D:(XD;;GR;;;BU;(@User.x == 1))(A;;GA;;;BU)', 'GR', false],
    ['audits, which allow nothing', 'D:S:(AU;SAFA;GA;;;BU)', 'GR', false],
  ])('%s', (_, sddl, rights, expected) => {
    expect(may(sddl, rights, ALICE, USERS)).toBe(expected)
  })

  it('finds the accounts of the machine behind their letters', () => {
    expect(may('D:(A;;GR;;;LA)', 'GR', `${MACHINE}-500`)).toBe(true)
    expect(may('D:(A;;GR;;;LA)', 'GR', 'S-1-5-21-9-9-9-500')).toBe(false)
  })

  it('decides each right as the first entry that speaks of it does', () => {
    const entry = fc.record({
      type: fc.constantFrom('A', 'D'),
      rights: fc.subarray(['GR', 'GW', 'GX'], { minLength: 1 }),
      trustee: fc.constantFrom('BA', 'BU', 'RM'),
    })
    const token = [ADMINISTRATORS, USERS]
    fc.assert(
      fc.property(fc.array(entry), fc.subarray(['GR', 'GW', 'GX'], { minLength: 1 }), (entries, wanted) => {
        const sddl = `D:${entries.map((one) => `(${one.type};;${one.rights.join('')};;;${one.trustee})`).join('')}`
        const decides = (right: string): boolean =>
          entries.find((one) => one.trustee !== 'RM' && one.rights.includes(right))?.type === 'A'
        expect(may(sddl, wanted.join(''), ...token)).toBe(wanted.every(decides))
      }),
    )
  })
})
