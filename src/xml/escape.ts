import { UsageError } from '../errors/errors.js'

/** What XML 1.0 cannot carry, not even as a character reference (production 2, Char), lone surrogates included. */
const FORBIDDEN =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

const NAME_START =
  'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}'
/** XML 1.0, productions 4 and 4a, without the colon. */
const NAME = new RegExp(`^[${NAME_START}][-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040${NAME_START}]*$`, 'u')

/** What most values consist of: nothing to escape, nothing forbidden. */
const HARMLESS = /^[ !#-%'-;=?-~]*$/

/** A bare CR would come back as LF (XML 1.0, 2.11), so it is written as a reference. */
const TEXT_SPECIAL = /[&<>\r]/g
const ATTRIBUTE_SPECIAL = /[&<>"\t\n\r]/g

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

const reference = (character: string): string => REFERENCES[character] ?? character

/** @throws UsageError for a character that XML 1.0 cannot carry */
export function assertCarriable(value: string): void {
  const match = FORBIDDEN.exec(value)
  if (!match) return
  const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  throw new UsageError(`XML cannot carry the character U+${code} at position ${match.index} of the text.`)
}

/** @throws UsageError for a character that XML 1.0 cannot carry */
export function escapeText(value: string): string {
  if (HARMLESS.test(value)) return value
  assertCarriable(value)
  return value.replace(TEXT_SPECIAL, reference)
}

/** @throws UsageError for a character that XML 1.0 cannot carry */
export function escapeAttribute(value: string): string {
  if (HARMLESS.test(value)) return value
  assertCarriable(value)
  return value.replace(ATTRIBUTE_SPECIAL, reference)
}

/** @throws UsageError for what cannot name an element or attribute (Namespaces in XML, NCName) */
export function assertName(name: string): void {
  if (!NAME.test(name)) throw new UsageError(`${JSON.stringify(name)} cannot be the name of an XML element.`)
}
