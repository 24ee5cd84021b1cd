/** What XML 1.0 cannot carry, and the control characters that Windows does not send. */
const NOT_PRINTABLE =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g

/** Windows writes `?` in the place of a character it cannot send (MS-WSMV 3.1.4.1.25). */
export function printable(text: string): string {
  return text.replace(NOT_PRINTABLE, '?')
}
