import { UsageError } from '../errors/errors.js'
import { FIELD_TEXT, TOKEN } from './grammar.js'

const NAME = new RegExp(`^${TOKEN}$`)

/**
 * One byte for each character, and no control characters: a line break in here would begin a header of someone else's
 * making, and so would a character that is one when cut to a byte.
 */
const VALUE = new RegExp(`^${FIELD_TEXT}$`)

/** No blank may end it too early. */
const TARGET = /^[\x21-\x7e]+$/

/**
 * The head of a request, one character for each byte.
 * @throws UsageError when something in it could be understood as something else
 */
export function requestHead(
  method: 'POST' | 'CONNECT',
  target: string,
  ...fields: readonly Readonly<Record<string, string>>[]
): string {
  if (!TARGET.test(target)) {
    throw new UsageError(`The path ${JSON.stringify(target)} holds a character that is not allowed.`)
  }
  let head = `${method} ${target} HTTP/1.1\r\n`
  for (const some of fields) for (const name in some) head += fieldLine(name, some[name] ?? '')
  return `${head}Connection: keep-alive\r\n\r\n`
}

function fieldLine(name: string, value: string): string {
  if (!NAME.test(name)) throw new UsageError(`${JSON.stringify(name)} cannot be the name of an HTTP header.`)
  if (!VALUE.test(value)) {
    throw new UsageError(`The HTTP header ${JSON.stringify(name)} holds a character that is not allowed.`)
  }
  return `${name}: ${value}\r\n`
}
