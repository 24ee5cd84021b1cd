/**
 * Upper case as Windows has it: one code unit for one, by a table that was settled long ago. Unicode's own mapping
 * makes SS of ß, merges letters (ı with I, ſ with S, µ with Greek Μ), and has learnt of more scripts since.
 */
export function upperCase(text: string): string {
  return Array.from({ length: text.length }, (_, index) => upper(text.charAt(index))).join('')
}

function upper(letter: string): string {
  if (letter === 'ς') return 'Σ'
  if (LATER.test(letter)) return letter
  const mapped = letter.toUpperCase()
  return mapped.length === 1 && mapped.toLowerCase() === letter ? mapped : letter
}

/** Georgian and Cherokee. */
const LATER = /[\u10d0-\u10ff\u13a0-\u13ff\uab70-\uabbf]/
