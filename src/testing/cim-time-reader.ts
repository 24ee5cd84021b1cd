import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { parseDmtf } from './wql/dmtf-datetime.js'

/** Elements around dates and times (DSP0230 9.2.2). */
const WRAPPERS: ReadonlySet<string> = new Set(['Datetime', 'Interval', 'Date', 'Time', 'CIM_DateTime'])

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?(Z|([-+])(\d\d):(\d\d))?$/
const INTERVAL = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6})\d*)?S)?)?$/

/** The element around a date or time, where there is one. */
export function timeWrapper(element: XmlElement): XmlElement | undefined {
  return element.elements.find(({ name }) => name.namespace === NS.cim && WRAPPERS.has(name.local))
}

/**
 * A time in the form of CIM (DSP0004 5.2.4), from that or from the forms of XML.
 * @returns undefined for what is neither, and for what CIM cannot say
 */
export function toDmtf(text: string): string | undefined {
  if (parseDmtf(text)) return text
  const timestamp = TIMESTAMP.exec(text)
  if (timestamp) return fromTimestamp(timestamp)
  const interval = /[PT]$/.test(text) ? undefined : INTERVAL.exec(text)
  return interval ? fromInterval(interval) : undefined
}

function fromTimestamp([, ...parts]: RegExpExecArray): string | undefined {
  const [
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = '',
    zone,
    sign = '+',
    hours = '0',
    minutes = '0',
  ] = parts
  const date = [year, month, day, hour, minute, second].join('')
  const offset = digits(Number(hours) * 60 + Number(minutes), 3)
  // Without a zone nobody knows the offset, which CIM can say (DSP0004 5.2.4).
  const text = `${date}.${fraction.padEnd(6, '0')}${sign}${zone === undefined ? '***' : offset}`
  return isMoment(parts) ? text : undefined
}

/** Date takes the 30th of February for a day in March. */
function isMoment([year, month, day, hour, minute, second]: readonly (string | undefined)[]): boolean {
  const text = `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}`
  const date = new Date(`${text}Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

function fromInterval([, ...parts]: RegExpExecArray): string | undefined {
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts
    .slice(0, 4)
    .map((part: string | undefined) => Number(part ?? 0))
  const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
  const [wholeDays, rest] = [Math.floor(total / 86_400), total % 86_400]
  if (wholeDays > 99_999_999) return undefined
  const time = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map((part) => digits(part, 2))
  return `${digits(wholeDays, 8)}${time.join('')}.${(parts[4] ?? '').padEnd(6, '0')}:000`
}

const digits = (value: number, length: number): string => String(value).padStart(length, '0')
