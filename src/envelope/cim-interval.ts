import { brand, hasBrand } from '../errors/brand.js'
import { UsageError } from '../errors/errors.js'

/** `ddddddddhhmmss.mmmmmm:000`; asterisks stand for fields that are not known (DSP0004 5.2.4). */
const DMTF = /^(\d{8}|\*{8})(\d\d|\*\*)(\d\d|\*\*)(\d\d|\*\*)\.(\d{0,6}\*{0,6}):000$/
/** `xs:duration` (XML Schema part 2, 3.2.6). */
const ISO = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?$/

const MAX_DAYS = 99_999_999n
const SECONDS_OF_DAY = 86_400n

/** The parts of an interval. What is undefined is not known. */
export interface CimIntervalFields {
  /** 0 to 99999999. */
  readonly days?: number | undefined
  /** 0 to 23. */
  readonly hours?: number | undefined
  /** 0 to 59. */
  readonly minutes?: number | undefined
  /** 0 to 59. */
  readonly seconds?: number | undefined
  /** 0 to 999999. */
  readonly microseconds?: number | undefined
}

/** A CIM datetime that is an interval (DSP0004 5.2.4): a length of time, to the microsecond. */
export class CimInterval implements CimIntervalFields {
  static {
    brand(this, 'CimInterval')
  }

  /** The form of CIM: 25 characters, asterisks for what is unknown. */
  readonly text: string

  /**
   * Reads `00000012010203.000456:000` or `P12DT1H2M3.000456S`. Digits beyond microseconds are cut off.
   * @throws UsageError for anything else, years and months included, whose length is not fixed
   */
  constructor(text: string) {
    const read = toDmtf(text)
    if (read === undefined) {
      throw new UsageError(`${JSON.stringify(text)} is no CIM interval.`, {
        hint: 'Write it as 00000012010203.000456:000 or as P12DT1H2M3.000456S.',
      })
    }
    this.text = read
  }

  /** @throws UsageError for what is negative, no number, or longer than 99999999 days */
  static fromMilliseconds(milliseconds: number): CimInterval {
    const text = Number.isFinite(milliseconds)
      ? fromMicroseconds(BigInt(Math.round(milliseconds * 1000)))
      : undefined
    if (text === undefined) throw new UsageError(`CIM has no interval of ${milliseconds} ms.`)
    return new CimInterval(text)
  }

  /** Like the constructor, but undefined for what is no interval. */
  static parse(text: string): CimInterval | undefined {
    const read = toDmtf(text)
    return read === undefined ? undefined : new CimInterval(read)
  }

  get days(): number | undefined {
    return this.#number(0, 8)
  }

  get hours(): number | undefined {
    return this.#number(8, 10)
  }

  get minutes(): number | undefined {
    return this.#number(10, 12)
  }

  get seconds(): number | undefined {
    return this.#number(12, 14)
  }

  /** 0 to 999999; undefined where any of its digits is unknown. */
  get microseconds(): number | undefined {
    return this.#number(15, 21)
  }

  /** Whether all of it is known. */
  get isComplete(): boolean {
    return !this.text.includes('*')
  }

  /**
   * The length in milliseconds, with microseconds behind the point.
   * @throws UsageError where fields are unknown; `isComplete` tells
   */
  toMilliseconds(): number {
    if (!this.isComplete) throw new UsageError(`${this.text} is no single length: fields are unknown.`)
    const { days = 0, hours = 0, minutes = 0, seconds = 0, microseconds = 0 } = this
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + microseconds / 1000
  }

  /** ISO 8601, as in `P12DT1H2M3.000456S`; undefined where fields are unknown. */
  toIso(): string | undefined {
    if (!this.isComplete) return undefined
    const { days, hours, minutes, seconds } = this
    const fraction = this.text.slice(15, 21).replace(/0+$/, '')
    return `P${days ?? 0}DT${hours ?? 0}H${minutes ?? 0}M${seconds ?? 0}${fraction === '' ? '' : `.${fraction}`}S`
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
    return `CimInterval ${this.toJSON()}`
  }

  #number(start: number, end: number): number | undefined {
    const digits = this.text.slice(start, end)
    return digits.includes('*') ? undefined : Number(digits)
  }
}

/** Whether `value` is a CimInterval, whichever build of the package made it. */
export function isCimInterval(value: unknown): value is CimInterval {
  return hasBrand(value, 'CimInterval')
}

function toDmtf(text: string): string | undefined {
  const trimmed = text.trim()
  return fromDmtf(trimmed) ?? fromIso(trimmed)
}

function fromDmtf(text: string): string | undefined {
  const match = text.length === 25 ? DMTF.exec(text) : null
  if (!match) return undefined
  const [hours, minutes, seconds] = match.slice(2, 5).map((digits) => Number(digits.replace('**', '0')))
  return (hours ?? 0) < 24 && (minutes ?? 0) < 60 && (seconds ?? 0) < 60 ? text : undefined
}

/** Peers write more than 59 minutes, and years and months that are 0. */
function fromIso(text: string): string | undefined {
  const match = /[PT]$/.test(text) ? null : ISO.exec(text)
  if (!match) return undefined
  const [years, months, days, hours, minutes, seconds] = match
    .slice(1, 7)
    .map((digits: string | undefined) => BigInt(digits ?? 0))
  if (years || months) return undefined
  const whole = (((days ?? 0n) * 24n + (hours ?? 0n)) * 60n + (minutes ?? 0n)) * 60n + (seconds ?? 0n)
  const fraction = (match[7] ?? '').padEnd(6, '0').slice(0, 6)
  return fromMicroseconds(whole * 1_000_000n + BigInt(fraction))
}

function fromMicroseconds(total: bigint): string | undefined {
  const seconds = total / 1_000_000n
  const days = seconds / SECONDS_OF_DAY
  if (total < 0n || days > MAX_DAYS) return undefined
  const digits = (value: bigint, length: number): string => String(value).padStart(length, '0')
  const rest = seconds % SECONDS_OF_DAY
  const time = [rest / 3600n, (rest / 60n) % 60n, rest % 60n].map((part) => digits(part, 2)).join('')
  return `${digits(days, 8)}${time}.${digits(total % 1_000_000n, 6)}:000`
}
