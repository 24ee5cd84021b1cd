import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grantRights, maskOf, revokeRights, trusteeRights } from '../../../../src/settings/sddl/change.js'
import { formatSddl } from '../../../../src/settings/sddl/format.js'
import { parseSddl } from '../../../../src/settings/sddl/parse.js'
import { descriptor, rights, sid } from './arbitrary.js'

const ROOT = 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)'
const grant = (sddl: string, ...change: [string, string, ...('CI' | 'OI')[]]): string => {
  const [trustee, what, ...flags] = change
  return formatSddl(grantRights(parseSddl(sddl), { trustee, rights: what, flags }))
}
const revoke = (sddl: string, trustee: string, what?: string): string =>
  formatSddl(revokeRights(parseSddl(sddl), { trustee, ...(what === undefined ? {} : { rights: what }) }))

describe('grantRights', () => {
  it('adds an entry behind the others and leaves the rest as it was', () => {
    expect(grant(ROOT, 'RM', 'GRGX')).toBe(ROOT.replace('IU)', 'IU)(A;;GXGR;;;RM)'))
  })

  it.each([
    ['adds to the entry of the trustee', 'D:(A;;GR;;;IU)', 'IU', 'GX', 'D:(A;;GXGR;;;IU)'],
    ['knows the trustee in full', 'D:(A;;GR;;;IU)', 's-1-5-4', 'GX', 'D:(A;;GXGR;;;IU)'],
    ['changes nothing where it is granted', 'D:(A;;GXGR;;;IU)', 'IU', 'GR', 'D:(A;;GXGR;;;IU)'],
    ['changes nothing where everything is granted', 'D:(A;;GA;;;BA)', 'BA', 'GRGWGX', 'D:(A;;GA;;;BA)'],
    [
      'goes before what is inherited',
      'D:(D;;GR;;;AN)(A;ID;GA;;;BA)',
      'RM',
      'GR',
      'D:(D;;GR;;;AN)(A;;GR;;;RM)(A;ID;GA;;;BA)',
    ],
    ['does not widen an inherited entry', 'D:(A;ID;GR;;;RM)', 'RM', 'GX', 'D:(A;;GX;;;RM)(A;ID;GR;;;RM)'],
    [
      'does not widen a conditional entry',
      'D:(XA;;GR;;;RM;(a == 1))',
      'RM',
      'GX',
      'D:(XA;;GR;;;RM;(a == 1))(A;;GX;;;RM)',
    ],
    ['keeps nobody out of what has no list', 'O:BA', 'RM', 'GX', 'O:BA'],
    ['keeps nobody out of what has a null list', 'D:NO_ACCESS_CONTROL', 'RM', 'GX', 'D:NO_ACCESS_CONTROL'],
    ['fills an empty list', 'D:P', 'RM', '0x1200a9', 'D:P(A;;0x1200a9;;;RM)'],
  ])('%s', (_, before, trustee, what, after) => {
    expect(grant(before, trustee, what)).toBe(after)
  })

  it('hands rights of a namespace on to what lies below', () => {
    const before = 'O:BAG:BAD:(A;CI;CCDCLCSWRPWPRCWD;;;BA)(A;CI;CCDCRP;;;NS)'
    expect(grant(before, 'S-1-5-21-1-2-3-1000', 'CCWP', 'CI')).toBe(
      `${before}(A;CI;CCWP;;;S-1-5-21-1-2-3-1000)`,
    )
    expect(grant(before, 'NS', 'WP', 'CI')).toBe(before.replace('CCDCRP', 'CCDCRPWP'))
  })

  it.each([
    ['EXAMPLE\\alice', 'GR', '"EXAMPLE\\\\alice" is no SID.'],
    ['BA', 'GQ', '"GQ" is no right.'],
    ['BA', '0x1ffffffff', '"0x1ffffffff" is no right.'],
  ])('refuses %s with %s', (trustee, what, message) => {
    expect(() => grant(ROOT, trustee, what)).toThrow(message)
  })

  it('takes a mask, and refuses what is none', () => {
    const root = parseSddl('D:')
    expect(formatSddl(grantRights(root, { trustee: 'WD', rights: 0xa000_0000 }))).toBe('D:(A;;GXGR;;;WD)')
    expect(() => grantRights(root, { trustee: 'WD', rights: 1.5 })).toThrow('1.5 is no mask of 32 bits.')
  })
})

