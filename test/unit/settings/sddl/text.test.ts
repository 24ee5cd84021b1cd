import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../../src/errors/errors.js'
import { formatSddl } from '../../../../src/settings/sddl/format.js'
import { parseSddl } from '../../../../src/settings/sddl/parse.js'
import { describeWithShared, shared } from '../../../support/shared.js'
import { descriptor } from './arbitrary.js'

describe('parseSddl', () => {
  it('reads the RootSDDL of a current service', () => {
    expect(parseSddl('O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)')).toStrictEqual(
      {
        owner: 'NS',
        group: 'BA',
        dacl: {
          flags: ['P'],
          entries: [
            { type: 'A', flags: [], rights: ['GA'], trustee: 'BA' },
            { type: 'A', flags: [], rights: ['GR'], trustee: 'IU' },
          ],
        },
        sacl: {
          flags: ['P'],
          entries: [
            { type: 'AU', flags: ['FA'], rights: ['GA'], trustee: 'WD' },
            { type: 'AU', flags: ['SA'], rights: ['GX', 'GW'], trustee: 'WD' },
          ],
        },
      },
    )
  })

  it('reads object types, masks, inheritance and full SIDs', () => {
    const text =
      'D:AI(OA;CIIO;RPWP;bf967a86-0de6-11d0-a285-00aa003049e2;bf967aba-0de6-11d0-a285-00aa003049e2;S-1-5-21-9-8-7-1000)' +
      '(D;OICIID;0x1200a9;;;AN)'
    expect(parseSddl(text).dacl).toStrictEqual({
      flags: ['AI'],
      entries: [
        {
          type: 'OA',
          flags: ['CI', 'IO'],
          rights: ['RP', 'WP'],
          objectType: 'bf967a86-0de6-11d0-a285-00aa003049e2',
          inheritedObjectType: 'bf967aba-0de6-11d0-a285-00aa003049e2',
          trustee: 'S-1-5-21-9-8-7-1000',
        },
        { type: 'D', flags: ['OI', 'CI', 'ID'], rights: ['0x1200a9'], trustee: 'AN' },
      ],
    })
  })

  it.each([
    '(@User.Project Any_of {"a)b", "("} && !(Title == "VP"))',
    '(Member_of {SID(BA)})',
    '("Secrecy",TU,0,3)',
  ])('keeps the condition %s as it is', (data) => {
    const type = data.startsWith('("') ? 'RA' : 'XA'
    const text = `D:(${type};;FX;;;S-1-1-0;${data})(A;;GR;;;WD)`
    expect(parseSddl(text).dacl?.entries[0]).toMatchObject({ type, trustee: 'S-1-1-0', data })
    expect(formatSddl(parseSddl(text))).toBe(text)
  })

  it('tells an empty list from one that lets everybody in and from none', () => {
    expect(parseSddl('D:')).toStrictEqual({ dacl: { flags: [], entries: [] } })
    expect(parseSddl('D:NO_ACCESS_CONTROL').dacl?.flags).toEqual(['NO_ACCESS_CONTROL'])
    expect(parseSddl('')).toStrictEqual({})
  })

  it('does not mind the order of the parts, the case of letters and white space', () => {
    const text = ' d:p ( a ; ci oi ; gr\n gw ; ; ; ba )\ts:ar\no:s-1-5-018 g: wd '
    expect(formatSddl(parseSddl(text))).toBe('O:S-1-5-18G:WDD:P(A;CIOI;GRGW;;;BA)S:AR')
  })

  it.each([
    ['A', 1, 'O:, G:, D: or S: should stand here'],
    ['O:BAO:BA', 5, 'O: stands here a second time'],
    ['O:', 3, 'a SID is missing: two letters such as BA, or S-1-… in full'],
    ['O:D:', 3, 'a SID is missing: two letters such as BA, or S-1-… in full'],
    ['O:XQ', 3, '"XQ" is no SID: two letters such as BA, or S-1-… in full'],
    ['O:S-1-5-4294967296', 3, '"S-1-5-4294967296" is no SID: two letters such as BA, or S-1-… in full'],
    ['D:PP', 4, 'P stands here a second time'],
    ['D:Q', 3, 'O:, G:, D: or S: should stand here'],
    [
      'D:(A;;GA;;BA)',
      13,
      'an entry has six fields: (type;flags;rights;object;inherited object;SID); here it ends',
    ],
    ['D:(A;;GA;;;BA', 14, 'the entry should end here with )'],
    ['D:(A;;GA;;;BA;(x))', 14, 'an entry of type A ends with its SID'],
    ['D:(A;;GA;;;)', 12, 'a SID is missing: two letters such as BA, or S-1-… in full'],
    ['D:(A;XX;GA;;;BA)', 6, '"XX" is no flag of an entry: OI, CI, NP, IO, ID, CR, SA, FA'],
    ['D:(A;;GAX;;;BA)', 7, '"X" is no right, such as GA, GR, GW or GX'],
    ['D:(A;;0x100000000;;;BA)', 7, '"0x100000000" is no mask of 32 bits'],
    ['D:(A;;GA;x;;BA)', 10, 'only object entries (OA, OD, OU, OL, ZA) name an object type'],
    ['D:(OA;;GA;x;;BA)', 11, '"x" is no GUID'],
    ['D:(XA;;GA;;;BA;x)', 16, 'a condition or resource attribute begins here with ('],
    ['D:(XA;;GA;;;BA;(x)', 19, 'the entry should end here with )'],
    ['D:(XA;;GA;;;BA;(x', 16, '( is never closed'],
    ['D:(AU;FA;SA;GWGX;;WD)', 10, '"SA" is no right, such as GA, GR, GW or GX'],
  ])('says where %j is malformed', (text, at, what) => {
    expect(() => parseSddl(text)).toThrow(
      new UsageError(`The SDDL is malformed at character ${at}: ${what}.`),
    )
  })

  it('names the types of entries where one is unknown', () => {
    expect(() => parseSddl('D:(Q;;GA;;;BA)')).toThrow('character 4: "Q" is no type of an entry: A, D, AU')
  })

  it('never fails but with a UsageError', () => {
    const noise = fc.array(
      fc.constantFrom('O:', 'D:', 'S:P', '(', ')', ';', 'A', 'XA', 'BA', '"', 'S-1-', '0x', ' ', 'GA'),
    )
    fc.assert(
      fc.property(noise, (tokens) => {
        try {
          parseSddl(tokens.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError)
        }
      }),
    )
  })
})

