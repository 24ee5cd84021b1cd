import type { EndpointReference, SelectorValue } from '../envelope/endpoint-reference.js'
import { readReference } from '../envelope/selectors.js'
import type { XmlElement } from '../xml/element.js'
import { addressParts, cimNamespace, ownSelectors } from './class-uri.js'
import type { EndpointRef } from './types.js'

/** What a reference on the wire points to, in the terms of classes. */
export function toRef({ resourceUri, selectors }: EndpointReference): EndpointRef {
  const { className, namespace = cimNamespace(selectors) } = addressParts(resourceUri)
  const keys = ownSelectors(selectors).map(([name, value]) => [name, keyOf(value)] as const)
  return {
    className,
    ...(namespace === undefined ? {} : { namespace }),
    keys: Object.fromEntries(keys),
  }
}

/** Reads what an element that is a reference points to. */
export function readRef(element: XmlElement): EndpointRef {
  return toRef(readReference(element))
}

/** Associations have references as keys, so that references to them nest. */
export function keyOf(value: SelectorValue): string | EndpointRef {
  return typeof value === 'object' ? toRef(value) : String(value)
}
