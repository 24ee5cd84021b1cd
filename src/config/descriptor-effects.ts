import {
  GENERIC_ALL,
  GENERIC_PARTS,
  intersection,
  lettersOf,
  union,
  without,
} from '../settings/sddl/access-rights.js'
import { trusteeRights } from '../settings/sddl/change.js'
import { ALLOWING_ACES, DENYING_ACES, type SecurityDescriptor } from '../settings/sddl/descriptor.js'
import { parseSddl } from '../settings/sddl/parse.js'
import { isSameSid, sidName } from '../settings/sddl/security-identifiers.js'
import type { PlanWarning } from './plan.js'

/** Groups that everybody is in who comes over the network with a credential. */
const EVERYBODY = ['WD', 'AU', 'NU'] as const

/**
 * Whether another RootSDDL shuts this client out. Which entries let it in, the host alone knows: it goes by groups. So one
 * that takes nothing from anybody is safe, one that lets nobody in is not, and of all others the client may be a victim.
 * @param strangers SIDs that surely do not let this client in
 */
export function descriptorEffects(
  before: string | undefined,
  after: string | undefined,
  strangers: readonly string[] = [],
): readonly PlanWarning[] {
  if (before === undefined || after === undefined) return []
  const current = descriptorOf(before)
  const next = descriptorOf(after)
  if (current === undefined || next === undefined) return []
  const losers = trusteesOf(current, next).flatMap((trustee) => {
    if (strangers.some((stranger) => isSameSid(stranger, trustee))) return []
    const lost = without(effective(current, trustee), effective(next, trustee))
    return lost === 0 ? [] : [`${lettersOf(lost).join('')} from ${sidName(trustee)}`]
  })
  if (losers.length === 0) return []
  const takes = `It takes ${losers.join(', ')}.`
  const message = isClosed(next)
    ? `The new descriptor lets nobody in. ${takes} This connection would be cut off.`
    : `${takes} If that is what lets this client in, this connection would be cut off.`
  return [{ code: 'disconnects', path: 'service.rootSddl', message, needsForce: true }]
}

/** What is no descriptor says nothing; a new one was checked before. */
function descriptorOf(text: string): SecurityDescriptor | undefined {
  try {
    return parseSddl(text)
  } catch {
    return undefined
  }
}

const entriesOf = ({ dacl }: SecurityDescriptor) => dacl?.entries ?? []

/** Whom either of them names; whom the new one shuts out by name may be anybody. */
function trusteesOf(current: SecurityDescriptor, next: SecurityDescriptor): readonly string[] {
  const named = [
    ...entriesOf(current).filter(({ type }) => ALLOWING_ACES.has(type)),
    ...entriesOf(next).filter(({ type }) => DENYING_ACES.has(type)),
  ].map(({ trustee }) => trustee)
  // Without a list everybody may do everything.
  const all = entriesOf(current).length === 0 && isOpen(current) ? ['WD'] : []
  const trustees = [...named, ...all]
  return trustees.filter(
    (trustee, index) => trustees.findIndex((other) => isSameSid(other, trustee)) === index,
  )
}

const isOpen = ({ dacl }: SecurityDescriptor): boolean =>
  dacl === undefined || dacl.flags.includes('NO_ACCESS_CONTROL')

const isClosed = (descriptor: SecurityDescriptor): boolean =>
  !isOpen(descriptor) && !entriesOf(descriptor).some(({ type }) => ALLOWING_ACES.has(type))

/** The generic rights, which are what the service asks for (MS-WSMV 3.1.4.1.28), by name or as one of everybody. */
function effective(descriptor: SecurityDescriptor, trustee: string): number {
  const rights = [trustee, ...EVERYBODY].map((sid) => trusteeRights(descriptor, sid))
  const sum = (pick: (one: (typeof rights)[number]) => number): number =>
    rights.reduce((mask, one) => union(mask, generic(pick(one))), 0)
  return without(
    sum(({ allowed }) => allowed),
    sum(({ denied }) => denied),
  )
}

const generic = (mask: number): number =>
  intersection(mask, GENERIC_ALL) === 0 ? intersection(mask, GENERIC_PARTS) : GENERIC_PARTS
