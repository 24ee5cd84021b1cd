import { intersection } from '../settings/sddl/access-rights.js'
import { grantRights, maskOf, revokeRights, trusteeRights } from '../settings/sddl/change.js'
import type { AceFlag, SecurityDescriptor } from '../settings/sddl/descriptor.js'
import { parseSddl } from '../settings/sddl/parse.js'
import type { Account } from './accounts.js'

/** What is done to descriptors, one after another. */
export interface DescriptorChange {
  readonly apply: (descriptor: SecurityDescriptor) => SecurityDescriptor
  /** In a sentence, for whom reads a plan. */
  readonly describe: (object: string) => string
  /** What keeps the changed descriptor from meaning what it should. */
  readonly doubt: (changed: SecurityDescriptor) => string | undefined
}

/** A descriptor as a host tells it; undefined for none, and for what is malformed. */
export function readDescriptor(sddl: string | undefined): SecurityDescriptor | undefined {
  if (sddl === undefined || sddl.trim() === '') return undefined
  try {
    return parseSddl(sddl)
  } catch {
    return undefined
  }
}

/** @param rights by name: letters of SDDL, unless `mask` says what they stand for */
export function granting(
  { name, sid }: Account,
  rights: readonly string[],
  { mask = maskOf(rights), flags = [] }: { readonly mask?: number; readonly flags?: readonly AceFlag[] } = {},
): DescriptorChange {
  return {
    apply: (descriptor) => grantRights(descriptor, { trustee: sid, rights: mask, flags }),
    describe: (object) => `${name} gets the rights ${rights.join(', ')} to ${object}.`,
    doubt: (changed) =>
      intersection(trusteeRights(changed, sid).denied, mask) === 0
        ? undefined
        : `an entry denies ${name} some of the rights, and wins`,
  }
}

export function revoking({ name, sid }: Account): DescriptorChange {
  return {
    apply: (descriptor) => revokeRights(descriptor, { trustee: sid }),
    describe: (object) => `${name} loses its own rights to ${object}.`,
    doubt: (changed) =>
      trusteeRights(changed, sid).allowed === 0
        ? undefined
        : `${name} still has the rights that are inherited from above, or everybody has them`,
  }
}
