import fc from 'fast-check'

/** What means something to XML, to a template or to how the writer marks its values, and what parsers get wrong. */
const SPECIAL = [
  '&',
  '<',
  '>',
  '"',
  "'",
  '="',
  '\r',
  '\n',
  '\t',
  ' ',
  '#',
  '$&',
  ']]>',
  '<!--',
  '<?x?>',
  '&#65;',
  '&lt;',
  '\x86t\x87',
  '\x86',
  't\x87',
  'a\x87',
  '__proto__',
  '\u0085',
  '\u2028',
  '\u00A0',
  '😀',
  '\uFFFD',
  '\u{10FFFF}',
]

/** Text of every character that XML carries, with those that mean something made frequent. */
export const xmlText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 6 })
  .map((parts) => parts.join('').replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, ''))
