import { UsageError } from '../../errors/errors.js'
import { lettersOf } from './access-rights.js'
import { maskOf } from './change.js'
import {
  ACE_FLAGS,
  ACE_TYPES,
  CONTROL,
  DATA_ACES,
  OBJECT_ACES,
  type AccessControlEntry,
  type AccessControlList,
  type AceType,
  type AclFlag,
  type SecurityDescriptor,
} from './descriptor.js'
import { fullSid, shortSid, sidText } from './security-identifiers.js'

/**
 * Security descriptors as bytes: self-relative (MS-DTYP 2.4.6), which is how WMI hands them out (`GetSD` and `SetSD` of
 * `__SystemSecurity`).
 */

const HEADER_BYTES = 20
const LIST_HEADER_BYTES = 8
const ENTRY_HEADER_BYTES = 8
const GUID_BYTES = 16
const HAS_OBJECT_TYPE = 0x1
const HAS_INHERITED_OBJECT_TYPE = 0x2
/** Revisions of lists: the second where an entry names object types. */
const PLAIN_LIST = 2
const OBJECT_LIST = 4

/**
 * Reads a self-relative security descriptor. SIDs come as two letters where they have some, conditions as bytes.
 * @throws UsageError where the bytes end too soon or hold what SDDL has no word for
 */
export function decodeSecurityDescriptor(bytes: Uint8Array): SecurityDescriptor {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = slice(data, 0, HEADER_BYTES)
  const bits = header.readUInt16LE(2)
  if (header[0] !== 1 || (bits & CONTROL.selfRelative) === 0) {
    throw malformed('they are no self-relative descriptor of revision 1')
  }
  const [owner, group, sacl, dacl] = [4, 8, 12, 16].map((at) => header.readUInt32LE(at))
  const control = { bits: bits & ~EXPRESSED_BITS, resourceManager: header[1] ?? 0 }
  return {
    ...(owner ? { owner: readSid(data, owner).sid } : {}),
    ...(group ? { group: readSid(data, group).sid } : {}),
    ...((bits & CONTROL.daclPresent) === 0 ? {} : { dacl: readList(data, dacl, bits, CONTROL.dacl) }),
    ...((bits & CONTROL.saclPresent) === 0 ? {} : { sacl: readList(data, sacl, bits, CONTROL.sacl) }),
    ...(control.bits === 0 && control.resourceManager === 0 ? {} : { control }),
  }
}

/**
 * Writes a self-relative security descriptor: the audit list, the access list, the owner and the group, as Windows does.
 * @param options `domainSid`: the SID of the domain or machine that letters such as `DA` and `LA` belong to
 * @throws UsageError for a condition that is known as text only, and for such letters without `domainSid`
 */
export function encodeSecurityDescriptor(
  descriptor: SecurityDescriptor,
  options: { readonly domainSid?: string } = {},
): Uint8Array {
  const { owner, group, dacl, sacl, control } = descriptor
  const header = Buffer.alloc(HEADER_BYTES)
  const parts: Buffer[] = [header]
  let length = HEADER_BYTES
  const append = (part: Buffer | undefined, offsetAt: number): void => {
    if (part === undefined) return
    header.writeUInt32LE(length, offsetAt)
    parts.push(part)
    length += part.length
  }
  append(sacl && writeList(sacl, options.domainSid), 12)
  append(dacl && writeList(dacl, options.domainSid), 16)
  append(owner === undefined ? undefined : writeSid(owner, options.domainSid), 4)
  append(group === undefined ? undefined : writeSid(group, options.domainSid), 8)
  header[0] = 1
  header[1] = control?.resourceManager ?? 0
  header.writeUInt16LE(
    CONTROL.selfRelative |
      (control?.bits ?? 0) |
      (dacl ? CONTROL.daclPresent | flagBits(dacl, CONTROL.dacl) : 0) |
      (sacl ? CONTROL.saclPresent | flagBits(sacl, CONTROL.sacl) : 0),
    2,
  )
  return new Uint8Array(Buffer.concat(parts))
}

