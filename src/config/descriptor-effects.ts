import { intersection, lettersOf, rightValue, union } from '../settings/sddl/access-rights.js'
import { maskOf, reach } from '../settings/sddl/change.js'
import { ALLOWING_ACES, DENYING_ACES } from '../settings/sddl/descriptor.js'
import { isSameSid, sidName } from '../settings/sddl/security-identifiers.js'
import { readDescriptor } from './descriptor-change.js'
import type { PlanWarning } from './plan.js'

/** The rights that the service asks for (MS-WSMV 3.1.4.1.28). */
const RIGHTS = ['GR', 'GW', 'GX'].map((letters) => rightValue(letters) ?? 0)

/** Groups that everybody is in who comes over the network with a credential. */
const EVERYBODY = ['WD', 'AU', 'NU']

/**
 * Whether another RootSDDL shuts this client out. Which entry lets it in, the host alone knows: it goes by groups. So one
 * that takes nothing from anybody is safe, one that lets nobody in is not, and of all others the client may be a victim.
 * @param strangers SIDs that surely are not those of this client
 */
export function descriptorEffects(
  before: string | undefined,
  after: string | undefined,
  strangers: readonly string[] = [],
): readonly PlanWarning[] {
  const current = before === undefined ? undefined : entriesOf(before, true)
  const next = after === undefined ? undefined : entriesOf(after, false)
  if (current === undefined || next === undefined) return []
  const isStranger = ({ sid }: Entry): boolean => strangers.some((stranger) => isSameSid(stranger, sid))
  const losses = lossesOf(
    current,
    next.filter((entry) => entry.allows || !isStranger(entry)),
    isStranger,
  )
  if (losses.length === 0) return []
  const what = `The new descriptor ${losses.join(', ')}.`
  const message = next.some(({ allows }) => allows)
    ? `${what} If that is what lets this client in, this connection would be cut off.`
    : `${what} It lets nobody in; this connection would be cut off.`
  return [{ code: 'disconnects', path: 'service.rootSddl', message, needsForce: true }]
}

/** An entry that allows or denies, in the order in which they are asked. */
interface Entry {
  readonly allows: boolean
  readonly sid: string
  readonly mask: number
}

/**
 * What is no descriptor says nothing; a new one was checked before.
 * @param hopeful whether conditions, which cannot be evaluated here, count as fulfilled where they allow
 */
function entriesOf(text: string, hopeful: boolean): readonly Entry[] | undefined {
  const descriptor = text.trim() === '' ? {} : readDescriptor(text)
  if (!descriptor) return undefined
  const { dacl } = descriptor
  // Without a list everybody may do everything.
  if (dacl === undefined || dacl.flags.includes('NO_ACCESS_CONTROL')) {
    return [{ allows: true, sid: 'WD', mask: RIGHTS.reduce(union) }]
  }
  return dacl.entries.flatMap(({ type, flags, trustee: sid, rights, data }): Entry[] => {
    if (flags.includes('IO')) return []
    const mask = reach(maskOf(rights))
    // The other way round a condition that denies is one that may not.
    if (DENYING_ACES.has(type)) return data === undefined || !hopeful ? [{ allows: false, sid, mask }] : []
    return ALLOWING_ACES.has(type) && (data === undefined || hopeful) ? [{ allows: true, sid, mask }] : []
  })
}

/**
 * In words, what somebody may no longer do: for each entry that lets somebody in, whether there is still one, and what
 * denies before that one and did not before the other.
 */
function lossesOf(
  current: readonly Entry[],
  next: readonly Entry[],
  isStranger: (entry: Entry) => boolean,
): readonly string[] {
  const taken = new Map<string, number>()
  const denied = new Map<string, number>()
  const note = (losses: Map<string, number>, sid: string, right: number): void => {
    losses.set(sid, union(losses.get(sid) ?? 0, right))
  }
  for (const right of RIGHTS) {
    const concerns = ({ mask }: Entry): boolean => intersection(mask, right) !== 0
    const now = current.filter(concerns)
    const then = next.filter(concerns)
    for (const [index, entry] of now.entries()) {
      if (!entry.allows || isStranger(entry)) continue
      const place = then.findIndex(({ allows, sid }) => allows && isCovered(entry.sid, sid))
      if (place === -1) note(taken, entry.sid, right)
      const old = now.slice(0, index).filter(({ allows }) => !allows)
      for (const { allows, sid } of then.slice(0, Math.max(place, 0))) {
        if (!allows && !old.some((one) => isSameSid(one.sid, sid))) note(denied, sid, right)
      }
    }
  }
  return [
    ...[...taken].map(([sid, rights]) => `takes ${lettersOf(rights).join('')} from ${sidName(sid)}`),
    ...[...denied].map(([sid, rights]) => `denies ${lettersOf(rights).join('')} to ${sidName(sid)}`),
  ]
}

/** Whether whoever has the one SID has the other. */
const isCovered = (sid: string, by: string): boolean => isSameSid(sid, by) || EVERYBODY.includes(by)
