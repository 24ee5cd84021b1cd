const ASCII = /^[\0-\x7f]*$/

/**
 * Folding for comparisons: each UTF-16 unit to its lower case, as the case-insensitive string functions of Windows
 * do. Lower case also decides the order of the characters between `Z` and `a`.
 */
export function fold(text: string): string {
  return ASCII.test(text) ? text.toLowerCase() : mapUnits(text, (unit) => unit.toLowerCase())
}

/** Folding for LIKE: upper case, so that a range such as `[Z-_]` is not empty and covers `[ \ ] ^`. */
export function foldPattern(text: string): string {
  return ASCII.test(text) ? text.toUpperCase() : mapUnits(text, (unit) => unit.toUpperCase())
}

/** The lengths stay equal: `ß` and others whose other case is longer are left alone. */
function mapUnits(text: string, map: (unit: string) => string): string {
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const unit = text.charAt(at)
    const mapped = map(unit)
    result += mapped.length === 1 ? mapped : unit
  }
  return result
}
