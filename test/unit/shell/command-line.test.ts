import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { quoteArgument } from '../../../src/shell/command-line.js'
import { expandPercent, parseCmd, splitArguments } from './windows-command-line.js'

const ENVIRONMENT = { PATH: 'C:\\Windows;C:\\Tools', a: 'expanded', b: 'secret', 'x y': 'odd' }

/** What a program gets that cmd starts with these arguments. */
function received(args: readonly string[]): { args: string[]; acted: string } {
  const line = expandPercent(`program ${args.map(quoteArgument).join(' ')}`, ENVIRONMENT)
  const { line: left, acted } = parseCmd(line)
  return { args: splitArguments(left).slice(1), acted }
}

describe('the model of Windows that judges', () => {
  // Examples from the documentation of CommandLineToArgvW and of the C runtime.
  it.each([
    ['"abc" d e', ['abc', 'd', 'e']],
    ['a\\\\b d"e f"g h', ['a\\\\b', 'de fg', 'h']],
    ['a\\\\\\"b c d', ['a\\"b', 'c', 'd']],
    ['a\\\\\\\\"b c" d e', ['a\\\\b c', 'd', 'e']],
    ['a"" b', ['a', 'b']],
  ])('splits %s', (line, args) => {
    expect(splitArguments(line)).toEqual(args)
  })

  it.each([
    ['%PATH%', 'C:\\Windows;C:\\Tools'],
    ['%path%!', 'C:\\Windows;C:\\Tools!'],
    ['^%PATH^%', '^%PATH^%'],
    ['"%a%"', '"expanded"'],
    ['%PATH:~0,2%', 'C:'],
    ['%PATH:~-5%', 'Tools'],
    ['%PATH:C:=D:%', 'D:\\Windows;D:\\Tools'],
    ['%none%', '%none%'],
    ['100%', '100%'],
    ['50% of %a%', '50% of expanded'],
  ])('expands %s', (line, expanded) => {
    expect(expandPercent(line, ENVIRONMENT)).toBe(expanded)
  })

  it.each([
    ['a & b', 'a & b', '&'],
    ['"a & b"', '"a & b"', ''],
    ['a ^& b', 'a & b', ''],
    ['^"a & b^"', '"a & b"', '&'],
    ['a^^b', 'a^b', ''],
    ['"a^b"', '"a^b"', ''],
  ])('reads %s', (line, left, acted) => {
    expect(parseCmd(line)).toEqual({ line: left, acted })
  })
})

describe('an argument', () => {
  it.each([
    '/all',
    '-n',
    'C:\\Windows\\System32',
    'a=b',
    'a,b',
    '*.txt',
    '10.0.0.1:5985',
    'x@y',
    '$HOME',
    '{1}',
    '[a]',
    '#',
    '~',
    '?',
  ])('%s stays as people write it', (argument) => {
    expect(quoteArgument(argument)).toBe(argument)
  })

  it.each([
    ['', '""'],
    ['two words', '"two words"'],
    ['C:\\Program Files\\', '"C:\\Program Files\\\\"'],
    ['a&b', '"a&b"'],
    ['größe', '"größe"'],
    ['a\tb', '"a\tb"'],
    ["it's", '"it\'s"'],
  ])('%j is %s', (argument, quoted) => {
    expect(quoteArgument(argument)).toBe(quoted)
  })

  it.each(['a\nb', 'a\rb', 'a\0b', '\n'])('%j cannot be passed', (argument) => {
    expect(() => quoteArgument(argument)).toThrow(UsageError)
    expect(() => quoteArgument(argument)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('input') as string }) as Error,
    )
  })

  const awkward = [
    '',
    ' ',
    '"',
    '""',
    '\\',
    '\\\\',
    '\\"',
    'a\\\\"b',
    'trailing\\',
    'quoted" & del *.*',
    '"& calc',
    '" | more "',
    '> out.txt',
    '(a)',
    '^',
    '^^',
    'a^"b',
    '%PATH%',
    '"%PATH%"',
    '%a%%b%',
    '50%',
    '50% "off"',
    '%',
    '%%',
    '%none%',
    '!var!',
    '%PATH:C:=D:%',
    '%PATH:~0,2%',
    '"%PATH:~0,2%"',
    '%a',
    'a%',
    ';,=',
    'ä & 日本',
  ]

  it.each(awkward)('%j arrives as it is, and cmd does nothing of it', (argument) => {
    expect(received([argument])).toEqual({ args: [argument], acted: '' })
  })

  it('does not change what its neighbours are', () => {
    for (const one of awkward) {
      for (const other of awkward)
        expect(received([one, other, 'end'])).toEqual({ args: [one, other, 'end'], acted: '' })
    }
  })

  it('cannot make a variable together with its neighbour', () => {
    for (const args of [
      ['%PATH:a', '=b%'],
      ['%a', '%'],
      ['%', 'a%'],
      ['%PATH:x', 'y=z%'],
      ['%PATH:"', '"=z%'],
    ]) {
      expect(received(args)).toEqual({ args, acted: '' })
    }
  })

  it('arrives as it is, whatever it is', () => {
    const part = fc.constantFrom(
      '"',
      '\\',
      '%',
      '^',
      '&',
      '|',
      '<',
      '>',
      '(',
      ')',
      '!',
      ' ',
      '\t',
      'a',
      'b',
      'PATH',
      '%PATH:',
      '=b%',
      ':',
      '=',
      '~',
      '0',
      ',',
      ';',
      'x y',
      'ä',
    )
    const argument = fc.oneof(
      fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
      fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n\0]/g, '')),
    )
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 4 }), (args) => {
        expect(received(args)).toEqual({ args, acted: '' })
      }),
      { numRuns: 3000 },
    )
  })
})
