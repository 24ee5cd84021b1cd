import { UsageError } from '../errors/errors.js'

/** What XML 1.0 cannot carry, not even as a character reference (production 2, Char), lone surrogates included. */
const FORBIDDEN =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

const NAME = /^[A-Za-z_\u00C0-\uFFFD][-.\w\u00B7\u00C0-\uFFFD]*$/

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
function assertCarriable(value: string): void {
  const match = FORBIDDEN.exec(value)
  if (!match) return
  const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  throw new UsageError(`XML cannot carry the character U+${code} at position ${match.index} of the text.`)
}

/** @throws UsageError for a character that XML 1.0 cannot carry */
export function escapeText(value: string): string {
  assertCarriable(value)
  return value.replace(TEXT_SPECIAL, reference)
}

/** @throws UsageError for a character that XML 1.0 cannot carry */
export function escapeAttribute(value: string): string {
  assertCarriable(value)
  return value.replace(ATTRIBUTE_SPECIAL, reference)
}

/** @throws UsageError for what cannot name an element or attribute (Namespaces in XML, NCName) */
export function assertName(name: string): void {
  if (!NAME.test(name)) throw new UsageError(`${JSON.stringify(name)} cannot be the name of an XML element.`)
}
