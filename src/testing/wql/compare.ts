import type { CimType, EndpointValue } from '../types.js'
import type { ComparisonOperator, Constant } from './ast.js'
import { fold } from './case-folding.js'
import { compareDateTimes, fromDate, parseDmtf } from './dmtf-datetime.js'
import { parseNumber } from './numbers.js'
import { isEndpointRef, sameObject } from './values.js'

/** The kinds of value that compare alike. */
export type ValueKind = 'text' | 'number' | 'boolean' | 'datetime' | 'reference'

export function kindOfType(type: CimType): ValueKind {
  switch (type) {
    case 'string':
    case 'char16':
      return 'text'
    case 'boolean':
    case 'datetime':
    case 'reference':
      return type
    default:
      return 'number'
  }
}

/** For properties of embedded instances, whose types nobody declared; undefined for what cannot be compared. */
export function kindOfValue(value: EndpointValue): ValueKind | undefined {
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'number':
    case 'bigint':
      return 'number'
    case 'boolean':
      return 'boolean'
    default:
      if (value instanceof Date) return 'datetime'
      return isEndpointRef(value) ? 'reference' : undefined
  }
}

/** Negative, zero or positive; undefined where the value is of another kind, so that no comparison holds. */
export type Comparer = (value: EndpointValue) => number | undefined

/** How values of a kind compare with a constant; undefined when the constant cannot be read as that kind. */
export function comparerFor(kind: ValueKind, constant: Constant): Comparer | undefined {
  switch (kind) {
    case 'text':
      return typeof constant === 'boolean' ? undefined : textComparer(fold(String(constant)))
    case 'number': {
      const right = toNumber(constant)
      return right === undefined ? undefined : (value) => ordered(toNumber(value), right)
    }
    case 'boolean': {
      const right = toBoolean(constant)
      return right === undefined ? undefined : (value) => ordered(toBoolean(value), right)
    }
    case 'datetime': {
      const right = typeof constant === 'string' ? parseDmtf(constant) : undefined
      if (right === undefined) return undefined
      return (value) => {
        const left = toDateTime(value)
        return left && compareDateTimes(left, right)
      }
    }
    case 'reference':
      return typeof constant === 'string' ? referenceComparer(constant) : undefined
  }
}

/** Booleans and references have no order (MS-WMI 2.2.1.1). */
export function hasOrder(kind: ValueKind): boolean {
  return kind !== 'boolean' && kind !== 'reference'
}

export function holds(operator: ComparisonOperator, order: number): boolean {
  switch (operator) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

/** The text of a value of a text property; undefined for arrays, dates and embedded instances. */
export function toText(value: EndpointValue): string | undefined {
  return typeof value === 'object' ? undefined : String(value)
}

function textComparer(right: string): Comparer {
  return (value) => {
    const text = toText(value)
    return text === undefined ? undefined : ordered(fold(text), right)
  }
}

function referenceComparer(path: string): Comparer {
  return (value) => {
    if (typeof value !== 'string' && !isEndpointRef(value)) return undefined
    return sameObject(value, path) ? 0 : 1
  }
}

/** JavaScript compares bigint and number by their exact values. */
function ordered<T extends string | number | bigint | boolean>(
  left: T | undefined,
  right: T,
): number | undefined {
  if (left === undefined) return undefined
  return left < right ? -1 : left > right ? 1 : 0
}

/** TRUE is 1 and FALSE is 0; text counts where it is a number. */
function toNumber(value: EndpointValue): bigint | number | undefined {
  switch (typeof value) {
    case 'bigint':
      return value
    case 'number':
      return Number.isNaN(value) ? undefined : value
    case 'boolean':
      return value ? 1n : 0n
    case 'string':
      return parseNumber(value)
    default:
      return undefined
  }
}

function toBoolean(value: EndpointValue): boolean | undefined {
  switch (typeof value) {
    case 'boolean':
      return value
    case 'number':
    case 'bigint':
      return Number(value) === 1 ? true : Number(value) === 0 ? false : undefined
    case 'string':
      return fold(value) === 'true' ? true : fold(value) === 'false' ? false : undefined
    default:
      return undefined
  }
}

function toDateTime(value: EndpointValue): ReturnType<typeof parseDmtf> {
  if (value instanceof Date) return fromDate(value)
  return typeof value === 'string' ? parseDmtf(value) : undefined
}
