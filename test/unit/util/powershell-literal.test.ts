import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { powershellLiteral } from '../../../src/util/powershell-literal.js'
import { errorsIn, powershellParser, textsOf } from '../../support/powershell-parser.js'

/** What PowerShell takes for a single quote (CharExtensions.IsSingleQuote in its tokenizer). */
const QUOTES = "'\u2018\u2019\u201A\u201B"

/** Reads a literal as PowerShell's tokenizer does: two quotes in a row are the second one of them, one alone is the end. */
function readLiteral(script: string): { value: string; rest: string } {
  let value = ''
  for (let at = 1; at < script.length; at += 1) {
    const letter = script.charAt(at)
    if (!QUOTES.includes(letter)) value += letter
    else if (QUOTES.includes(script.charAt(at + 1)) && at + 1 < script.length)
      value += script.charAt((at += 1))
    else return { value, rest: script.slice(at + 1) }
  }
  throw new Error('The literal has no end.')
}

const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...Array.from(QUOTES),
        '"',
        '`',
        '$(',
        '$x',
        ')',
        ';',
        '|',
        '#',
        '<#',
        '@',
        '{',
        '}',
        '\n',
        '\r\n',
        '\\',
      ),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join('').replaceAll('\0', ''))

let parse: Awaited<ReturnType<typeof powershellParser>>
beforeAll(async () => {
  parse = await powershellParser()
})

it('any text is one literal that says that text, and nothing after it is in it', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      expect(readLiteral(`${powershellLiteral(text)} | Out-Null`)).toEqual({
        value: text,
        rest: ' | Out-Null',
      })
    }),
  )
})

it('parses as one verbatim string, whatever it holds', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      const root = parse(`$x = ${powershellLiteral(text)}\nGet-Date`)
      expect(errorsIn(root)).toEqual([])
      expect(textsOf(root, 'command_name')).toEqual(['Get-Date'])
      expect(textsOf(root, 'verbatim_string_characters')).toEqual([powershellLiteral(text)])
    }),
  )
})

it('refuses what no script can hold', () => {
  expect(() => powershellLiteral('a\0b')).toThrow('the character 0')
})
