const WHOLE = /^[-+]?\d+$/
const REAL = /^[-+]?\d*\.\d+$/
const LOWEST = -(2n ** 63n)
const HIGHEST = 2n ** 64n - 1n
/** More digits than any 64-bit number has: not worth converting. */
const MAX_DIGITS = 20

/**
 * A WQL number (MS-WMI 2.2.1.1 INT and REAL: no exponent, no hexadecimal), exact for every sint64 and uint64.
 * Undefined when the text is none, or out of that range.
 */
export function parseNumber(text: string): bigint | number | undefined {
  if (REAL.test(text)) return Number(text)
  if (!WHOLE.test(text) || text.replace(/^[-+]?0*/, '').length > MAX_DIGITS) return undefined
  const value = BigInt(text.replace('+', ''))
  return value >= LOWEST && value <= HIGHEST ? value : undefined
}
