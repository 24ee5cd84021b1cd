import { without } from './access-rights.js'
import { maskOf, reach } from './change.js'
import { ALLOWING_ACES, DENYING_ACES, type SecurityDescriptor } from './descriptor.js'
import { fullSid } from './security-identifiers.js'

/** Who asks: an account and what it belongs to. */
export interface Token {
  /** SIDs in full. */
  readonly sids: ReadonlySet<string>
  /** What letters such as `LA` are relative to. */
  readonly machineSid: string
}

/**
 * Whether a descriptor allows everything that is wanted, entry by entry as Windows decides it (MS-DTYP 2.5.3.2): what is
 * allowed first is not denied later. Conditions cannot be evaluated here, and so never allow and always deny.
 * @param wanted a mask
 */
export function mayAccess({ dacl }: SecurityDescriptor, token: Token, wanted: number): boolean {
  if (dacl === undefined || dacl.flags.includes('NO_ACCESS_CONTROL')) return true
  let missing = wanted
  for (const { type, flags, trustee, rights, data } of dacl.entries) {
    const sid = fullSid(trustee, token.machineSid)
    if (flags.includes('IO') || sid === undefined || !token.sids.has(sid)) continue
    const left = without(missing, reach(maskOf(rights)))
    if (DENYING_ACES.has(type) && left !== missing) return false
    if (ALLOWING_ACES.has(type) && data === undefined) missing = left
    if (missing === 0) return true
  }
  return missing === 0
}
