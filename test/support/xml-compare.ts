import { DOMParser, type Attr, type Element } from '@xmldom/xmldom'

/** An element without anything that has no meaning: prefixes, declarations, comments, the kind of a text. */
export interface PlainElement {
  /** `{namespace}local`; without a namespace, the local name. */
  readonly name: string
  /** Values by `{namespace}local`, sorted by it; namespace declarations left out. */
  readonly attributes: Readonly<Record<string, string>>
  /** Neighbouring texts and CDATA sections are one text; there are no empty ones. */
  readonly children: readonly PlainNode[]
}

export type PlainNode = PlainElement | string

export const qualified = (namespace: string, local: string): string =>
  namespace === '' ? local : `{${namespace}}${local}`

const XMLNS = 'http://www.w3.org/2000/xmlns/'

// XML 1.0, 2.11; that of the parser is XML 1.1's, which knows more of them.
const parser = new DOMParser({
  normalizeLineEndings: (text) => text.replace(/\r\n?/g, '\n'),
  onError: (level, message) => {
    // A replacement character is one that XML carries.
    if (!message.startsWith('Unicode replacement')) throw new Error(`${level}: ${message}`)
  },
})

/** Reads XML with xmldom, which shares no code with what the package reads and writes with. */
export function parseXml(xml: string): PlainElement {
  const { documentElement } = parser.parseFromString(xml.trim(), 'text/xml')
  if (!documentElement) throw new Error('The text holds no element.')
  return plain(documentElement)
}

function plain(element: Element): PlainElement {
  return {
    name: nameOf(element),
    attributes: sorted(
      [...element.attributes]
        .filter(({ namespaceURI }) => namespaceURI !== XMLNS)
        .map((attribute) => [nameOf(attribute), attribute.value] as const),
    ),
    children: joined(
      [...element.childNodes].flatMap((child): PlainNode[] => {
        if (child.nodeType === child.ELEMENT_NODE) return [plain(child as Element)]
        const isText = child.nodeType === child.TEXT_NODE || child.nodeType === child.CDATA_SECTION_NODE
        return isText ? [child.nodeValue ?? ''] : []
      }),
    ),
  }
}

const nameOf = ({ namespaceURI, localName, nodeName }: Element | Attr): string =>
  qualified(namespaceURI ?? '', localName ?? nodeName)

