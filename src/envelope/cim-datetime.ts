import { brand, hasBrand } from '../errors/brand.js'
import { UsageError } from '../errors/errors.js'

/** `yyyymmddhhmmss.mmmmmm+utc`; asterisks stand for fields that are not known (DSP0004 5.2.4). */
const DMTF =
  /^(\d{4}|\*{4})(\d\d|\*\*)(\d\d|\*\*)(\d\d|\*\*)(\d\d|\*\*)(\d\d|\*\*)\.(\d{0,6}\*{0,6})([-+])(\d{3}|\*{3})$/
/** `xs:dateTime` and `xs:date` (XML Schema part 2, 3.2.7 and 3.2.9). */
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(?:(Z)|([-+])(\d\d):(\d\d))?$/

/** The parts of a moment. What is undefined is not known. */
export interface CimDateTimeFields {
  /** 0 to 9999. */
  readonly year?: number | undefined
  /** 1 to 12. */
  readonly month?: number | undefined
  readonly day?: number | undefined
  readonly hour?: number | undefined
  readonly minute?: number | undefined
  readonly second?: number | undefined
  /** 0 to 999999. */
  readonly microsecond?: number | undefined
  /** Minutes east of UTC, -999 to 999. Unknown where a peer gives local time and does not say which. */
  readonly offsetMinutes?: number | undefined
}

/**
 * A CIM datetime that is a moment (DSP0004 5.2.4): microseconds, offset and unknown fields are kept as they came.
 * Compare with `toDate()`, or with `toString()` for exact equality.
 */
export class CimDateTime implements CimDateTimeFields {
  static {
    brand(this, 'CimDateTime')
  }

  /** The form of CIM: 25 characters, asterisks for what is unknown. */
  readonly text: string

  /**
   * Reads `20150226180025.123456+060`, `20150226******.******+***`, `2015-02-26T18:00:25.123456Z` or `2015-02-26`.
   * Digits beyond microseconds, which CIM has no place for, are cut off.
   * @throws UsageError for what is none of these, or no day or time of day
   */
  constructor(text: string) {
    const read = toDmtf(text)
    if (read === undefined) {
      throw new UsageError(`${JSON.stringify(text)} is no CIM datetime.`, {
        hint: 'Write it as 20150226180025.123456+060 or as 2015-02-26T18:00:25.123456+01:00.',
      })
    }
    this.text = read
  }

  /**
   * A moment from a Date, in UTC.
   * @throws UsageError for an invalid Date, and for years that CIM does not know
   */
  static fromDate(date: Date): CimDateTime {
    const year = date.getUTCFullYear()
    if (!(year >= 0 && year <= 9999)) throw new UsageError('CIM knows only the years 0 to 9999.')
    return new CimDateTime(date.toISOString())
  }

  /** Like the constructor, but undefined for what is no datetime. */
  static parse(text: string): CimDateTime | undefined {
    const read = toDmtf(text)
    return read === undefined ? undefined : new CimDateTime(read)
  }

  get year(): number | undefined {
    return this.#number(0, 4)
  }

  get month(): number | undefined {
    return this.#number(4, 6)
  }

  get day(): number | undefined {
    return this.#number(6, 8)
  }

  get hour(): number | undefined {
    return this.#number(8, 10)
  }

  get minute(): number | undefined {
    return this.#number(10, 12)
  }

  get second(): number | undefined {
    return this.#number(12, 14)
  }

  /** 0 to 999999; undefined where any of its digits is unknown. */
  get microsecond(): number | undefined {
    return this.#number(15, 21)
  }

  /** Minutes east of UTC; undefined where unknown. */
  get offsetMinutes(): number | undefined {
    const minutes = this.#number(22, 25)
    return minutes !== undefined && this.text[21] === '-' ? 0 - minutes : minutes
  }

  /** Whether all of it is known but, at most, the offset. */
  get isComplete(): boolean {
    return !this.text.slice(0, 21).includes('*')
  }

