import { brand, hasBrand } from '../errors/brand.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { element, type ElementTree } from '../xml/writer.js'
import { ANONYMOUS } from './actions.js'
import { readSelectors, selectorSet, type SelectorValue, type Selectors } from './selectors.js'

/** Names a resource: what `create` and EPR enumerations return, and what can be passed wherever a resource goes. */
export class EndpointReference {
  static {
    brand(this, 'EndpointReference')
  }

  /** The resource URI (`w:ResourceURI`). */
  readonly resourceUri: string
  /** What singles out one instance, by name. */
  readonly selectors: Selectors
  /** Where the resource is reached (`a:Address`). Default: where this message came from. */
  readonly address: string

  constructor(resourceUri: string, selectors: Selectors = {}, address: string = ANONYMOUS) {
    this.resourceUri = resourceUri
    this.selectors = selectors
    this.address = address
  }
}

export function isEndpointReference(value: unknown): value is EndpointReference {
  return hasBrand(value, 'EndpointReference')
}

/**
 * Reads the address and the reference parameters directly inside an element, or inside `a:EndpointReference` in it.
 * Older peers write `ReferenceProperties`.
 */
export function readEndpointReference(parent: XmlElement): EndpointReference {
  const root = parent.child(NS.addressing, 'EndpointReference') ?? parent
  const parameters = ['ReferenceParameters', 'ReferenceProperties'].flatMap(
    (name) => root.child(NS.addressing, name)?.elements ?? [],
  )
  const resourceUri = parameters.find((entry) => entry.is(NS.wsman, 'ResourceURI'))?.text.trim()
  const selectors = parameters.find((entry) => entry.is(NS.wsman, 'SelectorSet'))
  return new EndpointReference(
    resourceUri ?? '',
    selectors ? readSelectors(selectors, readEndpointReference) : {},
    root.childText(NS.addressing, 'Address'),
  )
}

/** The children that stand inside the element which holds a reference. */
export function referenceChildren(reference: EndpointReference): readonly ElementTree[] {
  return [
    element(NS.addressing, 'Address', reference.address),
    element(NS.addressing, 'ReferenceParameters', [
      element(NS.wsman, 'ResourceURI', reference.resourceUri),
      ...selectorSet(reference.selectors, writeSelectorValue),
    ]),
  ]
}

/** A selector holds text, or a whole `a:EndpointReference` (DSP0226 5.1.2.2). */
export function writeSelectorValue(value: SelectorValue): readonly (ElementTree | string)[] {
  if (isEndpointReference(value))
    return [element(NS.addressing, 'EndpointReference', referenceChildren(value))]
  return [String(value)]
}
