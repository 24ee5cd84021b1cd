import type { EndpointReference, Selectors } from '../envelope/endpoint-reference.js'
import { writeInEnvelope } from '../envelope/envelope-trees.js'
import { referenceChildren, selectorSet } from '../envelope/selectors.js'
import { UsageError } from '../errors/errors.js'
import { NS } from '../xml/namespaces.js'
import { xml, type Xml } from '../xml/template.js'
import { element, type ElementTree } from '../xml/writer.js'

/** `w:Filter`: the dialect's URI and the expression in it. */
export interface TextFilter {
  readonly dialect: string
  readonly text: string
}

/** `w:Filter` with selectors in it: the instances whose properties have these values (MS-WSMV 3.1.4.1.13). */
export interface SelectorFilter {
  readonly dialect: string
  readonly selectors: Selectors
}

/** `w:Filter` with an object in it whose associations are followed (DSP0227 8.2). */
export interface AssociationFilter {
  readonly dialect: string
  /** The objects at the other ends, or the associations themselves. */
  readonly kind: 'associators' | 'references'
  readonly object: EndpointReference
  readonly associationClassName?: string | undefined
  readonly role?: string | undefined
  readonly resultClassName?: string | undefined
  readonly resultRole?: string | undefined
  readonly includeResultProperty: readonly string[]
}

/** What an enumeration selects by. */
export type FilterExpression = TextFilter | SelectorFilter | AssociationFilter

/** @throws UsageError for what is no filter, and for values that cannot be sent */
export function filterXml(filter: FilterExpression): Xml {
  return xml`<w:Filter Dialect="${filter.dialect}">${filterContent(filter)}</w:Filter>`
}

function filterContent(filter: FilterExpression): string | Xml {
  if ('text' in filter) return filter.text
  if ('selectors' in filter) return selectorSet(filter.selectors)
  if ('object' in filter) return writeInEnvelope([associationElement(filter)])
  throw new UsageError('A filter is what wql, selectorFilter, associatorsOf and the like return.', {
    hint: 'Or an object with the URI of its `dialect` and its `text`.',
  })
}

/** In the order of the schema of the CIM binding, which openwsman's client keeps to, too. */
function associationElement(filter: AssociationFilter): ElementTree {
  const given = (name: string, values: readonly (string | undefined)[]): readonly ElementTree[] =>
    values.flatMap((value) => (value === undefined ? [] : [element(NS.cimBinding, name, value)]))
  const name = filter.kind === 'associators' ? 'AssociatedInstances' : 'AssociationInstances'
  return element(NS.cimBinding, name, [
    element(NS.cimBinding, 'Object', referenceChildren(filter.object)),
    ...given('AssociationClassName', [filter.associationClassName]),
    ...given('Role', [filter.role]),
    ...given('ResultClassName', [filter.resultClassName]),
    ...given('ResultRole', [filter.resultRole]),
    ...given('IncludeResultProperty', filter.includeResultProperty),
  ])
}
