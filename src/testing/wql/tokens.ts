import { WqlSyntaxError } from './errors.js'
import { parseNumber } from './numbers.js'

interface At {
  readonly position: number
}
/** A name or a keyword; `upper` decides which. */
export interface WordToken extends At {
  readonly kind: 'word'
  readonly text: string
  readonly upper: string
}
export interface StringToken extends At {
  readonly kind: 'string'
  readonly value: string
  /** Where a backslash stands before something it cannot escape. Only LIKE patterns may have that. */
  readonly strayBackslash: number | undefined
}
export interface NumberToken extends At {
  readonly kind: 'number'
  readonly value: bigint | number
}
export interface SymbolToken extends At {
  readonly kind: 'symbol'
  readonly text: string
}
/** The text between the braces; `position` is that of the opening one. */
export interface PathToken extends At {
  readonly kind: 'path'
  readonly text: string
}
export interface EndToken extends At {
  readonly kind: 'end'
}
export type Token = WordToken | StringToken | NumberToken | SymbolToken | PathToken | EndToken

const SPACE = /\s+/y
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy
const NUMBER = /[-+]?(?:\d*\.\d+|\d+)/y
const SYMBOL = /<>|<=|>=|!=|[<>=*,().]/y
const NAME_CHARACTER = /[\p{L}\p{N}_.]/u

/** Cuts a query into tokens; the last one is always the end. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  let position = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position
    const match = pattern.exec(text)
    if (match !== null) position = pattern.lastIndex
    return match
  }
  while (position < text.length) {
    if (take(SPACE) !== null) continue
    const start = position
    const character = text.charAt(start)
    const word = take(WORD)?.[0]
    if (word !== undefined) {
      tokens.push({ kind: 'word', text: word, upper: word.toUpperCase(), position: start })
      continue
    }
    const number = take(NUMBER)?.[0]
    if (number !== undefined) {
      tokens.push(numberToken(text, number, start))
      continue
    }
    const symbol = take(SYMBOL)?.[0]
    if (symbol !== undefined) {
      tokens.push({ kind: 'symbol', text: symbol === '!=' ? '<>' : symbol, position: start })
      continue
    }
    if (character === '"' || character === "'" || character === '{') {
      const { token, end } = character === '{' ? readPath(text, start) : readString(text, start)
      tokens.push(token)
      position = end
      continue
    }
    throw new WqlSyntaxError(`The character ${JSON.stringify(character)} has no meaning here`, start)
  }
  return [...tokens, { kind: 'end', position }]
}

function numberToken(text: string, number: string, position: number): NumberToken {
  if (NAME_CHARACTER.test(text.charAt(position + number.length))) {
    throw new WqlSyntaxError(
      'Numbers are written in decimal digits: no hexadecimal, exponent or unit',
      position,
    )
  }
  const value = parseNumber(number)
  if (value === undefined) throw new WqlSyntaxError('The number does not fit in 64 bits', position)
  return { kind: 'number', value, position }
}

function readString(text: string, start: number): { token: StringToken; end: number } {
  const quote = text.charAt(start)
  let value = ''
  let strayBackslash: number | undefined
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === quote) {
      return { token: { kind: 'string', value, strayBackslash, position: start }, end: at + 1 }
    }
    const next = text.charAt(at + 1)
    if (character === '\\' && (next === '\\' || next === '"' || next === "'")) {
      value += next
      at++
      continue
    }
    if (character === '\\') strayBackslash ??= at
    value += character
  }
  throw new WqlSyntaxError(`The string has no closing quote ${quote}`, start)
}

/** A brace inside a quoted key value belongs to the value. */
function readPath(text: string, start: number): { token: PathToken; end: number } {
  let quote = ''
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at)
    if (quote !== '' && character === '\\') at++
    else if (character === quote) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) quote = character
    else if (quote === '' && character === '}') {
      return { token: { kind: 'path', text: text.slice(start + 1, at), position: start }, end: at + 1 }
    }
  }
  throw new WqlSyntaxError('The object path has no closing brace }', start)
}
