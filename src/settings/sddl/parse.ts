import { UsageError } from '../../errors/errors.js'
import { isRight, rightValue } from './access-rights.js'
import {
  ACE_FLAGS,
  ACE_TYPES,
  DATA_ACES,
  isKey,
  OBJECT_ACES,
  type AccessControlEntry,
  type AccessControlList,
  type AceFlag,
  type AclFlag,
  type SecurityDescriptor,
} from './descriptor.js'
import { canonicalSid } from './security-identifiers.js'

/**
 * Reads a security descriptor, such as `service.rootSddl` (MS-DTYP 2.5.1). Letters may be of either case, white space
 * may stand between all parts. Conditions and resource attributes are kept as they are written.
 * @throws UsageError that says at which character the text is malformed, counted from 1
 */
export function parseSddl(text: string): SecurityDescriptor {
  const cursor = new Cursor(text)
  const parts: { -readonly [Part in 'owner' | 'group' | 'dacl' | 'sacl']?: SecurityDescriptor[Part] } = {}
  while (!cursor.skipSpace().atEnd) {
    const start = cursor.position
    const label = cursor
      .take(/[OGDS]:/iy)
      ?.charAt(0)
      .toUpperCase()
    if (label === undefined) throw cursor.malformed('O:, G:, D: or S: should stand here', start)
    const part = PARTS[label as keyof typeof PARTS]
    if (part in parts) throw cursor.malformed(`${label}: stands here a second time`, start)
    if (part === 'owner' || part === 'group') parts[part] = readSid(cursor)
    else parts[part] = readList(cursor)
  }
  return parts
}

const PARTS = { O: 'owner', G: 'group', D: 'dacl', S: 'sacl' } as const

const LIST_FLAGS: readonly AclFlag[] = ['NO_ACCESS_CONTROL', 'AR', 'AI', 'P']

function readSid(cursor: Cursor): string {
  cursor.skipSpace()
  const start = cursor.position
  const text = cursor.take(/S-1-(?:0x[0-9a-f]{1,12}|\d+)(?:-\d+)*|[a-z]{2}(?!:)/iy) ?? ''
  return sidFrom(text, cursor, start)
}

function sidFrom(text: string, cursor: Cursor, start: number): string {
  const sid = canonicalSid(text)
  if (sid !== undefined) return sid
  const wrong = text === '' ? 'a SID is missing' : `${JSON.stringify(text)} is no SID`
  throw cursor.malformed(`${wrong}: two letters such as BA, or S-1-… in full`, start)
}

function readList(cursor: Cursor): AccessControlList {
  const flags: AclFlag[] = []
  for (;;) {
    cursor.skipSpace()
    const rest = cursor.ahead(17).toUpperCase()
    const flag = LIST_FLAGS.find((one) => rest.startsWith(one) && !rest.startsWith(`${one}:`))
    if (flag === undefined) break
    if (flags.includes(flag)) throw cursor.malformed(`${flag} stands here a second time`)
    flags.push(flag)
    cursor.position += flag.length
  }
  const entries: AccessControlEntry[] = []
  while (cursor.ahead(1) === '(') {
    entries.push(readEntry(cursor))
    cursor.skipSpace()
  }
  return { flags, entries }
}

interface Field {
  readonly text: string
  readonly start: number
}