  /**
   * The moment, to the millisecond. One whose offset is unknown is taken for UTC.
   * @throws UsageError where fields are unknown; `isComplete` tells
   */
  toDate(): Date {
    if (!this.isComplete) {
      throw new UsageError(`${this.text} is no single moment: some of its fields are unknown.`)
    }
    const { year = 0, month = 1, day, hour = 0, minute = 0, second, microsecond = 0 } = this
    const date = new Date(0)
    date.setUTCFullYear(year, month - 1, day)
    date.setUTCHours(hour, minute - (this.offsetMinutes ?? 0), second, Math.floor(microsecond / 1000))
    return date
  }

  /** ISO 8601 with all six digits of microseconds; undefined where fields are unknown. */
  toIso(): string | undefined {
    if (!this.isComplete) return undefined
    const part = (start: number, end: number): string => this.text.slice(start, end)
    const day = `${part(0, 4)}-${part(4, 6)}-${part(6, 8)}`
    const time = `${part(8, 10)}:${part(10, 12)}:${part(12, 14)}.${part(15, 21)}`
    return `${day}T${time}${this.#zone()}`
  }

  /** The form of CIM, which has a place for everything. */
  toString(): string {
    return this.text
  }

  /** ISO text; in the form of CIM where fields are unknown, which ISO 8601 cannot say. */
  toJSON(): string {
    return this.toIso() ?? this.text
  }

  /** @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `CimDateTime ${this.toJSON()}`
  }

  #zone(): string {
    const minutes = this.offsetMinutes
    if (minutes === undefined) return ''
    if (minutes === 0) return 'Z'
    const size = Math.abs(minutes)
    const two = (value: number): string => String(value).padStart(2, '0')
    return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
  }

  #number(start: number, end: number): number | undefined {
    const digits = this.text.slice(start, end)
    return digits.includes('*') ? undefined : Number(digits)
  }
}

/** Whether `value` is a CimDateTime, whichever build of the package made it. */
export function isCimDateTime(value: unknown): value is CimDateTime {
  return hasBrand(value, 'CimDateTime')
}

function toDmtf(text: string): string | undefined {
  const trimmed = text.trim()
  return fromDmtf(trimmed) ?? fromIso(trimmed)
}

function fromDmtf(text: string): string | undefined {
  const match = text.length === 25 ? DMTF.exec(text) : null
  if (!match) return undefined
  const fields = match.slice(1, 7).map((digits) => (digits.includes('*') ? undefined : Number(digits)))
  return isMoment(fields) ? text : undefined
}

function fromIso(text: string): string | undefined {
  const match = ISO.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, second, fraction, utc, sign, hours, minutes] = match
    .slice(1)
    .map((part: string | undefined) => part)
  const parts = [year, month, day, hour, minute, second]
  if (!isMoment(parts.map((part) => (part === undefined ? undefined : Number(part))))) return undefined
  const offset = Number(hours ?? 0) * 60 + Number(minutes ?? 0)
  if (offset > 14 * 60 || Number(minutes ?? 0) > 59) return undefined
  const known = utc !== undefined || sign !== undefined
  const day8 = `${year ?? ''}${month ?? ''}${day ?? ''}`
  const time =
    hour === undefined
      ? '******.******'
      : `${hour}${minute ?? ''}${second ?? ''}.${(fraction ?? '').padEnd(6, '0').slice(0, 6)}`
  return `${day8}${time}${sign ?? '+'}${known ? String(offset).padStart(3, '0') : '***'}`
}

/** Whether there is such a day and such a time of day, as far as they are told. */
function isMoment([year, month, day, hour, minute, second]: readonly (number | undefined)[]): boolean {
  const within = (value: number | undefined, least: number, most: number): boolean =>
    value === undefined || (value >= least && value <= most)
  return (
    within(month, 1, 12) &&
    within(day, 1, lengthOfMonth(year ?? 2000, month)) &&
    within(hour, 0, 23) &&
    within(minute, 0, 59) &&
    within(second, 0, 59)
  )
}

function lengthOfMonth(year: number, month: number | undefined): number {
  if (month === undefined) return 31
  const last = new Date(0)
  last.setUTCFullYear(year, month, 0)
  return last.getUTCDate()
}
