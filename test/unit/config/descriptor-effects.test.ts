import fc from 'fast-check'
import { expect, it } from 'vitest'
import { descriptorEffects } from '../../../src/config/descriptor-effects.js'
import { mayAccess } from '../../../src/settings/sddl/access-check.js'
import { maskOf } from '../../../src/settings/sddl/change.js'
import { parseSddl } from '../../../src/settings/sddl/parse.js'
import { fullSid } from '../../../src/settings/sddl/security-identifiers.js'

const BEFORE = 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)'
const messages = (after: string, before = BEFORE, strangers: string[] = []): string[] =>
  descriptorEffects(before, after, strangers).map(({ message }) => message)

it.each([
  ['the same in other words', 'O:NSG:BAD:P(A;;GXGWGR;;;BA)(A;;GR;;;S-1-5-4)'],
  ['more', 'D:P(A;;GA;;;BA)(A;;GRGX;;;IU)(A;;GX;;;RM)(D;;GX;;;AN)'],
  ['everybody', 'D:(A;;GA;;;WD)'],
  ['no list at all', 'O:NSG:BA'],
  ['an audit', 'D:P(A;;GA;;;BA)(A;;GR;;;IU)S:(AU;SA;GA;;;WD)'],
])('%s takes nothing', (_, after) => {
  expect(messages(after)).toEqual([])
})

it.each([
  [
    'O:NSG:BAD:P',
    'takes GXGWGR from BUILTIN\\Administrators, takes GR from NT AUTHORITY\\Interactive. It lets nobody in;',
  ],
  ['D:P(A;;GA;;;BA)', 'The new descriptor takes GR from NT AUTHORITY\\Interactive. If that'],
  ['D:P(A;;GRGX;;;BA)(A;;GR;;;IU)', 'takes GW from BUILTIN\\Administrators. If that'],
  ['D:P(D;;GX;;;BG)(A;;GA;;;BA)(A;;GR;;;IU)', 'denies GX to BUILTIN\\Guests. If that'],
  ['D:P(A;IO;GA;;;BA)(A;;GR;;;IU)', 'takes GXGWGR from BUILTIN\\Administrators'],
  ['D:P(XA;;GA;;;BA;(WIN://SYSAPPID))(A;;GR;;;IU)', 'takes GXGWGR from BUILTIN\\Administrators'],
])('%s %s', (after, message) => {
  expect(messages(after)).toEqual([expect.stringContaining(message)])
})

it('does not mind what becomes of strangers', () => {
  const sid = 'S-1-5-21-1-2-3-1001'
  const granted = `D:P(A;;GA;;;BA)(A;;GX;;;${sid})`
  expect(messages('D:P(A;;GA;;;BA)', granted)).toHaveLength(1)
  expect(messages('D:P(A;;GA;;;BA)', granted, [sid])).toEqual([])
  expect(messages(`D:P(D;;GA;;;${sid})(A;;GA;;;BA)`, granted, [sid])).toEqual([])
})

it('says nothing where one of them is not known, or is none', () => {
  expect(descriptorEffects(undefined, BEFORE)).toEqual([])
  expect(descriptorEffects(BEFORE, undefined)).toEqual([])
  expect(descriptorEffects('nonsense', BEFORE)).toEqual([])
})

const SIDS = ['BA', 'IU', 'RM', 'AN', 'WD', 'AU', 'S-1-5-21-1-2-3-1001']
const entry = fc
  .record({
    type: fc.constantFrom('A', 'A', 'D'),
    flags: fc.constantFrom('', '', 'IO'),
    rights: fc.constantFrom('GA', 'GR', 'GW', 'GX', 'GRGX', 'CC'),
    sid: fc.constantFrom(...SIDS),
  })
  .map(({ type, flags, rights, sid }) => `(${type};${flags};${rights};;;${sid})`)
const list = fc.array(entry, { maxLength: 5 }).map((entries) => `D:P${entries.join('')}`)
const token = fc.subarray(SIDS).map((sids) => ({
  sids: new Set([...sids, 'WD', 'AU', 'NU'].map((sid) => fullSid(sid) ?? sid)),
  machineSid: 'S-1-5-21-1-2-3',
}))

it('lets nobody be shut out without a word', () => {
  fc.assert(
    fc.property(list, list, token, (before, after, who) => {
      const may = (text: string, right: string): boolean => mayAccess(parseSddl(text), who, maskOf(right))
      const isShutOut = ['GR', 'GW', 'GX'].some((right) => may(before, right) && !may(after, right))
      if (isShutOut) expect(descriptorEffects(before, after)).toHaveLength(1)
    }),
    { numRuns: 1000 },
  )
})

it('has nothing to say where entries that allow are added', () => {
  fc.assert(
    fc.property(list, fc.array(entry), (before, more) => {
      const allowing = more.filter((text) => text.startsWith('(A'))
      expect(descriptorEffects(before, before)).toEqual([])
      expect(descriptorEffects(before, before + allowing.join(''))).toEqual([])
      expect(descriptorEffects(before, before.replace('D:P', `D:P${allowing.join('')}`))).toEqual([])
    }),
  )
})
