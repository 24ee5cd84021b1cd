import { UsageError } from '../errors/errors.js'
import type { Selectors } from '../envelope/endpoint-reference.js'
import type { SelectorFilter, TextFilter } from '../operations/enumerate.js'

/** The dialect URIs of filters (MS-WSMV 3.1.4.1.13). */
export const DIALECT = {
  wql: 'http://schemas.microsoft.com/wbem/wsman/1/WQL',
  selector: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter',
} as const

/** What can stand in a `wql` template. */
export type WqlValue = string | number | bigint | boolean | null

/**
 * A WQL query. Interpolated values are escaped: text becomes a quoted literal, so nothing in it can end the literal.
 *
 * @example wql`SELECT Name FROM Win32_Service WHERE StartMode = ${'Auto'}`
 * @throws UsageError for a value that WQL has no literal for
 */
export function wql(parts: TemplateStringsArray, ...values: readonly WqlValue[]): TextFilter {
  const text = parts.reduce((query, part, index) => query + literal(values[index - 1]) + part)
  return { dialect: DIALECT.wql, text }
}

/**
 * The instances whose properties have exactly these values, joined by "and". For class URIs only, never for `*`.
 *
 * @throws UsageError for a value with quotes, which services refuse (MS-WSMV 3.1.4.1.13)
 */
export function selectorFilter(selectors: Selectors): SelectorFilter {
  for (const [name, value] of Object.entries(selectors)) {
    if (typeof value === 'object')
      throw new UsageError(`The selector ${name} of a filter cannot be a reference.`)
    if (/["']/.test(String(value)))
      throw new UsageError(`The selector ${name} of a filter cannot hold quotes.`)
  }
  return { dialect: DIALECT.selector, selectors }
}

function literal(value: WqlValue | undefined): string {
  switch (typeof value) {
    case 'string':
      return `'${value.replace(/[\\']/g, '\\$&')}'`
    case 'boolean':
      return value ? 'TRUE' : 'FALSE'
    case 'number':
      if (!Number.isFinite(value)) throw new UsageError(`WQL has no literal for ${value}.`)
      return String(value)
    case 'bigint':
      return String(value)
    default:
      if (value === null) return 'NULL'
      throw new UsageError('A value in a WQL query must be a string, a number, a boolean or null.')
  }
}