describe('revokeRights', () => {
  it.each([
    ['drops the entry whose rights are all named', ROOT, 'IU', 'GR', ROOT.replace('(A;;GR;;;IU)', '')],
    [
      'drops every entry where none are named',
      'D:(A;;GR;;;RM)(OA;;CR;;;RM)(A;CI;GX;;;RM)',
      'RM',
      undefined,
      'D:',
    ],
    ['leaves what is not named', 'D:(A;;GXGWGR;;;RM)', 'RM', 'GW', 'D:(A;;GXGR;;;RM)'],
    ['knows the trustee in full', 'D:(A;;GR;;;RM)', 'S-1-5-32-580', 'GR', 'D:'],
    [
      'leaves reading and writing where execution is taken out of everything',
      'D:(A;;GA;;;BA)',
      'BA',
      'GX',
      'D:(A;;GWGR;;;BA)',
    ],
    ['takes everything', 'D:(A;;GXGR;;;RM)(A;;0x1200a9;;;RM)', 'RM', 'GA', 'D:'],
    ['leaves what is inherited', 'D:(A;ID;GR;;;RM)', 'RM', undefined, 'D:(A;ID;GR;;;RM)'],
    [
      'leaves what denies and what audits',
      'D:(D;;GA;;;RM)S:(AU;FA;GA;;;RM)',
      'RM',
      undefined,
      'D:(D;;GA;;;RM)S:(AU;FA;GA;;;RM)',
    ],
    [
      'leaves an entry as it was written where nothing is taken',
      'D:(A;;GRGX;;;RM)',
      'RM',
      'GW',
      'D:(A;;GRGX;;;RM)',
    ],
    ['has nothing to take where there is no list', 'O:BA', 'RM', undefined, 'O:BA'],
  ])('%s', (_, before, trustee, what, after) => {
    expect(revoke(before, trustee, what)).toBe(after)
  })

  it('cannot take a single right out of everything', () => {
    expect(() => revoke('D:(A;;GA;;;BA)', 'BA', 'RC')).toThrow('RC cannot be taken out of GA alone.')
  })

  it('leaves the trustee without the rights, and a grant gives them back', () => {
    const generic = fc.subarray(['GR', 'GW', 'GX', 'GA'], { minLength: 1 })
    fc.assert(
      fc.property(descriptor, sid, generic, rights, (one, trustee, what, more) => {
        const own = one.dacl?.entries.some(({ flags }) => flags.includes('ID') || flags.includes('IO'))
        fc.pre(one.dacl !== undefined && !own && !one.dacl.flags.includes('NO_ACCESS_CONTROL'))
        const granted = grantRights(grantRights(one, { trustee, rights: more }), { trustee, rights: what })
        const all = trusteeRights(granted, trustee).allowed
        expect((all & maskOf('GA')) !== 0 || (all & maskOf(what)) >>> 0 === maskOf(what)).toBe(true)
        const left = trusteeRights(revokeRights(granted, { trustee, rights: what }), trustee).allowed
        expect((left & (maskOf(what) | maskOf('GA'))) >>> 0).toBe(0)
        expect(trusteeRights(revokeRights(granted, { trustee }), trustee).allowed).toBe(0)
      }),
    )
  })
})

describe('trusteeRights', () => {
  it('tells what is allowed and what is denied by name', () => {
    const one = parseSddl('D:(D;;GX;;;RM)(A;;GR;;;RM)(A;CIIO;GA;;;RM)(A;;GW;;;BA)')
    expect(trusteeRights(one, 'RM')).toEqual({ allowed: 0x8000_0000, denied: 0x2000_0000 })
    expect(trusteeRights(parseSddl('O:BA'), 'RM')).toEqual({ allowed: 0xffff_ffff, denied: 0 })
  })
})
