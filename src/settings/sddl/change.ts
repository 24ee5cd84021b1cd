import { UsageError } from '../../errors/errors.js'
import {
  GENERIC_ALL,
  GENERIC_PARTS,
  intersection,
  isRight,
  lettersOf,
  rightValue,
  union,
  without,
} from './access-rights.js'
import {
  ALLOWING_ACES,
  DENYING_ACES,
  type AccessControlEntry,
  type AceFlag,
  type SecurityDescriptor,
} from './descriptor.js'
import { canonicalSid, isSameSid } from './security-identifiers.js'

/** Whom to give rights to, or to take them from. */
export interface RightsChange {
  /** A SID: two letters (`RM`) or in full. Account names are the server's to look up. */
  readonly trustee: string
  /** Letters (`['GR', 'GX']`, `'GRGX'`) or a mask. */
  readonly rights: readonly string[] | string | number
}

/** Rights to give, and to which children they are to go on. */
export interface RightsGrant extends RightsChange {
  /** For containers such as WMI namespaces: `['CI']` hands the rights on to what lies below. Default none. */
  readonly flags?: readonly AceFlag[]
}

/**
 * The descriptor with the rights given to the trustee: added to an entry of its own where there is one, else by an entry
 * behind the others that are not inherited. Entries that deny stay, and go before; `trusteeRights` tells them. A
 * descriptor without a DACL lets everybody in already and stays as it is.
 * @throws UsageError for what is no SID or no right
 */
export function grantRights(descriptor: SecurityDescriptor, grant: RightsGrant): SecurityDescriptor {
  const trustee = checkedSid(grant.trustee)
  const mask = maskOf(grant.rights)
  const { dacl } = descriptor
  if (dacl === undefined || dacl.flags.includes('NO_ACCESS_CONTROL')) return descriptor
  const flags = grant.flags ?? []
  const own = dacl.entries.findIndex(
    (entry) => entry.type === 'A' && isSameSid(entry.trustee, trustee) && isSameSet(entry.flags, flags),
  )
  const before = dacl.entries[own]
  if (before !== undefined && without(mask, reach(maskOf(before.rights))) === 0) return descriptor
  const entries = [...dacl.entries]
  if (before === undefined) {
    const inherited = entries.findIndex((entry) => entry.flags.includes('ID'))
    const entry: AccessControlEntry = { type: 'A', flags, rights: lettersOf(mask), trustee }
    entries.splice(inherited === -1 ? entries.length : inherited, 0, entry)
  } else {
    entries[own] = { ...before, rights: lettersOf(union(maskOf(before.rights), mask)) }
  }
  return { ...descriptor, dacl: { ...dacl, entries } }
}

/**
 * The descriptor without what its DACL allows the trustee: the rights that are named, or all. Inherited entries stay,
 * because they come back from where they are inherited from. What groups of the trustee are allowed stays.
 * @throws UsageError for what is no SID or no right, and where a single right would have to be taken out of GA
 */
export function revokeRights(
  descriptor: SecurityDescriptor,
  revoked: Pick<RightsChange, 'trustee'> & Partial<RightsChange>,
): SecurityDescriptor {
  const trustee = checkedSid(revoked.trustee)
  const mask = revoked.rights === undefined ? undefined : maskOf(revoked.rights)
  const { dacl } = descriptor
  if (dacl === undefined) return descriptor
  const entries = dacl.entries.flatMap((entry): AccessControlEntry[] => {
    const own =
      ALLOWING_ACES.has(entry.type) && isSameSid(entry.trustee, trustee) && !entry.flags.includes('ID')
    if (!own) return [entry]
    if (mask === undefined) return []
    const before = maskOf(entry.rights)
    const left = takeFrom(before, mask)
    if (left === before) return [entry]
    return left === 0 ? [] : [{ ...entry, rights: lettersOf(left) }]
  })
  return { ...descriptor, dacl: { ...dacl, entries } }
}

/** What a DACL says about one trustee by name, as masks; what its groups may do is not in it. */
export interface TrusteeRights {
  readonly allowed: number
  /** What is denied wins over what is allowed. */
  readonly denied: number
}

/** @throws UsageError for what is no SID */
export function trusteeRights(descriptor: SecurityDescriptor, trustee: string): TrusteeRights {
  const sid = checkedSid(trustee)
  const { dacl } = descriptor
  if (dacl === undefined || dacl.flags.includes('NO_ACCESS_CONTROL')) {
    return { allowed: 0xffff_ffff, denied: 0 }
  }
  const sum = (types: ReadonlySet<string>): number =>
    dacl.entries
      .filter((entry) => types.has(entry.type) && isSameSid(entry.trustee, sid))
      .filter((entry) => !entry.flags.includes('IO'))
      .reduce((mask, entry) => union(mask, maskOf(entry.rights)), 0)
  return { allowed: sum(ALLOWING_ACES), denied: sum(DENYING_ACES) }
}

/**
 * The mask that rights stand for.
 * @throws UsageError for what is no right
 */
export function maskOf(rights: readonly string[] | string | number): number {
  if (typeof rights === 'number') {
    if (Number.isInteger(rights) && rights >= 0 && rights <= 0xffff_ffff) return rights
    throw new UsageError(`${rights} is no mask of 32 bits.`)
  }
  const list = typeof rights === 'string' && !/^\d/.test(rights) ? (rights.match(/.{1,2}/g) ?? []) : rights
  return [list].flat().reduce((mask, right) => {
    const value = isRight(right.toUpperCase()) ? rightValue(right.toUpperCase()) : rightValue(right)
    if (value === undefined) throw new UsageError(`${JSON.stringify(right)} is no right.`)
    return union(mask, value)
  }, 0)
}

function takeFrom(before: number, taken: number): number {
  if (intersection(before, GENERIC_ALL) === 0) return without(before, reach(taken))
  if (intersection(taken, GENERIC_ALL) !== 0) return 0
  if (without(taken, GENERIC_PARTS) !== 0) {
    throw new UsageError(`${lettersOf(taken).join('')} cannot be taken out of GA alone.`, {
      hint: 'Revoke GA, and grant what is to stay.',
    })
  }
  return taken === 0 ? before : without(union(without(before, GENERIC_ALL), GENERIC_PARTS), taken)
}

/** The bits that are as good as granted: `GA` is everything. */
export const reach = (mask: number): number => (intersection(mask, GENERIC_ALL) === 0 ? mask : 0xffff_ffff)

const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one) => b.includes(one))

function checkedSid(text: string): string {
  const sid = canonicalSid(text)
  if (sid !== undefined) return sid
  throw new UsageError(`${JSON.stringify(text)} is no SID.`, {
    hint: 'Write two letters such as RM, or the SID in full: S-1-5-32-580.',
  })
}
