import { intersection, lettersOf, without } from './access-rights.js'
import { maskOf } from './change.js'
import type {
  AccessControlEntry,
  AccessControlList,
  AceFlag,
  AceType,
  SecurityDescriptor,
} from './descriptor.js'
import { parseSddl } from './parse.js'
import { sidName } from './security-identifiers.js'

/** What a descriptor guards, which decides what its rights mean. */
export type SecuredObject = 'winrm' | 'wmi-namespace'

/**
 * Says in words what a security descriptor means, one line for each fact: accounts by name, rights by what they allow.
 * @param sddl its text, or what `parseSddl` made of it
 * @param object what it guards: WinRM or one of its plug-ins (MS-WSMV 3.1.4.1.28), or a WMI namespace
 * @throws UsageError for malformed text
 * @example
 * explainSddl('O:NSG:BAD:P(A;;GR;;;IU)')
 * // Owner: NT AUTHORITY\Network Service
 * // Group: BUILTIN\Administrators
 * // Access, nothing inherited:
 * //   allows NT AUTHORITY\Interactive to read (get, enumerate, pull, release, subscribe)
 */
export function explainSddl(sddl: string | SecurityDescriptor, object: SecuredObject = 'winrm'): string {
  const { owner, group, dacl, sacl } = typeof sddl === 'string' ? parseSddl(sddl) : sddl
  return [
    owner === undefined ? 'No owner.' : `Owner: ${sidName(owner)}`,
    group === undefined ? 'No group.' : `Group: ${sidName(group)}`,
    ...explainAccess(dacl, object),
    ...(sacl === undefined ? ['Nothing is audited.'] : explainList('Audit', sacl, object)),
  ].join('\n')
}

function explainAccess(dacl: AccessControlList | undefined, object: SecuredObject): string[] {
  if (dacl === undefined || dacl.flags.includes('NO_ACCESS_CONTROL')) {
    return ['No access list: everybody may do everything.']
  }
  const lines = explainList('Access', dacl, object)
  return dacl.entries.length === 0 ? [...lines, '  nobody may do anything'] : lines
}

function explainList(title: string, list: AccessControlList, object: SecuredObject): string[] {
  const inheritance = [
    ...(list.flags.includes('P') ? ['nothing inherited'] : []),
    ...(list.flags.includes('AI') ? ['inherited entries included'] : []),
    ...(list.flags.includes('AR') ? ['to be inherited by children'] : []),
  ]
  const heading = [title, ...inheritance].join(', ')
  return [`${heading}:`, ...list.entries.map((entry) => `  ${explainEntry(entry, object)}`)]
}

const VERBS: Readonly<Record<AceType, readonly [verb: string, link: string]>> = {
  A: ['allows', 'to'],
  OA: ['allows', 'to'],
  XA: ['allows', 'to'],
  ZA: ['allows', 'to'],
  D: ['denies', 'to'],
  OD: ['denies', 'to'],
  XD: ['denies', 'to'],
  AU: ['audits', 'on trying to'],
  OU: ['audits', 'on trying to'],
  XU: ['audits', 'on trying to'],
  AL: ['raises an alarm for', 'on trying to'],
  OL: ['raises an alarm for', 'on trying to'],
  ML: ['labels the object', 'which processes below it may not'],
  RA: ['gives the object an attribute for', 'with the mask to'],
  SP: ['applies the central policy', 'with the mask to'],
  TL: ['labels the object', 'whose callers below it may at most'],
  FL: ['filters the access of', 'to at most'],
}

const FLAG_WORDS: Readonly<Record<Exclude<AceFlag, 'SA' | 'FA'>, string>> = {
  OI: 'inherited by objects below',
  CI: 'inherited by containers below',
  NP: 'inherited one level deep only',
  IO: 'not on the object itself',
  ID: 'inherited from above',
  CR: 'critical',
}

function explainEntry(entry: AccessControlEntry, object: SecuredObject): string {
  const [verb, link] = VERBS[entry.type]
  const subject = [outcome(entry.flags), verb, sidName(entry.trustee), link].filter((word) => word !== '')
  const remarks = [
    ...entry.flags.flatMap((flag) => (flag === 'SA' || flag === 'FA' ? [] : [FLAG_WORDS[flag]])),
    ...(entry.objectType === undefined ? [] : [`for the object type ${entry.objectType}`]),
    ...(entry.inheritedObjectType === undefined
      ? []
      : [`inherited by objects of type ${entry.inheritedObjectType}`]),
    ...dataRemark(entry),
  ]
  const what = explainRights(maskOf(entry.rights), entry.type === 'ML' ? LABEL_WORDS : WORDS[object])
  return [[...subject, what].join(' '), ...remarks].join('; ')
}

function outcome(flags: readonly AceFlag[]): string {
  const success = flags.includes('SA')
  const failure = flags.includes('FA')
  if (success && failure) return 'always'
  return success ? 'on success' : failure ? 'on failure' : ''
}

function dataRemark({ type, data }: AccessControlEntry): string[] {
  if (data === undefined) return []
  const written = typeof data === 'string' ? data : `${data.length} bytes`
  return [`${type === 'RA' ? 'the attribute is' : 'on the condition'} ${written}`]
}

type Words = readonly (readonly [mask: number, words: string])[]

const GENERIC_WORDS: Words = [
  [0x1000_0000, 'do everything'],
  [0x8000_0000, 'read'],
  [0x4000_0000, 'write'],
  [0x2000_0000, 'execute'],
]
const STANDARD_WORDS: Words = [
  [0x0001_0000, 'delete the object'],
  [0x0002_0000, 'read the security descriptor'],
  [0x0004_0000, 'change the access list'],
  [0x0008_0000, 'take ownership'],
  [0x0010_0000, 'wait for it'],
]
const LABEL_WORDS: Words = [
  [0x1, 'write'],
  [0x2, 'read'],
  [0x4, 'execute'],
]
const WORDS: Readonly<Record<SecuredObject, Words>> = {
  winrm: [
    [0x1000_0000, 'do everything'],
    [0x8000_0000, 'read (get, enumerate, pull, release, subscribe)'],
    [0x4000_0000, 'write (put, create, delete)'],
    [0x2000_0000, 'execute (shells, methods and every other action)'],
    ...STANDARD_WORDS,
  ],
  'wmi-namespace': [
    ...GENERIC_WORDS,
    [0x01, 'use the namespace'],
    [0x02, 'execute methods'],
    [0x04, 'write everything (full repository write)'],
    [0x08, 'write static instances (partial repository write)'],
    [0x10, 'write through providers'],
    [0x20, 'do so remotely'],
    [0x40, 'subscribe to events'],
    [0x80, 'publish events'],
    ...STANDARD_WORDS,
  ],
}

function explainRights(mask: number, words: Words): string {
  const found = words.filter(([bit]) => intersection(mask, bit) !== 0)
  const rest = found.reduce((left, [bit]) => without(left, bit), mask)
  const phrases = found.map(([, phrase]) => phrase)
  if (rest !== 0) phrases.push(`use the rights ${lettersOf(rest).join('')}`)
  if (phrases.length === 0) return 'do nothing'
  const last = phrases.pop() ?? ''
  return phrases.length === 0 ? last : `${phrases.join(', ')} and ${last}`
}
