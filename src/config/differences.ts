import type { AccessControlList } from '../settings/sddl/descriptor.js'
import { formatSddl } from '../settings/sddl/format.js'
import { parseSddl } from '../settings/sddl/parse.js'
import { isNamed, readValue } from '../settings/read-model.js'
import type { SettingRow, SettingsVersion, SettingTable } from '../settings/rows.js'
import type { XmlElement } from '../xml/element.js'
import { fixedReason, stackOf, type FixedReason } from './fixed-settings.js'
import type { Changes } from '../settings/rewrite-document.js'
import { isHeldByPolicy } from './writable-document.js'

/** A value of a setting. */
export type SettingValue = string | number | boolean

/** One setting that is not as it was asked for. */
export interface SettingDifference {
  /** `service.maxConnections` */
  readonly path: string
  /** Null where the document has no such element. */
  readonly from: SettingValue | null
  readonly to: SettingValue
  /** Why the host will not let it be changed, if so. */
  readonly fixed: FixedReason | undefined
}

/**
 * What would change.
 * @param isHeld whether Group Policy is known to hold the setting with this path, beyond what the document says
 */
export function differencesOf(
  read: XmlElement,
  table: SettingTable,
  desired: Changes,
  prefix: string,
  isHeld: (path: string) => boolean = () => false,
): readonly SettingDifference[] {
  return compare({ read, table, desired, prefix, held: false }, { stack: stackOf(read, table), isHeld })
}

interface Level {
  readonly read: XmlElement | undefined
  readonly table: SettingTable
  readonly desired: Changes
  readonly prefix: string
  readonly held: boolean
}

interface Circumstances {
  readonly stack: SettingsVersion
  readonly isHeld: (path: string) => boolean
}

function compare(level: Level, circumstances: Circumstances): readonly SettingDifference[] {
  const { read, table, desired, prefix } = level
  const outer = level.held || (read !== undefined && isHeldByPolicy(read))
  return Object.entries(desired).flatMap(([name, value]): readonly SettingDifference[] => {
    const entry = Object.hasOwn(table, name) ? table[name] : undefined
    if (entry === undefined || value === undefined) return []
    const path = prefix + name
    const child = read?.elements.find((element) => isNamed(element, entry.wire))
    if ('members' in entry) {
      const inner = { read: child, table: entry.members, desired: value as Changes, prefix: `${path}.` }
      return compare({ ...inner, held: outer }, circumstances)
    }
    const from = child === undefined ? null : (readValue(entry, child.text) ?? null)
    const to = value as SettingValue
    if (from !== null && sameValue(entry, from, to)) return []
    const isHeld = outer || (child !== undefined && isHeldByPolicy(child)) || circumstances.isHeld(path)
    return [{ path, from, to, fixed: isHeld ? 'policy' : fixedReason(entry, circumstances.stack) }]
  })
}

/** Whether they mean the same: thumbprints with blanks and without, choices in any letter case. */
export function sameValue(row: SettingRow, one: SettingValue, other: SettingValue): boolean {
  if (typeof one !== 'string' || typeof other !== 'string') return one === other
  if (row.type === 'choice') return one.toLowerCase() === other.toLowerCase()
  if (row.wire === 'CertificateThumbprint') return bareThumbprint(one) === bareThumbprint(other)
  if (row.wire === 'RootSDDL') return canonicalSddl(one) === canonicalSddl(other)
  return one.trim() === other.trim()
}

/** Hosts write rights in an order of their own. What is no descriptor is compared as it is. */
function canonicalSddl(text: string): string {
  try {
    const { dacl, sacl, ...rest } = parseSddl(text)
    return formatSddl({
      ...rest,
      ...(dacl ? { dacl: inOrder(dacl) } : {}),
      ...(sacl ? { sacl: inOrder(sacl) } : {}),
    })
  } catch {
    return text.trim()
  }
}

function inOrder({ flags, entries }: AccessControlList): AccessControlList {
  return { flags, entries: entries.map((entry) => ({ ...entry, rights: [...entry.rights].sort() })) }
}

export const bareThumbprint = (text: string): string => text.replace(/[^0-9a-f]/gi, '').toLowerCase()
