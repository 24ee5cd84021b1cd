import { create } from 'xmlbuilder2'
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import { UsageError } from '../errors/errors.js'
import { assertCarriable, assertName, escapeAttribute, escapeText } from './escape.js'
import { NS, prefixFor } from './namespaces.js'
import { ShapeTree, type Mark, type Shape, type ShapeStep } from './shape-tree.js'

/** An attribute to write; without a namespace unless one is given. */
export interface AttributeTree {
  readonly name: string
  readonly namespace?: string | undefined
  readonly value: string
}

/** An element to write. */
export interface ElementTree {
  readonly name: string
  /** The empty string for none. */
  readonly namespace: string
  /** Default: the prefix Windows uses. */
  readonly prefix?: string
  readonly attributes?: readonly AttributeTree[] | undefined
  readonly children?: readonly (ElementTree | string)[] | undefined
  /** Namespaces to declare here although they may only be used further down. */
  readonly declares?: readonly string[] | undefined
}

/** Shorthand for the trees of the protocol. All have the same members, which is quicker to read. */
export function element(
  namespace: string,
  name: string,
  children?: readonly (ElementTree | string)[] | string,
  attributes?: readonly AttributeTree[],
  declares?: readonly string[],
): ElementTree {
  const content = typeof children === 'string' ? [children] : children
  return { namespace, name, attributes, children: content, declares }
}

/** An attribute, likewise. */
export function attribute(name: string, value: string, namespace?: string): AttributeTree {
  return { name, namespace, value }
}

/**
 * xmlbuilder2 costs a hundred times what an escaped template does, and messages repeat: it builds each shape once,
 * with marks where values and namespaces go, and later messages of that shape are the pieces between the marks and
 * the caller's escaped values. So no text of a caller ever passes through the builder, which takes a namespace that
 * looks like XML, JSON or YAML for a document, and one with many blanks for work without end.
 * The marks are controls that no name holds, and fit into a byte: a wider one would double what every message takes.
 */
const MARK = /\x86([at])\x87/
const NAMESPACE_MARK = /\x86(\d+)\x87/g

/** @param values one for each place, in the order of the text */
function fillIn({ pieces, fills }: Shape, values: readonly string[]): string {
  let [xml = ''] = pieces
  let index = 0
  for (const value of values) {
    const fill = fills[index++] ?? escapeText
    xml += fill(value) + (pieces[index] ?? '')
  }
  return xml
}

/** Writes trees that all stand in the same surroundings. */
export class TreeWriter {
  readonly #shapes = new ShapeTree(checkStep)
  readonly #around: (trees: readonly ElementTree[]) => ElementTree
  readonly #holder: string

  /**
   * @param around puts the trees into a document, alone in one of its elements
   * @param holder that element's name with its prefix; the empty string where the document is the tree itself
   */
  constructor(around: (trees: readonly ElementTree[]) => ElementTree, holder = '') {
    this.#around = around
    this.#holder = holder
  }

  /** Without the surroundings. No XML declaration. */
  write(trees: readonly ElementTree[]): string {
    const values: string[] = []
    let step = this.#shapes.root
    for (const tree of trees) step = describe(tree, step, values)
    step.shape ??= this.#build(trees)
    return fillIn(step.shape, values)
  }

  #build(trees: readonly ElementTree[]): Shape {
    const shape = buildShape(this.#around(trees))
    return this.#holder === '' ? shape : { ...shape, pieces: inside(shape.pieces, this.#holder) }
  }
}

/** Cuts off the tags of the element and all that is around it. */
function inside(pieces: readonly string[], holder: string): readonly string[] {
  const [start, end] = [`<${holder}>`, `</${holder}>`]
  return pieces.map((piece, index) => {
    const from = index === 0 ? piece.indexOf(start) + start.length : 0
    return index === pieces.length - 1 ? piece.slice(from, piece.lastIndexOf(end)) : piece.slice(from)
  })
}

const documents = new TreeWriter(([tree]) => tree ?? element('', ''))

/** Writes an element and all below it. No XML declaration. */
export function writeXml(tree: ElementTree): string {
  return documents.write([tree])
}

/** Everything that is structure becomes steps, everything that is value goes into `values`. */
function describe(tree: ElementTree, start: ShapeStep, values: string[]): ShapeStep {
  const { name, namespace, prefix = '', attributes, children, declares } = tree
  let step = start.to('<', namespace, name, prefix)
  if (declares) for (const declared of declares) step = step.to('xmlns', declared)
  if (attributes) {
    for (const attribute of attributes) {
      step = step.to('@', attribute.namespace, attribute.name)
      values.push(attribute.value)
    }
  }
  if (children) {
    for (const child of children) {
      if (typeof child === 'string') {
        step = step.to('.')
        values.push(child)
      } else step = describe(child, step, values)
    }
  }
  return step.to('>')
}

