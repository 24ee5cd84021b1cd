const TIMESTAMP = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\.(\d{6})([-+]\d{3})$/
/** Timestamps whose unknown fields are asterisks, and intervals, which end in `:000` (DSP0004 5.2.4). */
const PARTIAL = /^[\d*]{14}\.[\d*]{6}(?:[-+](?:\d{3}|\*{3})|:000)$/

/** A CIM datetime ready for comparison. */
export interface DmtfDateTime {
  readonly text: string
  /** Microseconds since 1970 in UTC; undefined for intervals and incomplete timestamps. */
  readonly micros: bigint | undefined
}

/** Reads `yyyymmddHHMMSS.mmmmmmsUUU` or an interval `ddddddddHHMMSS.mmmmmm:000`; undefined for anything else. */
export function parseDmtf(text: string): DmtfDateTime | undefined {
  const match = TIMESTAMP.exec(text)
  if (match === null) return PARTIAL.test(text) ? { text, micros: undefined } : undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micro = 0, offset = 0] = match
    .slice(1)
    .map(Number)
  const utc = new Date(0)
  // Date.UTC would read the years 0 to 99 as 1900 to 1999.
  utc.setUTCFullYear(year, month - 1, day)
  utc.setUTCHours(hour, minute - offset, second)
  return { text, micros: BigInt(utc.getTime()) * 1000n + BigInt(micro) }
}

/** A Date as DMTF text in UTC; undefined for an invalid one. */
export function fromDate(date: Date): DmtfDateTime | undefined {
  if (Number.isNaN(date.getTime())) return undefined
  const digits = date.toISOString().replace(/\D/g, '')
  return { text: `${digits.slice(0, 14)}.${digits.slice(14)}000+000`, micros: BigInt(date.getTime()) * 1000n }
}

/** Negative, zero or positive. Moments compare as moments whatever their offsets, all else as text. */
export function compareDateTimes(left: DmtfDateTime, right: DmtfDateTime): number {
  const [a, b] =
    left.micros !== undefined && right.micros !== undefined
      ? [left.micros, right.micros]
      : [left.text, right.text]
  return a < b ? -1 : a > b ? 1 : 0
}
