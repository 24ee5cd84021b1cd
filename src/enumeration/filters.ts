import { isEndpointReference, type Selectors } from '../envelope/endpoint-reference.js'
import { UsageError } from '../errors/errors.js'
import type { SelectorFilter, TextFilter } from '../operations/filters.js'
import { CQL, fillTemplate, WQL, XPATH, type FilterValue, type LiteralSyntax } from './literals.js'

/** The dialect URIs of filters (MS-WSMV 3.1.4.1.13, DSP0226 8.3, DSP0227 8). */
export const DIALECT = {
  wql: 'http://schemas.microsoft.com/wbem/wsman/1/WQL',
  cql: 'http://schemas.dmtf.org/wbem/cql/1/dsp0202.pdf',
  xpath: 'http://www.w3.org/TR/1999/REC-xpath-19991116',
  selector: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter',
  association: 'http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter',
} as const

/** What can stand in a `wql` template. */
export type WqlValue = FilterValue

/**
 * A WQL query. Interpolated values are escaped: text becomes a quoted literal, so nothing in it can end the literal,
 * and a date becomes a datetime.
 *
 * @example wql`SELECT Name FROM Win32_Service WHERE StartMode = ${'Auto'}`
 * @throws UsageError for a value that WQL has no literal for
 */
export function wql(parts: TemplateStringsArray, ...values: readonly WqlValue[]): TextFilter {
  return { dialect: DIALECT.wql, text: fillTemplate(WQL, parts, values) }
}

/**
 * Text that a LIKE pattern of WQL matches literally: `%`, `_` and `[` in it are no wildcards.
 *
 * @example wql`SELECT * FROM Win32_Process WHERE Name LIKE ${escapeLike(prefix) + '%'}`
 */
export function escapeLike(text: string): string {
  return text.replace(/[%_[]/g, '[$&]')
}

/**
 * A query in the CIM Query Language (DSP0202), which some DMTF services know. As a template its values are escaped like
 * those of `wql`; as a string it is sent as it stands.
 * @throws UsageError for a value that CQL has no literal for
 */
export function cql(text: string): TextFilter
export function cql(parts: TemplateStringsArray, ...values: readonly FilterValue[]): TextFilter
export function cql(given: string | TemplateStringsArray, ...values: readonly FilterValue[]): TextFilter {
  return textFilter(DIALECT.cql, CQL, given, values)
}

/**
 * An XPath expression (DSP0226 annex D), which Windows takes at level 1. As a template its values are written as
 * literals; as a string it is sent as it stands.
 * @throws UsageError for a value that XPath has no literal for: null, and text with both kinds of quotes
 */
export function xpath(text: string): TextFilter
export function xpath(parts: TemplateStringsArray, ...values: readonly FilterValue[]): TextFilter
export function xpath(given: string | TemplateStringsArray, ...values: readonly FilterValue[]): TextFilter {
  return textFilter(DIALECT.xpath, XPATH, given, values)
}

function textFilter(
  dialect: string,
  syntax: LiteralSyntax,
  given: string | TemplateStringsArray,
  values: readonly FilterValue[],
): TextFilter {
  return { dialect, text: typeof given === 'string' ? given : fillTemplate(syntax, given, values) }
}

/**
 * The instances whose properties have exactly these values, joined by "and". For class URIs only, never for `*`.
 *
 * @throws UsageError for a reference, and for a value with quotes, which services refuse (MS-WSMV 3.1.4.1.13)
 */
export function selectorFilter(selectors: Selectors): SelectorFilter {
  for (const [name, value] of Object.entries(selectors)) {
    if (isEndpointReference(value) || typeof value === 'object')
      throw new UsageError(`The selector ${name} of a filter cannot be a reference.`)
    if (/["']/.test(String(value)))
      throw new UsageError(`The selector ${name} of a filter cannot hold quotes.`)
  }
  return { dialect: DIALECT.selector, selectors }
}