type FlagBits = Readonly<Record<Exclude<AclFlag, 'NO_ACCESS_CONTROL'>, number>>

const EXPRESSED_BITS = [
  CONTROL.selfRelative,
  CONTROL.daclPresent,
  CONTROL.saclPresent,
  ...Object.values(CONTROL.dacl),
  ...Object.values(CONTROL.sacl),
].reduce((sum, bit) => sum | bit, 0)

function readList(
  data: Buffer,
  offset: number | undefined,
  bits: number,
  table: FlagBits,
): AccessControlList {
  const flags = flagsIn(table, bits)
  if (!offset) return { flags: [...flags, 'NO_ACCESS_CONTROL'], entries: [] }
  const header = slice(data, offset, LIST_HEADER_BYTES)
  const list = slice(data, offset, header.readUInt16LE(2))
  const entries: AccessControlEntry[] = []
  for (let at = LIST_HEADER_BYTES, left = header.readUInt16LE(4); left > 0; left -= 1) {
    const size = slice(list, at, 4).readUInt16LE(2)
    if (size < ENTRY_HEADER_BYTES) throw malformed(`an entry claims to be ${size} bytes long`)
    entries.push(readEntry(slice(list, at, size)))
    at += size
  }
  return { flags, entries }
}

function readEntry(bytes: Buffer): AccessControlEntry {
  const type = aceType(bytes[0] ?? 0)
  const hasObjects = OBJECT_ACES.has(type)
  const present = hasObjects ? slice(bytes, ENTRY_HEADER_BYTES, 4).readUInt32LE(0) : 0
  let at = ENTRY_HEADER_BYTES + (hasObjects ? 4 : 0)
  const guid = (bit: number): string | undefined => {
    if ((present & bit) === 0) return undefined
    at += GUID_BYTES
    return readGuid(slice(bytes, at - GUID_BYTES, GUID_BYTES))
  }
  const objectType = guid(HAS_OBJECT_TYPE)
  const inheritedObjectType = guid(HAS_INHERITED_OBJECT_TYPE)
  const { sid, end } = readSid(bytes, at)
  const rest = bytes.subarray(end)
  if (rest.length > 0 && !DATA_ACES.has(type))
    throw malformed(`an entry of type ${type} is longer than its SID`)
  return {
    type,
    flags: flagsIn(ACE_FLAGS, bytes[1] ?? 0),
    rights: lettersOf(bytes.readUInt32LE(4), type === 'ML'),
    ...(objectType === undefined ? {} : { objectType }),
    ...(inheritedObjectType === undefined ? {} : { inheritedObjectType }),
    trustee: sid,
    ...(rest.length === 0 ? {} : { data: new Uint8Array(rest) }),
  }
}

function aceType(value: number): AceType {
  const found = Object.entries(ACE_TYPES).find(([, number]) => number === value)
  if (!found) throw malformed(`an entry has the type ${value}, for which SDDL has no letters`)
  return found[0] as AceType
}

function writeList(list: AccessControlList, domainSid: string | undefined): Buffer | undefined {
  if (list.flags.includes('NO_ACCESS_CONTROL')) return undefined
  const entries = list.entries.map((entry) => writeEntry(entry, domainSid))
  const header = Buffer.alloc(LIST_HEADER_BYTES)
  const length = entries.reduce((sum, entry) => sum + entry.length, LIST_HEADER_BYTES)
  if (length > 0xffff) throw new UsageError('A list of a security descriptor has at most 65535 bytes.')
  header[0] = list.entries.some(({ type }) => OBJECT_ACES.has(type)) ? OBJECT_LIST : PLAIN_LIST
  header.writeUInt16LE(length, 2)
  header.writeUInt16LE(entries.length, 4)
  return Buffer.concat([header, ...entries])
}

