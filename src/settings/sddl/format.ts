import { UsageError } from '../../errors/errors.js'
import type { AccessControlEntry, AccessControlList, SecurityDescriptor } from './descriptor.js'

/**
 * Writes a security descriptor as text (MS-DTYP 2.5.1). What `parseSddl` read comes out as it stood, but for white
 * space and the case of letters.
 * @throws UsageError for an entry whose condition is known as bytes only
 */
export function formatSddl(descriptor: SecurityDescriptor): string {
  const { owner, group, dacl, sacl } = descriptor
  return [
    owner === undefined ? '' : `O:${owner}`,
    group === undefined ? '' : `G:${group}`,
    dacl === undefined ? '' : `D:${formatList(dacl)}`,
    sacl === undefined ? '' : `S:${formatList(sacl)}`,
  ].join('')
}

function formatList({ flags, entries }: AccessControlList): string {
  return flags.join('') + entries.map(formatEntry).join('')
}

function formatEntry(entry: AccessControlEntry): string {
  const { type, flags, rights, objectType = '', inheritedObjectType = '', trustee, data } = entry
  if (data !== undefined && typeof data !== 'string') {
    throw new UsageError(
      `The entry of type ${type} for ${trustee} has a condition in bytes, which cannot be written as SDDL.`,
    )
  }
  const fields = [type, flags.join(''), rights.join(''), objectType, inheritedObjectType, trustee]
  return `(${(data === undefined ? fields : [...fields, data]).join(';')})`
}
