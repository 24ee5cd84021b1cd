import { escapeText } from '../xml/escape.js'
import { printable } from './printable.js'
import type { CimType, EndpointValue } from './types.js'

const TIMESTAMP = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([-+])(\d{3})$/
const INTERVAL = /^(\d{8})(\d\d)(\d\d)(\d\d)\.(\d{6}):000$/

type Scalar = string | number | bigint | boolean | Date

/**
 * The content of a property's element for a value that is no instance, reference or array (DSP0230 9.2.2).
 * @param prefix what stands before the names of the elements around times: `cim:`, or nothing inside fragments
 */
export function scalarXml(value: Scalar, type: CimType, prefix: string): string {
  if (value instanceof Date) return wrap(prefix, 'Datetime', dateText(value))
  if (type === 'datetime') return datetimeXml(String(value), prefix)
  return escapeText(printable(typeof value === 'number' ? numberText(value) : String(value)))
}

/** XML Schema has other words than JavaScript for infinity, and tells -0 from 0 (part 2, 3.2.5). */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value).replace('Infinity', 'INF')
}

export function isScalar(value: EndpointValue): value is Scalar {
  return typeof value !== 'object' || value instanceof Date
}

/** Times are given in the form of CIM (DSP0004 5.2.4) or already in that of XML. */
function datetimeXml(text: string, prefix: string): string {
  const timestamp = TIMESTAMP.exec(text)
  if (timestamp) return wrap(prefix, 'Datetime', timestampText(timestamp))
  const interval = INTERVAL.exec(text)
  if (interval) return wrap(prefix, 'Interval', intervalText(interval))
  // A time of which some fields are unknown has no form in XML.
  const name = /^[\d*.]+[-+:][\d*]{3}$/.test(text)
    ? 'CIM_DateTime'
    : text.startsWith('P')
      ? 'Interval'
      : 'Datetime'
  return wrap(prefix, name, text)
}

function timestampText(match: RegExpExecArray): string {
  const [, year, month, day, hour, minute, second, micros = '', sign = '', offset = ''] = match
  const minutes = Number(offset)
  const zone = minutes === 0 ? 'Z' : `${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
  return `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}${fraction(micros)}${zone}`
}

function intervalText(match: RegExpExecArray): string {
  const [days, hours, minutes, seconds] = match.slice(1, 5).map(Number)
  return `P${days ?? 0}DT${hours ?? 0}H${minutes ?? 0}M${seconds ?? 0}${fraction(match[5] ?? '')}S`
}

function dateText(date: Date): string {
  const [whole = '', millis = ''] = date.toISOString().slice(0, -1).split('.')
  return `${whole}${fraction(millis)}Z`
}

/** As many digits as say something; none for a whole second. */
function fraction(digits: string): string {
  const needed = digits.replace(/0+$/, '')
  return needed === '' ? '' : `.${needed}`
}

const two = (value: number): string => String(value).padStart(2, '0')
const wrap = (prefix: string, name: string, text: string): string =>
  `<${prefix}${name}>${escapeText(printable(text))}</${prefix}${name}>`
