import { ANONYMOUS } from '../envelope/actions.js'
import { escapeAttribute, escapeText } from '../xml/escape.js'
import { NS } from '../xml/namespaces.js'
import { printable } from './printable.js'

/** The selectors of a reference, in order; a value is text or a reference that is already written. */
export type ReferenceSelectors = Readonly<Record<string, string | { readonly xml: string }>>

/** `a:EndpointReference`, as Windows writes it among the items of an enumeration. */
export function writeReference(resourceUri: string, selectors: ReferenceSelectors): string {
  return `<a:EndpointReference xmlns:a="${NS.addressing}" xmlns:w="${NS.wsman}">${referenceContent(resourceUri, selectors)}</a:EndpointReference>`
}

/** What stands inside a property that is a reference; the prefixes `a` and `w` must be declared around it. */
export function referenceContent(resourceUri: string, selectors: ReferenceSelectors): string {
  const written = Object.entries(selectors).map(([name, value]) => {
    const content = typeof value === 'string' ? escapeText(printable(value)) : value.xml
    return `<w:Selector Name="${escapeAttribute(name)}">${content}</w:Selector>`
  })
  const set = written.length > 0 ? `<w:SelectorSet>${written.join('')}</w:SelectorSet>` : ''
  return `<a:Address>${ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>${escapeText(resourceUri)}</w:ResourceURI>${set}</a:ReferenceParameters>`
}
