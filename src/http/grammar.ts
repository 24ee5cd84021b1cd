/** Grammar of HTTP as sources of expressions, in text of one character for each byte. */

/** The name of a field, of a scheme, of a cookie (RFC 9110, 5.6.2; RFC 6265, 4.1.1). */
export const TOKEN = "[!#$%&'*+\\-.^_`|~\\dA-Za-z]+"

/** The value of a field with the blanks around it, and a reason phrase (RFC 9110, 5.5; RFC 9112, 4). */
export const FIELD_TEXT = String.raw`[\t\x20-\x7e\x80-\xff]*`

const QUOTED = String.raw`"[\t\x20\x21\x23-\x5b\x5d-\x7e]*"`

/** What may follow the size of a chunk (RFC 9112, 7.1.1), without escapes. */
export const CHUNK_EXTENSIONS = `(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*`
