import type { ComparisonOperator, Constant, Expression, PropertyPath } from './ast.js'
import { plainString, type Cursor } from './cursor.js'
import { WqlSyntaxError } from './errors.js'
import { LikePattern } from './like-pattern.js'

/** Parentheses and NOT inside each other. Deeper queries are refused before they could exhaust the stack. */
export const MAX_NESTING = 128

/** Reads what stands after WHERE. NOT binds closest, then AND, then OR. */
export function parseExpression(cursor: Cursor, depth = 0): Expression {
  return parseJunction(cursor, 'or', () => parseJunction(cursor, 'and', () => parseOperand(cursor, depth)))
}

function parseJunction(cursor: Cursor, kind: 'and' | 'or', parse: () => Expression): Expression {
  const first = parse()
  const operands = [first]
  while (cursor.acceptWord(kind.toUpperCase())) operands.push(parse())
  return operands.length === 1 ? first : { kind, operands }
}

function parseOperand(cursor: Cursor, depth: number): Expression {
  const { position } = cursor.current
  if (depth > MAX_NESTING) {
    throw new WqlSyntaxError(`The query nests more than ${MAX_NESTING} levels deep`, position)
  }
  if (cursor.acceptWord('NOT')) return { kind: 'not', operand: parseOperand(cursor, depth + 1) }
  if (cursor.acceptSymbol('(')) {
    const inner = parseExpression(cursor, depth + 1)
    cursor.expectSymbol(')')
    return inner
  }
  return parseTest(cursor)
}

/** `property operator constant` or, for the six comparisons, `constant operator property`. */
function parseTest(cursor: Cursor): Expression {
  const constant = acceptConstant(cursor)
  if (constant !== undefined) {
    const operator = expectComparison(cursor)
    return { kind: 'comparison', property: expectProperty(cursor), operator: MIRRORED[operator], constant }
  }
  const property = expectProperty(cursor)
  if (cursor.acceptWord('IS')) {
    const negated = cursor.acceptWord('NOT')
    cursor.expectWord('NULL')
    return { kind: 'null', property, negated }
  }
  if (cursor.acceptWord('ISA')) return { kind: 'isa', property, className: expectClassName(cursor) }
  if (cursor.acceptWord('LIKE')) return { kind: 'like', property, pattern: expectPattern(cursor) }
  const operator = expectComparison(cursor)
  if (operator === '=' || operator === '<>') {
    // Scripts write `= NULL` where the specification has only IS NULL.
    if (cursor.acceptWord('NULL')) return { kind: 'null', property, negated: operator === '<>' }
    // The grammar wants class names after __CLASS without quotes.
    if (isClassProperty(property) && cursor.current.kind === 'word') {
      return { kind: 'comparison', property, operator, constant: cursor.expectName('a class name').text }
    }
  }
  const right = acceptConstant(cursor)
  if (right === undefined) throw cursor.unexpected('a constant')
  return { kind: 'comparison', property, operator, constant: right }
}

export function isClassProperty({ names }: PropertyPath): boolean {
  return names.length === 1 && names[0].toUpperCase() === '__CLASS'
}

const MIRRORED: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

function expectComparison(cursor: Cursor): ComparisonOperator {
  const token = cursor.current
  if (token.kind === 'symbol' && isComparison(token.text)) {
    cursor.next()
    return token.text
  }
  throw cursor.unexpected('an operator')
}

function isComparison(text: string): text is ComparisonOperator {
  return Object.hasOwn(MIRRORED, text)
}

function expectProperty(cursor: Cursor): PropertyPath {
  const { text, position } = cursor.expectName('a property name')
  const names: [string, ...string[]] = [text]
  while (cursor.acceptSymbol('.')) names.push(cursor.expectName('the name of an embedded property').text)
  return { names, position }
}

function acceptConstant(cursor: Cursor): Constant | undefined {
  const token = cursor.current
  switch (token.kind) {
    case 'string':
      cursor.next()
      return plainString(token)
    case 'number':
      cursor.next()
      return token.value
    default:
      if (cursor.acceptWord('TRUE')) return true
      return cursor.acceptWord('FALSE') ? false : undefined
  }
}

/** Inside a pattern a backslash means nothing special, so one that escapes nothing is an ordinary character. */
function expectPattern(cursor: Cursor): LikePattern {
  const token = cursor.current
  if (token.kind !== 'string') throw cursor.unexpected('a quoted pattern')
  cursor.next()
  return LikePattern.parse(token.value, token.position)
}

/** MS-WMI writes class names after ISA without quotes, scripts write them with. */
function expectClassName(cursor: Cursor): string {
  const token = cursor.current
  if (token.kind !== 'string') return cursor.expectName('a class name').text
  cursor.next()
  return plainString(token)
}
