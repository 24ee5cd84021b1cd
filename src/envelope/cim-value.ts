import { CimDateTime } from './cim-datetime.js'
import { CimInterval } from './cim-interval.js'
import type { EndpointReference } from './endpoint-reference.js'

/** The types that CIM knows (DSP0004 5.2). Embedded instances are declared as strings. */
export type CimType =
  | 'boolean'
  | 'string'
  | 'char16'
  | 'uint8'
  | 'sint8'
  | 'uint16'
  | 'sint16'
  | 'uint32'
  | 'sint32'
  | 'uint64'
  | 'sint64'
  | 'real32'
  | 'real64'
  | 'datetime'
  | 'reference'

/** A typed value without parts: numbers for all but 64-bit integers, which are bigint. */
export type CimScalar = string | number | bigint | boolean | CimDateTime | CimInterval

/** A typed value; null for `xsi:nil`. Text that does not fit its type stays text. */
export type CimValue = CimScalar | null | EndpointReference | CimInstance | CimValue[]

/**
 * Typed properties by name, in the order of the wire. `JSON.stringify` writes 64-bit integers as decimal text and
 * times as ISO text.
 */
export interface CimInstance {
  [property: string]: CimValue
}

const INTEGER = /^(u|s)int(8|16|32|64)$/
/** The words of XML, and those that C libraries print. */
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['nan', NaN],
  ['inf', Infinity],
  ['infinity', Infinity],
  ['1.#qnan', NaN],
  ['1.#ind', NaN],
  ['1.#inf', Infinity],
])

/** @returns undefined for text that is no value of the type, and for references, which have no text */
export function parseScalar(type: CimType, text: string): CimScalar | undefined {
  switch (type) {
    case 'string':
      return text
    case 'char16':
      return parseCharacter(text)
    case 'boolean':
      return parseBoolean(text.trim())
    case 'real32':
    case 'real64':
      return parseReal(text.trim())
    case 'datetime':
      return CimDateTime.parse(text) ?? CimInterval.parse(text)
    case 'reference':
      return undefined
    default:
      return parseInteger(type, text.trim())
  }
}

/** One UTF-16 unit. OMI writes its number. */
function parseCharacter(text: string): string | undefined {
  if (text.length === 1) return text
  const code = /^\d{2,5}$/.test(text.trim()) ? Number(text) : NaN
  return code <= 0xffff ? String.fromCharCode(code) : undefined
}

function parseBoolean(word: string): boolean | undefined {
  if (/^(?:true|1)$/i.test(word)) return true
  return /^(?:false|0)$/i.test(word) ? false : undefined
}

function parseReal(word: string): number | undefined {
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(word)) return Number(word)
  const [, sign, name = ''] = /^([-+]?)(.*)$/.exec(word.toLowerCase()) ?? []
  const value = NOT_FINITE.get(name)
  return value === undefined || sign !== '-' ? value : -value
}

function parseInteger(type: CimType, word: string): number | bigint | undefined {
  const [, sign, width] = INTEGER.exec(type) ?? []
  if (sign === undefined || !/^[-+]?\d{1,40}$/.test(word)) return undefined
  const bits = Number(width)
  const value = BigInt(word.replace('+', ''))
  const kept = sign === 'u' ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value)
  if (kept !== value) return undefined
  return bits === 64 ? value : Number(value)
}
