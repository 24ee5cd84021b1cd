import { create } from 'xmlbuilder2'
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import { assertName, escapeAttribute, escapeText } from './escape.js'
import { NS, prefixFor } from './namespaces.js'

/** An attribute to write; without a namespace unless one is given. */
export interface AttributeTree {
  readonly name: string
  readonly namespace?: string
  readonly value: string
}

/** An element to write. */
export interface ElementTree {
  readonly name: string
  /** The empty string for none. */
  readonly namespace: string
  /** Default: the prefix Windows uses. */
  readonly prefix?: string
  readonly attributes?: readonly AttributeTree[]
  readonly children?: readonly (ElementTree | string)[]
  /** Namespaces to declare here although they may only be used further down. */
  readonly declares?: readonly string[]
}

/** Shorthand for the trees of the protocol. */
export function element(
  namespace: string,
  name: string,
  children: readonly (ElementTree | string)[] | string = [],
  attributes: readonly AttributeTree[] = [],
): ElementTree {
  return { namespace, name, attributes, children: typeof children === 'string' ? [children] : children }
}

/**
 * xmlbuilder2 costs a hundred times what an escaped template does, and messages repeat: it builds each shape once,
 * with marks where the values go, and later messages of that shape are the pieces between the marks and the
 * caller's escaped values. So no text of a caller ever passes through markup.
 */
const MARK = /\uE000([at])\uE001/

type Fill = (value: string) => string
interface Shape {
  readonly pieces: readonly string[]
  readonly fills: readonly Fill[]
}

const MAX_SHAPES = 256
const MAX_KEY_LENGTH = 8192
const shapes = new Map<string, Shape>()

/** Writes an element and all below it. No XML declaration. */
export function writeXml(tree: ElementTree): string {
  const values: string[] = []
  const key = describe(tree, values)
  let shape = shapes.get(key)
  if (!shape) {
    shape = buildShape(tree)
    if (key.length <= MAX_KEY_LENGTH) remember(key, shape)
  }
  const { pieces, fills } = shape
  return pieces.reduce(
    (xml, piece, index) => xml + (fills[index - 1]?.(values[index - 1] ?? '') ?? '') + piece,
  )
}

function remember(key: string, shape: Shape): void {
  const [oldest] = shapes.keys()
  if (shapes.size >= MAX_SHAPES && oldest !== undefined) shapes.delete(oldest)
  shapes.set(key, shape)
}

/** Everything that is structure goes into the key, everything that is value into `values`. */
function describe(tree: ElementTree, values: string[]): string {
  assertName(tree.name)
  let key = `<${tree.prefix ?? ''}:${tree.name} ${encodeURI(tree.namespace)}`
  if (tree.declares) key += ` ${tree.declares.join(' ')}`
  for (const attribute of tree.attributes ?? []) {
    assertName(attribute.name)
    key += `@${attribute.name} ${attribute.namespace ?? ''}`
    values.push(attribute.value)
  }
  for (const child of tree.children ?? []) {
    if (typeof child === 'string') {
      key += '.'
      values.push(child)
    } else key += describe(child, values)
  }
  return `${key}>`
}

function buildShape(tree: ElementTree): Shape {
  const document = create()
  append(document, tree)
  const parts = document.end({ headless: true }).split(MARK)
  return {
    pieces: parts.filter((_, index) => index % 2 === 0),
    fills: parts
      .filter((_, index) => index % 2 === 1)
      .map((kind) => (kind === 'a' ? escapeAttribute : escapeText)),
  }
}

function append(parent: XMLBuilder, tree: ElementTree): void {
  const prefix = tree.namespace === '' ? '' : (tree.prefix ?? prefixFor(tree.namespace))
  const node = parent.ele(tree.namespace, prefix === '' ? tree.name : `${prefix}:${tree.name}`)
  for (const namespace of tree.declares ?? []) node.att(NS.xmlns, `xmlns:${prefixFor(namespace)}`, namespace)
  for (const { name, namespace } of tree.attributes ?? []) {
    if (namespace === undefined) node.att(name, '\uE000a\uE001')
    else node.att(namespace, `${prefixFor(namespace)}:${name}`, '\uE000a\uE001')
  }
  for (const child of tree.children ?? []) {
    if (typeof child === 'string') node.txt('\uE000t\uE001')
    else append(node, child)
  }
}