function checkStep(mark: Mark, namespace: string, name: string, prefix: string): void {
  checkNamespace(namespace)
  if (mark === '@' && name === 'xmlns') throw new UsageError('An attribute cannot be called xmlns.')
  if (mark === '<' || mark === '@') assertName(name)
  if (prefix !== '') assertName(prefix)
}

/**
 * A namespace is structure, so it must not begin a mark. No URI holds a line break or a tab, and a reader would make
 * blanks of them. Only declarations are in that of `xmlns`.
 */
function checkNamespace(namespace: string): void {
  if (/[\x86\t\n\r]/.test(namespace) || namespace === NS.xmlns)
    throw new UsageError(`${JSON.stringify(namespace)} cannot be a namespace.`)
  assertCarriable(namespace)
}

function buildShape(tree: ElementTree): Shape {
  const document = create()
  const namespaces = new StandIns()
  append(document, tree, new Map(), namespaces)
  const parts = document.end({ headless: true }).split(MARK)
  return {
    pieces: parts.filter((_, index) => index % 2 === 0).map((piece) => namespaces.restore(piece)),
    fills: parts
      .filter((_, index) => index % 2 === 1)
      .map((kind) => (kind === 'a' ? escapeAttribute : escapeText)),
  }
}

/** Stands a mark in for each namespace. */
class StandIns {
  readonly #namespaces: string[] = []

  /** The builder must know which is none, and which is that of `xml:lang`. */
  of(namespace: string): string {
    if (namespace === '' || namespace === NS.xml) return namespace
    if (!this.#namespaces.includes(namespace)) this.#namespaces.push(namespace)
    return `\x86${this.#namespaces.indexOf(namespace)}\x87`
  }

  restore(xml: string): string {
    return xml.replace(NAMESPACE_MARK, (_, index: string) =>
      escapeAttribute(this.#namespaces[Number(index)] ?? ''),
    )
  }
}

/** @param outer the namespaces in force around the element, by prefix */
function append(
  parent: XMLBuilder,
  tree: ElementTree,
  outer: ReadonlyMap<string, string>,
  namespaces: StandIns,
): void {
  const prefix = elementPrefix(tree, outer)
  const scope = new Map(outer).set(prefix, tree.namespace)
  const node = parent.ele(namespaces.of(tree.namespace), prefix === '' ? tree.name : `${prefix}:${tree.name}`)
  const declare = (name: string, namespace: string): string => {
    node.att(NS.xmlns, `xmlns:${name}`, namespaces.of(namespace))
    scope.set(name, namespace)
    return name
  }
  for (const namespace of tree.declares ?? []) declare(prefixFor(namespace), namespace)
  for (const { name, namespace } of tree.attributes ?? []) {
    if (namespace === undefined) node.att(name, '\x86a\x87')
    else {
      // Declared here, because xmlbuilder2 does it once for every attribute.
      const known = namespace === NS.xml ? 'xml' : declaredPrefix(namespace, scope)
      const attributePrefix = known ?? declare(freePrefix(prefixFor(namespace), scope), namespace)
      node.att(namespaces.of(namespace), `${attributePrefix}:${name}`, '\x86a\x87')
    }
  }
  for (const child of tree.children ?? []) {
    if (typeof child === 'string') node.txt('\x86t\x87')
    else append(node, child, scope, namespaces)
  }
}

/**
 * The resources of one message share a prefix, and xmlbuilder2 does not see when a declaration hides one further up:
 * where what it hides is still needed inside, the element gets another prefix.
 */
function elementPrefix(tree: ElementTree, outer: ReadonlyMap<string, string>): string {
  const { namespace } = tree
  if (namespace === '') return ''
  const wanted = declaredPrefix(namespace, outer) ?? tree.prefix ?? prefixFor(namespace)
  const hidden = outer.get(wanted)
  const harmless = hidden === undefined || hidden === namespace || !mentions(tree, hidden)
  return harmless ? wanted : freePrefix(wanted, outer)
}

function declaredPrefix(namespace: string, scope: ReadonlyMap<string, string>): string | undefined {
  return [...scope].find(([prefix, uri]) => prefix !== '' && uri === namespace)?.[0]
}

function freePrefix(wanted: string, scope: ReadonlyMap<string, string>): string {
  if (!scope.has(wanted)) return wanted
  let count = 1
  while (scope.has(`${wanted}${count}`)) count += 1
  return `${wanted}${count}`
}

function mentions({ children = [], attributes = [] }: ElementTree, namespace: string): boolean {
  return (
    attributes.some((attribute) => attribute.namespace === namespace) ||
    children.some(
      (child) => typeof child !== 'string' && (child.namespace === namespace || mentions(child, namespace)),
    )
  )
}
