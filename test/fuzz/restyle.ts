import type { PlainElement } from '../support/xml-compare.js'
import type { Random } from './random.js'

const XML = 'http://www.w3.org/XML/1998/namespace'
const PREFIXES = ['s', 'a', 'w', 'p', 'SOAP-ENV', 'env', 'x', 'n1', 'ns2', '_', 'Größe', 'xs'] as const

/** Where prefixes stand for what; the default namespace under the empty string. */
type Scope = ReadonlyMap<string, string>

/**
 * Writes an element in one of the many ways that mean the same: other prefixes or default namespaces, declared here or
 * there, CDATA or references, comments, quotes, white space in tags and between elements that hold no text.
 */
export function restyle(element: PlainElement, random: Random): string {
  return write(element, new Map([['xml', XML]]), random)
}

function write({ name, attributes, children }: PlainElement, outer: Scope, random: Random): string {
  const names = new Names(outer, random)
  const tag = names.element(name)
  const own = Object.entries(attributes).map(([key, value]) => attribute(names.attribute(key), value, random))
  const all = random.chance(0.5) ? [...names.declarations, ...own] : [...own, ...names.declarations]
  const start = `<${tag}${all.map((entry) => space(random, 1) + entry).join('')}${space(random, 0)}`
  if (children.length === 0 && random.chance(0.5)) return `${start}/>`
  const onlyElements = children.length > 0 && children.every((child) => typeof child !== 'string')
  const between = (): string => (onlyElements ? layout(random) : '')
  const inside = children.map((child) =>
    typeof child === 'string' ? text(child, random) : between() + write(child, names.scope, random),
  )
  return `${start}>${inside.join('')}${between()}</${tag}${space(random, 0)}>`
}

/** Chooses the prefixes of one element and its attributes, and declares them where they are new. */
class Names {
  readonly scope: Map<string, string>
  readonly declarations: string[] = []
  /** What a name of this element uses keeps its meaning for the others. */
  readonly #used = new Set<string>()
  readonly #random: Random

  constructor(outer: Scope, random: Random) {
    this.scope = new Map(outer)
    this.#random = random
  }

  element(name: string): string {
    const [namespace, local] = split(name)
    if (namespace !== '') return join(this.#prefix(namespace, ['', ...PREFIXES]), local)
    if ((this.scope.get('') ?? '') !== '') this.#declare('', '')
    this.#used.add('')
    return local
  }

  /** Without a prefix an attribute has no namespace, whatever the default is. */
  attribute(name: string): string {
    const [namespace, local] = split(name)
    return namespace === '' ? local : join(this.#prefix(namespace, PREFIXES), local)
  }

  #prefix(namespace: string, allowed: readonly string[]): string {
    const known = [...this.scope].filter(
      ([prefix, uri]) => uri === namespace && (prefix === 'xml' || allowed.includes(prefix)),
    )
    const reused = namespace === XML || this.#random.chance(0.7) ? this.#random.pick(known)?.[0] : undefined
    const prefix = reused ?? this.#random.pick(allowed.filter((free) => !this.#used.has(free))) ?? 'q'
    if (reused === undefined) this.#declare(prefix, namespace)
    this.#used.add(prefix)
    return prefix
  }

  #declare(prefix: string, namespace: string): void {
    this.scope.set(prefix, namespace)
    this.declarations.push(attribute(prefix === '' ? 'xmlns' : `xmlns:${prefix}`, namespace, this.#random))
  }
}

/** `{namespace}local`, whose namespace may hold anything. */
function split(name: string): readonly [namespace: string, local: string] {
  const end = name.lastIndexOf('}')
  return end < 0 ? ['', name] : [name.slice(1, end), name.slice(end + 1)]
}

const join = (prefix: string, local: string): string => (prefix === '' ? local : `${prefix}:${local}`)

const space = (random: Random, least: number): string =>
  random.chance(0.85) ? ' '.repeat(least) : random.pick([' ', '\n', '\t', '\r\n  '])

const layout = (random: Random): string =>
  random.chance(0.6) ? '' : random.pick(['\n', '  ', '\r\n\t', '\n    ', '<!-- a comment -->'])

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

const reference = (character: string, random: Random): string => {
  const code = character.codePointAt(0) ?? 0
  return random.chance(0.5) ? `&#${code};` : `&#x${code.toString(16)};`
}

function attribute(name: string, value: string, random: Random): string {
  const quote = random.pick(['"', "'"])
  const escaped = Array.from(value, (character) => {
    if (random.chance(0.02)) return reference(character, random)
    // As bare characters these would be read as blanks.
    if ('\t\n\r'.includes(character)) return reference(character, random)
    return character === quote || '&<'.includes(character) ? (ENTITIES[character] ?? character) : character
  })
  return `${name}${space(random, 0)}=${space(random, 0)}${quote}${escaped.join('')}${quote}`
}

function text(value: string, random: Random): string {
  // A bare CR would be read as a line feed, in CDATA as well.
  if (!value.includes(']]>') && !value.includes('\r') && random.chance(0.15)) return `<![CDATA[${value}]]>`
  const escaped = Array.from(value, (character) => {
    const comment = random.chance(0.01) ? '<!-- > & -->' : ''
    const plain = '&<>'.includes(character) ? (ENTITIES[character] ?? character) : character
    return comment + (character === '\r' || random.chance(0.02) ? reference(character, random) : plain)
  })
  return escaped.join('')
}

/** One of the ways in which the bytes of a document may come. */
export interface Transfer {
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be'
  readonly mark: boolean
  readonly declaration: boolean
  readonly leadingSpace: boolean
}

export function toBytes(xml: string, { encoding, mark, declaration, leadingSpace }: Transfer): Buffer {
  const name = encoding === 'utf-8' ? 'UTF-8' : 'UTF-16'
  const whole =
    (mark ? '\uFEFF' : '') +
    (leadingSpace ? ' \r\n' : '') +
    (declaration ? `<?xml version="1.0" encoding="${name}"?>` : '') +
    xml
  if (encoding === 'utf-8') return Buffer.from(whole)
  const bytes = Buffer.from(whole, 'utf16le')
  return encoding === 'utf-16be' ? bytes.swap16() : bytes
}

/** Cuts bytes into pieces of random sizes, empty ones among them. */
export function* pieces(bytes: Buffer, random: Random, largest = 200): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const size = random.chance(0.05) ? 0 : 1 + random.below(largest)
    yield bytes.subarray(start, start + size)
    start += size
  }
}