/** Attributes in one order, whatever the order they were written in. */
export function sorted(attributes: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries([...attributes].sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Joins neighbouring texts. */
export function joined(nodes: readonly PlainNode[]): readonly PlainNode[] {
  const children: PlainNode[] = []
  for (const node of nodes) {
    const last = children.at(-1)
    if (node === '') continue
    if (typeof node === 'string' && typeof last === 'string') children.splice(-1, 1, last + node)
    else children.push(node)
  }
  return children
}

/** All text directly inside. */
export const textOf = (element: PlainElement): string =>
  element.children.filter((child) => typeof child === 'string').join('')

export const elementsOf = (element: PlainElement): readonly PlainElement[] =>
  element.children.filter((child) => typeof child !== 'string')

/** Elements on the way down by local names, which is how people speak of messages; every branch is followed. */
export function select(element: PlainElement, ...path: readonly string[]): readonly PlainElement[] {
  return path.reduce<readonly PlainElement[]>(
    (found, local) =>
      found.flatMap((parent) => elementsOf(parent).filter((child) => localName(child) === local)),
    [element],
  )
}

export const localName = ({ name }: PlainElement): string => name.slice(name.indexOf('}') + 1)

/**
 * The same element as it would be without pretty-printing: white space around texts and between elements is gone.
 * For messages that people laid out for print.
 */
export function trimmed(element: PlainElement): PlainElement {
  const children = element.children.flatMap((child): PlainNode[] => {
    if (typeof child !== 'string') return [trimmed(child)]
    return child.trim() === '' ? [] : [child.trim()]
  })
  return { ...element, children }
}

/** One thing in which two elements are not the same. */
export interface Difference {
  /** The way from the root, by local names: `Header/OptionSet/Option[WINRS_CODEPAGE]`, `Header/Action@s:mustUnderstand`. */
  readonly at: string
  /**
   * `only theirs`, `only ours`, `order` of the children, `text`, or `spelling` where the texts mean the same: durations
   * of one length, words in another letter case.
   */
  readonly what: string
  readonly detail: string
}

const PREFIXES: ReadonlyMap<string, string> = new Map([
  ['http://www.w3.org/2003/05/soap-envelope', 's'],
  ['http://schemas.xmlsoap.org/ws/2004/08/addressing', 'a'],
  ['http://schemas.microsoft.com/wbem/wsman/1/windows/shell', 'rsp'],
  ['http://www.w3.org/XML/1998/namespace', 'xml'],
])

/** Compares names, namespaces, attributes, texts and the order of elements; both must be without pretty-printing. */
export function differences(ours: PlainElement, theirs: PlainElement, at = ''): readonly Difference[] {
  const below = at === '' ? '' : `${at}/`
  const own = keyed(elementsOf(ours))
  const other = keyed(elementsOf(theirs))
  const only = (one: ReadonlyMap<string, PlainElement>, rest: typeof one, what: string): Difference[] =>
    [...one.keys()]
      .filter((key) => !rest.has(key))
      .map((key) => ({ at: below + shortKey(key), what, detail: key }))
  const common = (one: ReadonlyMap<string, PlainElement>, rest: typeof one): string =>
    [...one.keys()]
      .filter((key) => rest.has(key))
      .map(shortKey)
      .join(' ')
  const order = [common(own, other), common(other, own)] as const
  return [
    ...valueDifferences(textOf(ours), textOf(theirs), at),
    ...attributeDifferences(ours, theirs, at),
    ...(order[0] === order[1] ? [] : [{ at, what: 'order', detail: `${order[0]} for ${order[1]}` }]),
    ...only(other, own, 'only theirs'),
    ...only(own, other, 'only ours'),
    ...[...own].flatMap(([key, element]) => {
      const counterpart = other.get(key)
      return counterpart ? differences(element, counterpart, below + shortKey(key)) : []
    }),
  ]
}

function attributeDifferences(ours: PlainElement, theirs: PlainElement, at: string): readonly Difference[] {
  const names = new Set([...Object.keys(ours.attributes), ...Object.keys(theirs.attributes)])
  return [...names].flatMap((name) => {
    const short = name.replace(
      /^\{(.*)\}/,
      (_, namespace: string) => `${PREFIXES.get(namespace) ?? namespace}:`,
    )
    return valueDifferences(ours.attributes[name], theirs.attributes[name], `${at}@${short}`)
  })
}

function valueDifferences(
  ours: string | undefined,
  theirs: string | undefined,
  at: string,
): readonly Difference[] {
  if (ours === theirs) return []
  const detail = `${ours ?? 'nothing'} for ${theirs ?? 'nothing'}`
  if (ours === undefined) return [{ at, what: 'only theirs', detail }]
  if (theirs === undefined) return [{ at, what: 'only ours', detail }]
  const isSpelling = meaningOf(ours) === meaningOf(theirs)
  return [{ at, what: isSpelling ? 'spelling' : 'text', detail }]
}

function meaningOf(text: string): string {
  const duration = /^PT(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(text)
  if (!duration) return text.toLowerCase()
  const [, minutes = '0', seconds = '0'] = duration
  return `${Number(minutes) * 60 + Number(seconds)} s`
}

/** Elements by what tells them from their neighbours: their name, their `Name` attribute, their number. */
function keyed(elements: readonly PlainElement[]): ReadonlyMap<string, PlainElement> {
  const found = new Map<string, PlainElement>()
  for (const element of elements) {
    const name = element.attributes.Name
    const base = name === undefined ? element.name : `${element.name}[${name}]`
    let key = base
    for (let number = 2; found.has(key); number++) key = `${base}#${number}`
    found.set(key, element)
  }
  return found
}

const shortKey = (key: string): string => key.replace(/^\{[^}]*\}/, '')
