import { create } from 'xmlbuilder2'

/** What was to be written, in the form a parser gives it back in. */
export interface DomTree {
  /** `{namespace}local`; without a namespace, the local name. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  /** Neighbouring texts are one; empty ones are left out. */
  readonly children: readonly (DomTree | string)[]
}

/** As much of the DOM standard as is needed here. */
interface DomNode {
  readonly nodeType: number
  readonly nodeName: string
  readonly nodeValue: string | null
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>
  readonly childNodes: Iterable<DomNode>
}

const ELEMENT = 1

/**
 * Parses with xmlbuilder2, to the character: white space in attributes stays as the references in the text say. Its
 * namespaces are not to be relied on, so prefixes are resolved here; and it reads `&amp;#65;` as if it were `&#65;`,
 * so texts with `&#` are not for it.
 */
export function readDom(xml: string): DomTree {
  const document = create({ skipWhitespaceOnlyText: false }, xml).node as unknown as DomNode
  const root = [...document.childNodes].find(({ nodeType }) => nodeType === ELEMENT)
  if (root === undefined) throw new Error('no root element')
  return read(root, new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]))
}

function read(element: DomNode, outer: ReadonlyMap<string, string>): DomTree {
  const scope = new Map(outer)
  const attributes: (readonly [string, string])[] = []
  for (const { name, value } of element.attributes) {
    if (name === 'xmlns') scope.set('', value)
    else if (name.startsWith('xmlns:')) scope.set(name.slice(6), value)
    else attributes.push([name, value])
  }
  const resolve = (written: string, unprefixed: string): string => {
    const [local = '', prefix] = written.split(':').reverse()
    const namespace = prefix === undefined ? unprefixed : scope.get(prefix)
    if (namespace === undefined) throw new Error(`The prefix of ${written} is not declared.`)
    return qualify(namespace, local)
  }
  return {
    name: resolve(element.nodeName, scope.get('') ?? ''),
    attributes: Object.fromEntries(attributes.map(([name, value]) => [resolve(name, ''), value])),
    children: joinTexts(
      [...element.childNodes].map((child) =>
        child.nodeType === ELEMENT ? read(child, scope) : (child.nodeValue ?? ''),
      ),
    ),
  }
}

export const qualify = (namespace: string, local: string): string =>
  namespace === '' ? local : `{${namespace}}${local}`

/** Joins neighbouring texts and leaves empty ones out. */
export function joinTexts<T extends object>(children: readonly (T | string)[]): (T | string)[] {
  const joined: (T | string)[] = []
  for (const child of children) {
    const last = joined.at(-1)
    if (child === '') continue
    if (typeof child === 'string' && typeof last === 'string') joined.splice(-1, 1, last + child)
    else joined.push(child)
  }
  return joined
}
