import { NS } from '../xml/namespaces.js'
import type { Found } from './instance-finder.js'
import type { InstanceWriter } from './instance-writer.js'
import { isScalar, scalarXml } from './cim-value-writer.js'
import { EndpointFault } from './message.js'
import type { EndpointValue } from './types.js'
import { memberOf } from './wql/values.js'

/** A property, one element of an array, or the text of either: what is used of XPath level 1 (DSP0226 annex D.1). */
const PATH = /^(?:\.\/)?(?:\w+:)?([A-Za-z_]\w*)(?:\[(\d+)\])?(\/text\(\))?$/

/**
 * `w:XmlFragment` with the part of an instance that a path names (MS-WSMV 3.1.4.1.18).
 * @throws EndpointFault for a path that begins with a slash, is not understood, or names nothing
 */
export function fragmentOf(writer: InstanceWriter, { registered, instance }: Found, path: string): string {
  const [matched, name = '', position, text] = PATH.exec(path.trim()) ?? []
  if (matched === undefined) throw cannotProcess(`The path ${path} is more than the endpoint understands.`)
  const property = registered.properties.find((entry) => entry.name.toLowerCase() === name.toLowerCase())
  if (!property) throw cannotProcess(`${registered.name} has no property ${name}.`)
  const value = pick(memberOf(instance, property.name), position)
  const content =
    text === undefined ? writer.fragment(registered, property, value) : textOf(value, path, property.type)
  return `<w:XmlFragment xmlns:xsi="${NS.xsi}">${content}</w:XmlFragment>`
}

/** Positions count from 1 (XPath 1.0, 2.4), among the elements that are written. */
function pick(value: EndpointValue, position: string | undefined): EndpointValue {
  if (position === undefined) return value
  const list: readonly EndpointValue[] = Array.isArray(value)
    ? value.filter((item) => item !== null)
    : [value]
  const item = list[Number(position) - 1]
  if (item === undefined) throw cannotProcess(`There is no element at position ${position}.`)
  return item
}

function textOf(value: EndpointValue, path: string, type: Parameters<typeof scalarXml>[1]): string {
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
