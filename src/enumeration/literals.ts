import { CimDateTime, isCimDateTime } from '../envelope/cim-datetime.js'
import { isCimInterval, type CimInterval } from '../envelope/cim-interval.js'
import { UsageError } from '../errors/errors.js'

/** What can stand in the templates of filters. Dates become CIM datetimes in text. */
export type FilterValue = string | number | bigint | boolean | null | Date | CimDateTime | CimInterval

/** Writes one kind of value in a query language. */
export interface LiteralSyntax {
  readonly name: string
  text(value: string): string
  boolean(value: boolean): string
  /** Undefined for a language without one. */
  readonly null: string | undefined
}

/** Quotes, with a backslash before quotes and backslashes inside (WQL; CQL, DSP0202). */
const backslashed = (value: string): string => `'${value.replace(/[\\']/g, '\\$&')}'`
const keyword = (value: boolean): string => (value ? 'TRUE' : 'FALSE')

export const WQL: LiteralSyntax = { name: 'WQL', text: backslashed, boolean: keyword, null: 'NULL' }
export const CQL: LiteralSyntax = { name: 'CQL', text: backslashed, boolean: keyword, null: 'NULL' }

/** XPath 1.0 has no escapes, and level 1 (DSP0226 annex D.1) has no functions to do without. */
export const XPATH: LiteralSyntax = {
  name: 'XPath',
  text: (value) => {
    if (!value.includes("'")) return `'${value}'`
    if (!value.includes('"')) return `"${value}"`
    throw new UsageError('XPath has no literal for a text with both kinds of quotes.')
  },
  boolean: (value) => `'${String(value)}'`,
  null: undefined,
}

/** Joins the parts of a template with its values between, as literals. @throws UsageError for what has no literal */
export function fillTemplate(
  syntax: LiteralSyntax,
  parts: readonly string[],
  values: readonly FilterValue[],
): string {
  return parts.reduce((query, part, index) => query + literal(syntax, values[index - 1]) + part)
}

function literal(syntax: LiteralSyntax, value: FilterValue | undefined): string {
  switch (typeof value) {
    case 'string':
      return syntax.text(value)
    case 'boolean':
      return syntax.boolean(value)
    case 'number':
      if (!Number.isFinite(value)) throw new UsageError(`${syntax.name} has no literal for ${value}.`)
      return String(value)
    case 'bigint':
      return String(value)
    default:
      return objectLiteral(syntax, value)
  }
}

function objectLiteral(
  syntax: LiteralSyntax,
  value: Date | CimDateTime | CimInterval | null | undefined,
): string {
  if (value === null && syntax.null !== undefined) return syntax.null
  if (isCimDateTime(value) || isCimInterval(value)) return syntax.text(value.toString())
  if (value instanceof Date) return syntax.text(CimDateTime.fromDate(value).toString())
  throw new UsageError(
    `A value in a ${syntax.name} query must be a string, a number, a boolean, a date${syntax.null === undefined ? '' : ' or null'}.`,
  )
}
