import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { element, type ElementTree } from '../xml/writer.js'
import type { EndpointReference } from './endpoint-reference.js'

export type SelectorValue = string | number | boolean | bigint | EndpointReference

/** Selectors by name. Services compare names and values without regard to case (MS-WSMV 3.1.4.1.2). */
export type Selectors = Readonly<Record<string, SelectorValue>>

/** `w:SelectorSet`, or nothing where there is no selector. */
export function selectorSet(
  selectors: Selectors,
  write: (value: SelectorValue) => readonly (ElementTree | string)[],
): readonly ElementTree[] {
  const entries = Object.entries(selectors)
  if (entries.length === 0) return []
  const children = entries.map(([name, value]) =>
    element(NS.wsman, 'Selector', write(value), [{ name: 'Name', value: name }]),
  )
  return [element(NS.wsman, 'SelectorSet', children)]
}

export function readSelectors(
  set: XmlElement,
  readReference: (holder: XmlElement) => EndpointReference,
): Selectors {
  const entries = set.all(NS.wsman, 'Selector').map((selector) => {
    const value = selector.child(NS.addressing, 'EndpointReference')
      ? readReference(selector)
      : selector.text.trim()
    return [selector.attribute('Name') ?? '', value] as const
  })
  return Object.fromEntries(entries)
}
