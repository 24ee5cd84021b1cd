import { EndpointReference, type RawValue, type SelectorValue } from 'wsman'
import { elementsOf, localName, select, textOf, type PlainElement } from '../../support/xml-compare.js'

const ADDRESSING = '{http://schemas.xmlsoap.org/ws/2004/08/addressing}'
const NIL = '{http://www.w3.org/2001/XMLSchema-instance}nil'
const TIME = /^(?:\{http:\/\/schemas\.dmtf\.org\/wbem\/wscim\/1\/common\})(?:Datetime|Interval|Date|Time)$/

/** What the API gives for an element, by the rules of its documentation, written apart from the package's decoder. */
export function expectedValue(element: PlainElement): RawValue {
  const children = elementsOf(element)
  const [only] = children
  if (element.attributes[NIL] === 'true') return null
  if (!only) return textOf(element)
  if (only.name.startsWith(ADDRESSING)) return expectedReference(element)
  if (TIME.test(only.name)) return textOf(only).trim()
  const instance: Record<string, RawValue> = {}
  for (const child of children) {
    const name = localName(child)
    const value = expectedValue(child)
    const earlier = instance[name]
    if (earlier === undefined) instance[name] = value
    else instance[name] = Array.isArray(earlier) ? [...earlier, value] : [earlier, value]
  }
  return instance
}

/** A reference whose parts stand directly inside the element. */
export function expectedReference(element: PlainElement): EndpointReference {
  const text = (...path: readonly string[]): string =>
    select(element, ...path)
      .map(textOf)
      .join('')
      .trim()
  const selectors = select(element, 'ReferenceParameters', 'SelectorSet', 'Selector').map(
    (selector): [string, SelectorValue] => {
      const [nested] = elementsOf(selector)
      return [selector.attributes.Name ?? '', nested ? expectedReference(nested) : textOf(selector).trim()]
    },
  )
  return new EndpointReference(
    text('ReferenceParameters', 'ResourceURI'),
    Object.fromEntries(selectors),
    text('Address'),
  )
}
