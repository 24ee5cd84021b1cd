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
  readonly nodeValue: string | null
  readonly localName: string
  readonly namespaceURI: string | null
  readonly attributes: Iterable<DomNode & { readonly value: string }>
  readonly childNodes: Iterable<DomNode>
}

const ELEMENT = 1
const XMLNS = 'http://www.w3.org/2000/xmlns/'

/**
 * Parses with xmlbuilder2, to the character: white space in attributes stays as the references in the text say.
 * Its parser reads `&amp;#65;` as if it were `&#65;`, so texts with `&#` are not for it.
 */
export function readDom(xml: string): DomTree {
  const document = create({ skipWhitespaceOnlyText: false }, xml).node as unknown as DomNode
  const root = [...document.childNodes].find(({ nodeType }) => nodeType === ELEMENT)
  if (root === undefined) throw new Error('no root element')
  return read(root)
}

function read(element: DomNode): DomTree {
  const attributes = [...element.attributes].filter(({ namespaceURI }) => namespaceURI !== XMLNS)
  const children: (DomTree | string)[] = []
  for (const child of element.childNodes) {
    if (child.nodeType === ELEMENT) children.push(read(child))
    else children.push(child.nodeValue ?? '')
  }
  return {
    name: nameOf(element),
    attributes: Object.fromEntries(attributes.map((entry) => [nameOf(entry), entry.value])),
    children: joinTexts(children),
  }
}

const nameOf = ({ localName, namespaceURI }: DomNode): string => qualify(namespaceURI ?? '', localName)

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
