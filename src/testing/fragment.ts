import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { assertSameKeys, withoutKeys } from './class-changes.js'
import { invalidProperties } from './class-faults.js'
import type { RegisteredProperty } from './registered-class.js'
import { isScalar, scalarXml } from './cim-value-writer.js'
import type { Found } from './instance-finder.js'
import type { InstanceWriter } from './instance-writer.js'
import { EndpointFault } from './message.js'
import type { PropertyReader } from './property-reader.js'
import type { EndpointInstance, EndpointValue } from './types.js'
import { memberOf } from './wql/values.js'

/** A property, one element of an array, or the text of either: what is used of XPath level 1 (DSP0226 annex D.1). */
const PATH = /^(?:\.\/)?(?:\w+:)?([A-Za-z_]\w*)(?:\[(\d+)\])?(\/text\(\))?$/

/** What a path names. */
interface Fragment {
  readonly property: RegisteredProperty
  /** Counted from 1 (XPath 1.0, 2.4), among the elements that are written. */
  readonly position: number | undefined
  readonly isText: boolean
}

/**
 * `w:XmlFragment` with the part of an instance that a path names (MS-WSMV 3.1.4.1.18).
 * @throws EndpointFault for a path that begins with a slash, is not understood, or names nothing
 */
export function fragmentOf(writer: InstanceWriter, found: Found, path: string): string {
  const { property, position, isText } = parsePath(found, path)
  const value = memberOf(found.instance, property.name)
  const part = position === undefined ? value : (itemsOf(value)[indexIn(value, position)] ?? null)
  const content = isText ? textOf(part, path, property) : writer.fragment(found.registered, property, part)
  return `<w:XmlFragment xmlns:xsi="${NS.xsi}">${content}</w:XmlFragment>`
}

/**
 * What a Put changes that sends the part a path names in `w:XmlFragment`: its elements, or its text.
 * @throws EndpointFault for such paths, and for content that is no value of the property
 */
export function fragmentChange(
  reader: PropertyReader,
  found: Found,
  path: string,
  [body]: readonly XmlElement[],
): EndpointInstance {
  const { property, position, isText } = parsePath(found, path)
  if (!body?.is(NS.wsman, 'XmlFragment')) throw invalidProperties('The body holds no XmlFragment.')
  const { name } = property
  if (body.elements.some((element) => element.name.local.toLowerCase() !== name.toLowerCase())) {
    throw invalidProperties(`The fragment holds something else than ${name}.`)
  }
  const current = memberOf(found.instance, name)
  const isPart = isText || position !== undefined
  const target = isPart ? { ...property, array: false } : property
  if (isText && property.array && position === undefined) throw cannotProcess(`${path} names several texts.`)
  const sent = isText
    ? reader.text(target, body.text)
    : reader.property(found.registered, target, elementsIn(body, name))
  const changed = position === undefined ? sent : itemsOf(current).with(indexIn(current, position), sent)
  const properties = { [name]: changed }
  assertSameKeys(found, properties)
  return withoutKeys(found.registered, properties)
}

function parsePath({ registered }: Found, path: string): Fragment {
  const [matched, name = '', position, text] = PATH.exec(path.trim()) ?? []
  if (matched === undefined) throw cannotProcess(`The path ${path} is more than the endpoint understands.`)
  const property = registered.properties.find((entry) => entry.name.toLowerCase() === name.toLowerCase())
  if (!property) throw cannotProcess(`${registered.name} has no property ${name}.`)
  return {
    property,
    position: position === undefined ? undefined : Number(position),
    isText: text !== undefined,
  }
}

function elementsIn(fragment: XmlElement, name: string): readonly XmlElement[] {
  if (fragment.elements.length > 0) return fragment.elements
  throw invalidProperties(`The fragment holds no ${name}.`)
}

function itemsOf(value: EndpointValue): readonly EndpointValue[] {
  if (!Array.isArray(value)) return [value]
  const items: readonly EndpointValue[] = value
  return items.filter((item) => item !== null)
}

function indexIn(value: EndpointValue, position: number): number {
  if (position >= 1 && position <= itemsOf(value).length) return position - 1
  throw cannotProcess(`There is no element at position ${position}.`)
}

function textOf(value: EndpointValue, path: string, { type }: RegisteredProperty): string {
  if (value === null) return ''
  if (isScalar(value) && !(value instanceof Date) && type !== 'datetime') return scalarXml(value, type, '')
  throw cannotProcess(`What ${path} names has no text of its own.`)
}

function cannotProcess(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:CannotProcessFilter',
    wsmanCode: 0x80338122,
  })
}
