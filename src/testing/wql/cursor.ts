import { WqlSyntaxError } from './errors.js'
import { tokenize, type StringToken, type Token, type WordToken } from './tokens.js'

/** The words that cannot be names where an expression may stand. */
const RESERVED = new Set([
  'SELECT',
  'FROM',
  'WHERE',
  'AND',
  'OR',
  'NOT',
  'IS',
  'ISA',
  'LIKE',
  'NULL',
  'TRUE',
  'FALSE',
])

/** Walks over the tokens of a query. `accept…` takes a token if it fits, `expect…` throws if it does not. */
export class Cursor {
  readonly #tokens: readonly Token[]
  #index = 0

  constructor(text: string) {
    this.#tokens = tokenize(text)
  }

  get current(): Token {
    return this.#at(this.#index)
  }

  /** Moves on and returns the token that was current. The end stays current. */
  next(): Token {
    const token = this.current
    if (token.kind !== 'end') this.#index++
    return token
  }

  acceptWord(upper: string): boolean {
    const token = this.current
    const fits = token.kind === 'word' && token.upper === upper
    if (fits) this.#index++
    return fits
  }

  expectWord(upper: string): void {
    if (!this.acceptWord(upper)) throw this.unexpected(upper)
  }

  acceptSymbol(text: string): boolean {
    const token = this.current
    const fits = token.kind === 'symbol' && token.text === text
    if (fits) this.#index++
    return fits
  }

  expectSymbol(text: string): void {
    if (!this.acceptSymbol(text)) throw this.unexpected(`"${text}"`)
  }

  /** @param what What the name stands for, for the message. */
  expectName(what: string): WordToken {
    const token = this.current
    if (token.kind !== 'word' || RESERVED.has(token.upper)) throw this.unexpected(what)
    this.#index++
    return token
  }

  expectEnd(): void {
    if (this.current.kind !== 'end') throw this.unexpected('the end of the query')
  }

  /** The error for the current token. */
  unexpected(expected: string): WqlSyntaxError {
    const { current } = this
    return new WqlSyntaxError(`Expected ${expected}, found ${describe(current)}`, current.position)
  }

  #at(index: number): Token {
    return this.#tokens[index] ?? { kind: 'end', position: 0 }
  }
}

/** The value of a string outside LIKE, where a backslash always escapes (MS-WMI 2.2.1). */
export function plainString(token: StringToken): string {
  if (token.strayBackslash !== undefined) {
    throw new WqlSyntaxError(
      'A backslash escapes only \\, " and \': write \\\\ for one backslash',
      token.strayBackslash,
    )
  }
  return token.value
}

function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the query'
    case 'string':
      return 'a string'
    case 'number':
      return `the number ${token.value}`
    case 'path':
      return 'an object path'
    default:
      return `"${token.text}"`
  }
}
