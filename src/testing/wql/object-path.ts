import { fold } from './case-folding.js'
import { WqlSyntaxError } from './errors.js'
import { parseNumber } from './numbers.js'

export type KeyValue = string | bigint | boolean

export interface ObjectPathKey {
  /** Undefined in the short form `Class="value"`, which leaves the name of the only key out. */
  readonly name: string | undefined
  readonly value: KeyValue
}

/** A WMI object path: `\\server\root\cimv2:Class.Key="value",Other=1`. */
export interface ObjectPath {
  readonly server: string | undefined
  /** With slashes: `root/cimv2`. */
  readonly namespace: string | undefined
  readonly className: string
  /** Empty for a class and for the only instance of one. */
  readonly keys: readonly ObjectPathKey[]
  /** `Class=@`: the only instance of a class without keys. */
  readonly singleton: boolean
}

const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy
/** A namespace, with or without a server, ends at the first colon; no class name or key comes before one. */
const PREFIX = /^(?:[\\/]{2}([^\\/:"'=]+)[\\/])?([^:"'=]+):/

/**
 * Reads an object path. Key values are quoted strings with backslash escapes, decimal numbers, TRUE or FALSE.
 * @param position Where the path starts in the query, for errors.
 */
export function parseObjectPath(text: string, position = 0): ObjectPath {
  const reader = new PathReader(text, position)
  const prefix = PREFIX.exec(text)
  const [matched = '', server, namespace] = prefix ?? []
  reader.at = matched.length
  reader.skipSpace()
  const className = reader.name('a class name')
  const path = { server, namespace: namespace?.replaceAll('\\', '/'), className }
  reader.skipSpace()
  if (reader.atEnd) return { ...path, keys: [], singleton: false }
  if (reader.accept('=')) {
    if (reader.accept('@')) {
      reader.end()
      return { ...path, keys: [], singleton: true }
    }
    const value = reader.value()
    reader.end()
    return { ...path, keys: [{ name: undefined, value }], singleton: false }
  }
  if (!reader.accept('.')) throw reader.error('Expected a dot and the keys')
  const keys = new Map<string, ObjectPathKey>()
  do {
    reader.skipSpace()
    const name = reader.name('a key')
    reader.skipSpace()
    if (!reader.accept('=')) throw reader.error(`Expected = after ${name}`)
    if (keys.has(fold(name))) throw reader.error(`The key ${name} is given twice`)
    keys.set(fold(name), { name, value: reader.value() })
    reader.skipSpace()
  } while (reader.accept(','))
  reader.end()
  return { ...path, keys: [...keys.values()], singleton: false }
}

class PathReader {
  at = 0

  constructor(
    readonly text: string,
    readonly position: number,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  accept(character: string): boolean {
    const fits = this.text.charAt(this.at) === character
    if (fits) this.at++
    return fits
  }

  skipSpace(): void {
    while (/\s/.test(this.text.charAt(this.at))) this.at++
  }

  name(what: string): string {
    NAME.lastIndex = this.at
    const name = NAME.exec(this.text)?.[0]
    if (name === undefined) throw this.error(`Expected ${what}`)
    this.at += name.length
    return name
  }

  value(): KeyValue {
    this.skipSpace()
    const quote = this.text.charAt(this.at)
    if (quote === '"' || quote === "'") return this.#string(quote)
    const word = /[^\s,]*/y
    word.lastIndex = this.at
    const text = word.exec(this.text)?.[0] ?? ''
    const upper = text.toUpperCase()
    const value = upper === 'TRUE' ? true : upper === 'FALSE' ? false : parseNumber(text)
    if (value === undefined || typeof value === 'number') {
      throw this.error('Expected a key value: a quoted string, a whole number, TRUE or FALSE')
    }
    this.at += text.length
    return value
  }

  end(): void {
    this.skipSpace()
    if (!this.atEnd) throw this.error('The object path goes on after its end')
  }

  error(message: string): WqlSyntaxError {
    return new WqlSyntaxError(message, this.position + this.at)
  }

  #string(quote: string): string {
    let value = ''
    for (let at = this.at + 1; at < this.text.length; at++) {
      const character = this.text.charAt(at)
      if (character === quote) {
        this.at = at + 1
        return value
      }
      if (character === '\\') {
        at++
        if (!['\\', '"', "'"].includes(this.text.charAt(at))) {
          this.at = at - 1
          throw this.error('A backslash escapes only \\, " and \': write \\\\ for one backslash')
        }
      }
      value += this.text.charAt(at)
    }
    throw this.error(`The key value has no closing quote ${quote}`)
  }
}
