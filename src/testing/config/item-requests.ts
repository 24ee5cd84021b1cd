import { UsageError } from '../../errors/errors.js'
import { isNamed, readValue } from '../../settings/read-model.js'
import type { SettingTable } from '../../settings/rows.js'
import { assertMembers } from '../../settings/validate.js'
import type { XmlElement } from '../../xml/element.js'
import { NS } from '../../xml/namespaces.js'
import { invalidSelectors, schemaValidation, unsupportedFeature } from '../faults.js'
import { EndpointFault, type EndpointRequest } from '../message.js'
import { originalSelectors } from '../selector-text.js'

/**
 * The values of the selectors that name an item, in the order of their names.
 * @param what for messages: `A listener`
 * @throws EndpointFault where one is missing or there are others
 */
export function keyValues(
  { headers }: EndpointRequest,
  names: readonly string[],
  what: string,
): readonly string[] {
  const selectors = originalSelectors(headers)
  const known = names.map((name) => name.toLowerCase())
  const surplus = [...selectors.keys()].find((name) => !known.includes(name))
  if (surplus !== undefined) {
    throw invalidSelectors('UnexpectedSelectors', `${what} has no selector ${surplus}.`)
  }
  return known.map((name) => {
    const value = selectors.get(name)
    if (value !== undefined) return value.trim()
    throw invalidSelectors('InsufficientSelectors', `${what} is named by ${names.join(', ')}.`)
  })
}

/** How the document of an item looks. */
export interface ItemSchema {
  /** The root element. */
  readonly wire: string
  /** Of all elements, in lower case. Where there are several, a document has one of them. */
  readonly namespaces: readonly string[]
  readonly table: SettingTable
}

/**
 * The members that a document has, by their names in the table, in the types of their rows where they can be read so.
 * @param refuse may refuse an element in its own way
 * @throws EndpointFault for what does not fit the schema
 */
export function readItem(
  body: readonly XmlElement[],
  { wire, namespaces, table }: ItemSchema,
  refuse: (element: XmlElement) => void = () => undefined,
): Record<string, string | number | boolean> {
  const [root] = body
  const namespace = root?.name.namespace.toLowerCase() ?? ''
  if (!root || body.length > 1 || !isNamed(root, wire) || !namespaces.includes(namespace)) {
    throw schemaValidation(`The body is one element ${wire} in the namespace ${namespaces.join(' or ')}.`)
  }
  const members: Record<string, string | number | boolean> = {}
  for (const child of root.elements) {
    refuse(child)
    const [name, row] = Object.entries(table).find(([, entry]) => isNamed(child, entry.wire)) ?? []
    const isFitting = child.elements.length === 0 && child.name.namespace.toLowerCase() === namespace
    if (name === undefined || !row || 'members' in row || name in members || !isFitting) {
      throw schemaValidation(`${wire} has no element ${child.name.local}, or one only, in its namespace.`)
    }
    members[name] = readValue(row, child.text) ?? child.text
  }
  return members
}

/** @throws EndpointFault SchemaValidationError naming the member that is wrong */
export function assertSchema(table: SettingTable, members: object, name: string): void {
  try {
    assertMembers(table, members, name)
  } catch (error) {
    if (error instanceof UsageError) throw schemaValidation(error.message)
    throw error
  }
}

/** @param which what was looked for: `listener with Address * and Transport HTTP` */
export const itemNotFound = (which: string): EndpointFault =>
  new EndpointFault(`There is no ${which}.`, {
    code: 'Sender',
    subcode: 'a:DestinationUnreachable',
    faultDetail: 'ResourceNotFound',
    wsmanCode: 0x80338000,
  })

export const itemExists = (which: string): EndpointFault =>
  new EndpointFault(`There is a ${which} already.`, {
    code: 'Sender',
    subcode: 'w:AlreadyExists',
    wsmanCode: 0x80338033,
  })

/** Only classes can be filtered (MS-WSMV 3.1.4.1.13). */
export function assertNoFilter(enumerate: XmlElement): void {
  if (!enumerate.child(NS.wsman, 'Filter') && !enumerate.child(NS.enumeration, 'Filter')) return
  throw new EndpointFault('Configuration cannot be filtered.', {
    code: 'Sender',
    subcode: 'n:FilteringNotSupported',
    wsmanCode: 0x80338018,
  })
}

/** Of what is configured, only listeners are enumerated by reference (MS-WSMV 3.1.4.1.17). */
export function assertObjectMode(enumerate: XmlElement): void {
  const mode = enumerate.childText(NS.wsman, 'EnumerationMode')?.trim() ?? 'EnumerateObject'
  if (mode === 'EnumerateObject') return
  throw unsupportedFeature('EnumerationMode', ENUMERATION_MODE_UNSUPPORTED, `${mode} is not supported here.`)
}

/** ERROR_WSMAN_ENUMERATION_MODE_UNSUPPORTED. */
const ENUMERATION_MODE_UNSUPPORTED = 0x80338086