describe('formatSddl', () => {
  it('is the inverse of parseSddl', () => {
    fc.assert(
      fc.property(descriptor, (one) => {
        expect(parseSddl(formatSddl(one))).toEqual(one)
      }),
    )
  })

  it.each([
    'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;ER)S:P(AU;FA;GA;;;WD)(AU;SA;GWGX;;;WD)',
    'O:BAG:BAD:(A;CI;CCDCLCSWRPWPRCWD;;;BA)(A;CI;CCDCRP;;;NS)(A;CI;CCDCRP;;;LS)(A;CI;CCDCRP;;;AU)',
    'O:DAG:DUD:AI(A;OICIID;0x1200a9;;;RM)S:AI(ML;;NW;;;HI)(SP;;;;;S-1-17-1)',
    'D:NO_ACCESS_CONTROLS:PARAI',
  ])('writes %s as it was read', (text) => {
    expect(formatSddl(parseSddl(text))).toBe(text)
  })
})

describeWithShared('corpus', 'recorded descriptors', () => {
  it.each([
    [
      'ms-wsmv/4.2.1-Retrieving-Configuration/02.xml',
      'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;ER)S:P(AU;FA;GA;;;WD)(AU;SA;GWGX;;;WD)',
    ],
    [
      'ms-wsman/4.2.1-Retrieving-Configuration/02.xml',
      'O:NSG:BAD:P(A;;GA;;;BA)S:P(AU;FA;GA;;;WD)(AU;SA;GWGX;;;WD)',
    ],
    [
      'pypsrp/xml/test_psrp_small_msg_size/00-response.xml',
      'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)',
    ],
  ])('%s', (file, sddl) => {
    const text = /<cfg:RootSDDL>([^<]*)</.exec(readFileSync(shared('corpus', file), 'utf8'))?.[1]
    expect(formatSddl(parseSddl(text ?? ''))).toBe(sddl)
  })
})
