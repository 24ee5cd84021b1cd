import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { element, type ElementTree } from '../xml/writer.js'
import {
  EndpointReference,
  isEndpointReference,
  type SelectorValue,
  type Selectors,
} from './endpoint-reference.js'

/** `w:SelectorSet`, or nothing where there is no selector. */
export function selectorSet(selectors: Selectors): readonly ElementTree[] {
  const entries = Object.entries(selectors)
  if (entries.length === 0) return []
  const children = entries.map(([name, value]) =>
    element(NS.wsman, 'Selector', selectorContent(value), [{ name: 'Name', value: name }]),
  )
  return [element(NS.wsman, 'SelectorSet', children)]
}

/** A selector holds text, or a whole `a:EndpointReference` (DSP0226 5.1.2.2). */
function selectorContent(value: SelectorValue): readonly (ElementTree | string)[] {
  if (isEndpointReference(value))
    return [element(NS.addressing, 'EndpointReference', referenceChildren(value))]
  return [String(value)]
}

/** The children that stand inside the element which holds a reference. */
export function referenceChildren(reference: EndpointReference): readonly ElementTree[] {
  return [
    element(NS.addressing, 'Address', reference.address),
    element(NS.addressing, 'ReferenceParameters', [
      element(NS.wsman, 'ResourceURI', reference.resourceUri),
      ...selectorSet(reference.selectors),
    ]),
  ]
}

export function readSelectors(set: XmlElement): Selectors {
  const entries = set.all(NS.wsman, 'Selector').map((selector) => {
    const nested = selector.child(NS.addressing, 'EndpointReference')
    return [selector.attribute('Name') ?? '', nested ? readReference(nested) : selector.text.trim()] as const
  })
  return Object.fromEntries(entries)
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
