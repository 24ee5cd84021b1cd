import fc from 'fast-check'
import {
  ACE_FLAGS,
  ACE_TYPES,
  DATA_ACES,
  OBJECT_ACES,
  type AccessControlEntry,
  type AccessControlList,
  type AceFlag,
  type AceType,
  type SecurityDescriptor,
} from '../../../../src/settings/sddl/descriptor.js'
import { SID_LETTERS } from '../../../../src/settings/sddl/security-identifiers.js'

const uint32 = fc.nat(0xffff_ffff)

const fullSid = fc
  .tuple(
    fc.oneof(fc.nat(0xff), fc.integer({ min: 2 ** 32, max: 2 ** 48 - 1 })),
    fc.array(uint32, { maxLength: 15 }),
  )
  .map(([authority, parts]) => {
    const written = authority < 2 ** 32 ? String(authority) : `0x${authority.toString(16).padStart(12, '0')}`
    return ['S-1', written, ...parts].join('-')
  })

export const sid = fc.oneof(fc.constantFrom(...SID_LETTERS), fullSid)

const letters = fc.subarray(
  'CC DC LC SW RP WP DT LO CR SD RC WD WO GA GX GW GR FA FR FW FX KA KR KW KX NW NR NX'.split(' '),
)
export const rights = fc.oneof(
  letters.chain((list) => fc.shuffledSubarray(list, { minLength: list.length })),
  uint32.map((mask) => [`0x${mask.toString(16)}`]),
)

const condition = fc
  .tuple(
    fc.constantFrom('Title', '@User.Title', 'Member_of {SID(BA)}'),
    fc.stringMatching(/^[ -!#-~]{0,12}$/),
  )
  .map(([name, text]) => `(${name} == "${text}" && (!(Project Any_of {"a","b"})))`)

const flags = fc.shuffledSubarray(Object.keys(ACE_FLAGS) as AceFlag[])

const entry: fc.Arbitrary<AccessControlEntry> = fc
  .constantFrom(...(Object.keys(ACE_TYPES) as AceType[]))
  .chain((type) =>
    fc.record(
      {
        type: fc.constant(type),
        flags,
        rights,
        trustee: sid,
        ...(OBJECT_ACES.has(type) ? { objectType: fc.uuid(), inheritedObjectType: fc.uuid() } : {}),
        ...(DATA_ACES.has(type) ? { data: condition } : {}),
      },
      { requiredKeys: ['type', 'flags', 'rights', 'trustee'] },
    ),
  )

const list: fc.Arbitrary<AccessControlList> = fc.record({
  flags: fc.shuffledSubarray(['P', 'AR', 'AI', 'NO_ACCESS_CONTROL'] as const),
  entries: fc.array(entry, { maxLength: 6 }),
})

/** Every descriptor that SDDL can write. */
export const descriptor: fc.Arbitrary<SecurityDescriptor> = fc.record(
  { owner: sid, group: sid, dacl: list, sacl: list },
  { requiredKeys: [] },
)
