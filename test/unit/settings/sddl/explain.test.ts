import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainSddl } from '../../../../src/settings/sddl/explain.js'
import { parseSddl } from '../../../../src/settings/sddl/parse.js'
import { descriptor } from './arbitrary.js'

describe('explainSddl', () => {
  it('tells the RootSDDL of a current service', () => {
    expect(explainSddl('O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)')).toBe(
      [
        'Owner: NT AUTHORITY\\Network Service',
        'Group: BUILTIN\\Administrators',
        'Access, nothing inherited:',
        '  allows BUILTIN\\Administrators to do everything',
        '  allows NT AUTHORITY\\Interactive to read (get, enumerate, pull, release, subscribe)',
        'Audit, nothing inherited:',
        '  on failure audits Everyone on trying to do everything',
        '  on success audits Everyone on trying to write (put, create, delete) and execute (shells, methods and every other action)',
      ].join('\n'),
    )
  })

  it('tells the rights of a WMI namespace', () => {
    const text = explainSddl(
      parseSddl('O:BAG:BAD:(A;CI;CCDCLCSWRPWPRCWD;;;BA)(A;CI;CCWP;;;RM)'),
      'wmi-namespace',
    )
    expect(text).toContain(
      '  allows BUILTIN\\Administrators to use the namespace, execute methods, write everything (full repository write), ' +
        'write static instances (partial repository write), write through providers, do so remotely, ' +
        'read the security descriptor and change the access list; inherited by containers below',
    )
    expect(text).toContain(
      '  allows BUILTIN\\Remote Management Users to use the namespace and do so remotely; inherited by containers below',
    )
    expect(text).toContain('Nothing is audited.')
  })

  it.each([
    ['', 'No owner.'],
    ['', 'No access list: everybody may do everything.'],
    ['D:NO_ACCESS_CONTROL', 'No access list: everybody may do everything.'],
    ['D:', '  nobody may do anything'],
    ['D:PAIAR', 'Access, nothing inherited, inherited entries included, to be inherited by children:'],
    ['D:(D;;GX;;;S-1-5-21-1-2-3-500)', '  denies Administrator (S-1-5-21-1-2-3-500) to execute'],
    ['D:(A;;GR;;;S-1-5-21-1-2-3-1104)', '  allows S-1-5-21-1-2-3-1104 to read'],
    ['D:(A;;GR;;;S-1-5-32-580)', '  allows BUILTIN\\Remote Management Users to read'],
    ['D:(A;;;;;DA)', '  allows Domain Admins to do nothing'],
    ['D:(A;;0x6;;;WD)', '  allows Everyone to use the rights DCLC'],
    ['S:(AU;SAFA;SD;;;WD)', '  always audits Everyone on trying to delete the object'],
    [
      'S:(ML;;NWNR;;;HI)',
      '  labels the object High integrity which processes below it may not write and read',
    ],
    ['D:(XA;;GX;;;WD;(Title == "VP"))', '; on the condition (Title == "VP")'],
    [
      'D:(OA;CIIO;RP;bf967a86-0de6-11d0-a285-00aa003049e2;;SY)',
      'inherited by containers below; not on the object itself; for the object type bf967a86-0de6-11d0-a285-00aa003049e2',
    ],
  ])('of %j says %s', (sddl, line) => {
    expect(explainSddl(sddl)).toContain(line)
  })

  it('has words for every descriptor', () => {
    fc.assert(
      fc.property(descriptor, (one) => {
        const lines = explainSddl(one).split('\n')
        const entries = one.dacl?.flags.includes('NO_ACCESS_CONTROL') ? 0 : (one.dacl?.entries.length ?? 0)
        expect(lines.length).toBeGreaterThanOrEqual(4 + entries)
        expect(lines.join('\n')).not.toContain('undefined')
      }),
    )
  })
})
