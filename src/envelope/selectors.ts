import { UsageError } from '../errors/errors.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { xml, type Xml } from '../xml/template.js'
import { attribute, element, type ElementTree } from '../xml/writer.js'
import { EndpointReference, type Selectors } from './endpoint-reference.js'
import { writeInEnvelope } from './envelope-trees.js'
import { scalarText } from './scalar-text.js'

/** References inside references, beyond which they must be going in a circle. */
const MAX_NESTING = 16

/** `w:SelectorSet` for an envelope, if there is any selector. @throws UsageError for what is no value of a selector */
export function selectorSet(selectors: Selectors): Xml {
  const names = Object.keys(selectors)
  if (names.length === 0) return xml``
  if (names.some((name) => isReferenceLike(selectors[name])))
    return writeInEnvelope(selectorTrees(selectors, 0))
  const children = names.map(
    (name) => xml`<w:Selector Name="${name}">${selectorText(name, selectors[name])}</w:Selector>`,
  )
  return xml`<w:SelectorSet>${children}</w:SelectorSet>`
}

/** The same where references stand inside each other. */
function selectorTrees(selectors: Selectors, nesting: number): readonly ElementTree[] {
  const children = Object.entries(selectors).map(([name, value]) =>
    element(NS.wsman, 'Selector', selectorContent(name, value, nesting), [attribute('Name', name)]),
  )
  return children.length === 0 ? [] : [element(NS.wsman, 'SelectorSet', children)]
}

const selectorText = (name: string, value: unknown): string => scalarText(`The selector ${name}`, value)

/** A selector holds text, or a whole `a:EndpointReference` (DSP0226 5.1.2.2), also one that was stored as JSON. */
function selectorContent(name: string, value: unknown, nesting: number): readonly (ElementTree | string)[] {
  if (!isReferenceLike(value)) return [selectorText(name, value)]
  const children = referenceChildren(EndpointReference.from(value), nesting + 1)
  return [element(NS.addressing, 'EndpointReference', children)]
}

const isReferenceLike = (value: unknown): value is EndpointReference =>
  typeof value === 'object' &&
  value !== null &&
  'resourceUri' in value &&
  typeof value.resourceUri === 'string'

/** The children that stand inside the element which holds a reference. */
export function referenceChildren(reference: EndpointReference, nesting = 0): readonly ElementTree[] {
  if (nesting > MAX_NESTING) throw new UsageError('A selector refers to itself, or references nest too deep.')
  return [
    element(NS.addressing, 'Address', reference.address),
    element(NS.addressing, 'ReferenceParameters', [
      element(NS.wsman, 'ResourceURI', reference.resourceUri),
      ...selectorTrees(reference.selectors, nesting),
    ]),
  ]
}

export function readSelectors(set: XmlElement): Selectors {
  const entries = set.all(NS.wsman, 'Selector').map((selector) => {
    const nested = selector.child(NS.addressing, 'EndpointReference')
    return [
      selector.attribute('Name') ?? '',
      nested ? readReference(nested) : withoutLayout(selector.text),
    ] as const
  })
  return Object.fromEntries(entries)
}

/** A key may begin or end with blanks, and must be sent back with them; a line break there is the peer's layout. */
function withoutLayout(text: string): string {
  const kept = text.trim()
  if (kept.length === text.length) return text
  const start = text.length - text.trimStart().length
  const [before, after] = [text.slice(0, start), text.slice(start + kept.length)]
  return (before.includes('\n') ? '' : before) + kept + (after.includes('\n') ? '' : after)
}

/**
 * Reads the address and the reference parameters directly inside an element, or inside `a:EndpointReference` in it.
 * Older peers write `ReferenceProperties`.
 */
export function readReference(holder: XmlElement): EndpointReference {
  const root = holder.child(NS.addressing, 'EndpointReference') ?? holder
  const parameters = ['ReferenceParameters', 'ReferenceProperties'].flatMap(
    (name) => root.child(NS.addressing, name)?.elements ?? [],
  )
  const resourceUri = parameters.find((entry) => entry.is(NS.wsman, 'ResourceURI'))?.text.trim()
  const selectors = parameters.find((entry) => entry.is(NS.wsman, 'SelectorSet'))
  return new EndpointReference(
    resourceUri ?? '',
    selectors ? readSelectors(selectors) : {},
    root.childText(NS.addressing, 'Address'),
  )
}
