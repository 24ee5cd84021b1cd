import { UsageError } from '../errors/errors.js'
import { NS } from '../xml/namespaces.js'
import { element, type AttributeTree, type ElementTree } from '../xml/writer.js'
import { isEndpointReference, type EndpointReference } from './endpoint-reference.js'
import { metadataOf, type PropertyMetadata } from './instance.js'
import { referenceChildren } from './selectors.js'

/** What can be written as a property: a Date becomes a CIM datetime, an array repeats the element, null is `xsi:nil`. */
export type PropertyValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | EndpointReference
  | readonly PropertyValue[]
  | { readonly [property: string]: PropertyValue }

/** Properties to write, by name. A property that is undefined is left out. */
export type Properties = Readonly<Record<string, PropertyValue | undefined>>

const NIL: readonly AttributeTree[] = [{ namespace: NS.xsi, name: 'nil', value: 'true' }]

/**
 * Writes properties as the children of one element. Where the object was read from a service, each property goes
 * back in the namespace and the wrapper it came with.
 */
export function instanceTree(name: string, namespaceUri: string, properties: Properties): ElementTree {
  const known = metadataOf(properties)?.properties ?? {}
  const children = Object.entries(properties).flatMap(([property, value]) => {
    if (value === undefined) return []
    const metadata = Object.hasOwn(known, property) ? known[property] : undefined
    return propertyTrees(property, metadata?.namespaceUri ?? namespaceUri, value, metadata)
  })
  return element(namespaceUri, name, children)
}

function propertyTrees(
  name: string,
  namespace: string,
  value: PropertyValue,
  metadata: PropertyMetadata | undefined,
): readonly ElementTree[] {
  if (Array.isArray(value)) {
    const items = value as readonly PropertyValue[]
    return items.flatMap((item) => propertyTrees(name, namespace, item, metadata))
  }
  if (value === null) return [element(namespace, name, [], NIL)]
  if (value instanceof Date) return [wrapped(namespace, name, 'Datetime', isoDate(name, value))]
  if (isEndpointReference(value)) return [element(namespace, name, referenceChildren(value))]
  if (typeof value === 'object') {
    return [instanceTree(name, namespace, value as Properties)]
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw notWritable(name, String(value))
  if (metadata?.wrapper !== undefined) return [wrapped(namespace, name, metadata.wrapper, String(value))]
  return [element(namespace, name, String(value))]
}

function wrapped(namespace: string, name: string, wrapper: string, text: string): ElementTree {
  return element(namespace, name, [element(NS.cim, wrapper, text)])
}

function isoDate(name: string, value: Date): string {
  if (Number.isNaN(value.getTime())) throw notWritable(name, 'an invalid Date')
  return value.toISOString()
}

function notWritable(name: string, what: string): UsageError {
  return new UsageError(`The property ${name} cannot be written: it is ${what}.`)
}