function readEntry(cursor: Cursor): AccessControlEntry {
  const fields: Field[] = []
  let last: string
  do {
    cursor.position += 1
    const start = cursor.position
    const text = (cursor.take(/[^;()]*/y) ?? '').replace(/\s+/g, '')
    fields.push({ text, start })
    last = cursor.ahead(1)
  } while (last === ';' && fields.length < 6)
  const [type, flags, rights, objectType, inheritedObjectType, trustee] = fields
  if (!type || !flags || !rights || !objectType || !inheritedObjectType || !trustee) {
    throw cursor.malformed(
      'an entry has six fields: (type;flags;rights;object;inherited object;SID); here it ends',
    )
  }
  const aceType = type.text.toUpperCase()
  if (!isKey(ACE_TYPES, aceType)) {
    throw cursor.malformed(
      `${JSON.stringify(type.text)} is no type of an entry: ${Object.keys(ACE_TYPES).join(', ')}`,
      type.start,
    )
  }
  const objects = OBJECT_ACES.has(aceType)
  const entry = {
    type: aceType,
    flags: readFlags(flags, cursor),
    rights: readRights(rights, cursor),
    ...readGuid('objectType', objectType, objects, cursor),
    ...readGuid('inheritedObjectType', inheritedObjectType, objects, cursor),
    trustee: sidFrom(trustee.text, cursor, trustee.start),
  }
  const data = readData(cursor, DATA_ACES.has(aceType) ? undefined : aceType)
  if (cursor.ahead(1) !== ')') throw cursor.malformed('the entry should end here with )')
  cursor.position += 1
  return data === undefined ? entry : { ...entry, data }
}

function readFlags(field: Field, cursor: Cursor): AceFlag[] {
  return pairs(field.text).map((letters) => {
    if (isKey(ACE_FLAGS, letters)) return letters
    const known = Object.keys(ACE_FLAGS).join(', ')
    throw cursor.malformed(`${JSON.stringify(letters)} is no flag of an entry: ${known}`, field.start)
  })
}

function readRights(field: Field, cursor: Cursor): string[] {
  if (/^\d/.test(field.text)) {
    if (rightValue(field.text) !== undefined) return [field.text.toLowerCase()]
    throw cursor.malformed(`${JSON.stringify(field.text)} is no mask of 32 bits`, field.start)
  }
  return pairs(field.text).map((letters) => {
    if (isRight(letters)) return letters
    throw cursor.malformed(`${JSON.stringify(letters)} is no right, such as GA, GR, GW or GX`, field.start)
  })
}

const pairs = (text: string): string[] => text.toUpperCase().match(/.{1,2}/g) ?? []

function readGuid<Name extends string>(
  name: Name,
  field: Field,
  allowed: boolean,
  cursor: Cursor,
): Partial<Record<Name, string>> {
  if (field.text === '') return {}
  if (!allowed)
    throw cursor.malformed('only object entries (OA, OD, OU, OL, ZA) name an object type', field.start)
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(field.text)) {
    throw cursor.malformed(`${JSON.stringify(field.text)} is no GUID`, field.start)
  }
  // A record with one member of that name.
  return { [name]: field.text.toLowerCase() } as Partial<Record<Name, string>>
}

/** A condition or resource attribute, from its opening parenthesis to the one that closes it. */
function readData(cursor: Cursor, plainType: string | undefined): string | undefined {
  if (cursor.ahead(1) !== ';') return undefined
  if (plainType !== undefined) throw cursor.malformed(`an entry of type ${plainType} ends with its SID`)
  cursor.position += 1
  cursor.skipSpace()
  const start = cursor.position
  if (cursor.ahead(1) !== '(') throw cursor.malformed('a condition or resource attribute begins here with (')
  let depth = 0
  do {
    const token = cursor.take(/[()]|"[^"]*"|[^()"]+/y)
    if (token === undefined) throw cursor.malformed('( is never closed', start)
    depth += token === '(' ? 1 : token === ')' ? -1 : 0
  } while (depth > 0)
  const data = cursor.since(start)
  cursor.skipSpace()
  return data
}

class Cursor {
  readonly #text: string
  position = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.position >= this.#text.length
  }

  ahead(length: number): string {
    return this.#text.slice(this.position, this.position + length)
  }

  since(start: number): string {
    return this.#text.slice(start, this.position)
  }

  /** What the sticky pattern matches here. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position
    const match = pattern.exec(this.#text)?.[0]
    this.position += match?.length ?? 0
    return match
  }

  skipSpace(): this {
    this.take(/\s+/y)
    return this
  }

  malformed(what: string, at = this.position): UsageError {
    return new UsageError(`The SDDL is malformed at character ${at + 1}: ${what}.`)
  }
}