function writeEntry(entry: AccessControlEntry, domainSid: string | undefined): Buffer {
  const { type, objectType, inheritedObjectType, data } = entry
  if (typeof data === 'string') {
    throw new UsageError(
      `The entry of type ${type} for ${entry.trustee} has ${data}, which cannot be written as bytes.`,
    )
  }
  const present = Buffer.alloc(OBJECT_ACES.has(type) ? 4 : 0)
  if (present.length > 0) {
    const bits = (objectType ? HAS_OBJECT_TYPE : 0) | (inheritedObjectType ? HAS_INHERITED_OBJECT_TYPE : 0)
    present.writeUInt32LE(bits)
  }
  const body = Buffer.concat([
    present,
    ...(objectType === undefined ? [] : [writeGuid(objectType)]),
    ...(inheritedObjectType === undefined ? [] : [writeGuid(inheritedObjectType)]),
    writeSid(entry.trustee, domainSid),
    ...(data === undefined ? [] : [data]),
  ])
  const padding = Buffer.alloc((4 - (body.length % 4)) % 4)
  const header = Buffer.alloc(ENTRY_HEADER_BYTES)
  header[0] = ACE_TYPES[type]
  header[1] = entry.flags.reduce((sum, flag) => sum | ACE_FLAGS[flag], 0)
  header.writeUInt16LE(Math.min(ENTRY_HEADER_BYTES + body.length + padding.length, 0xffff), 2)
  header.writeUInt32LE(maskOf(entry.rights), 4)
  return Buffer.concat([header, body, padding])
}

function readSid(data: Buffer, offset: number): { sid: string; end: number } {
  const head = slice(data, offset, 8)
  const count = head[1] ?? 0
  if (head[0] !== 1 || count > 15) throw malformed('a SID is none of revision 1')
  const parts = slice(data, offset + 8, count * 4)
  const numbers = Array.from({ length: count }, (_, index) => parts.readUInt32LE(index * 4))
  return { sid: shortSid(sidText(head.readUIntBE(2, 6), numbers)), end: offset + 8 + count * 4 }
}

function writeSid(text: string, domainSid: string | undefined): Buffer {
  const sid = fullSid(text, domainSid)
  if (sid === undefined) {
    throw new UsageError(`${text} has no SID of its own.`, {
      hint: 'It belongs to a domain or machine: give its SID as `domainSid`, or write this one in full.',
    })
  }
  const [, , authority = '', ...numbers] = sid.split('-')
  const bytes = Buffer.alloc(8 + numbers.length * 4)
  bytes[0] = 1
  bytes[1] = numbers.length
  bytes.writeUIntBE(Number(authority), 2, 6)
  numbers.forEach((number, index) => bytes.writeUInt32LE(Number(number), 8 + index * 4))
  return bytes
}

/** The first three groups are little-endian. */
function readGuid(bytes: Buffer): string {
  const swapped = Buffer.from(bytes)
  swapped.subarray(0, 4).reverse()
  swapped.subarray(4, 6).reverse()
  swapped.subarray(6, 8).reverse()
  return swapped.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function writeGuid(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex')
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes
}

function flagsIn<Flag extends string>(table: Readonly<Record<Flag, number>>, bits: number): Flag[] {
  return (Object.keys(table) as Flag[]).filter((flag) => (bits & table[flag]) !== 0)
}

function flagBits({ flags }: AccessControlList, table: FlagBits): number {
  return flags.reduce((sum, flag) => sum | (flag === 'NO_ACCESS_CONTROL' ? 0 : table[flag]), 0)
}

function slice(data: Buffer, offset: number, length: number): Buffer {
  if (offset + length > data.length) throw malformed('they end too soon')
  return data.subarray(offset, offset + length)
}

function malformed(what: string): UsageError {
  return new UsageError(`These bytes cannot be read as a security descriptor: ${what}.`)
}
