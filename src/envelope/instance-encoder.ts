import { UsageError } from '../errors/errors.js'
import { NS } from '../xml/namespaces.js'
import { attribute, element, type AttributeTree, type ElementTree } from '../xml/writer.js'
import { isCimDateTime, type CimDateTime } from './cim-datetime.js'
import { isCimInterval, type CimInterval } from './cim-interval.js'
import { isEndpointReference, type EndpointReference } from './endpoint-reference.js'
import { metadataOf, type PropertyMetadata } from './instance.js'
import { scalarText } from './scalar-text.js'
import { referenceChildren } from './selectors.js'

/**
 * What can be written as a property: a Date becomes a CIM datetime, an array repeats the element, null is `xsi:nil`. An
 * array without elements is no element at all, which is how CIM knows it from null.
 */
export type PropertyValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | CimDateTime
  | CimInterval
  | EndpointReference
  | readonly PropertyValue[]
  | { readonly [property: string]: PropertyValue }

/** Properties to write, by name. A property that is undefined is left out. */
export type Properties = Readonly<Record<string, PropertyValue | undefined>>

const NIL: readonly AttributeTree[] = [attribute('nil', 'true', NS.xsi)]

/** Values inside each other, beyond which an object must be holding itself. */
const MAX_DEPTH = 64

/**
 * Writes properties as the children of one element. Where the object was read from a service, each property goes
 * back in the namespace and the wrapper it came with.
 * @throws UsageError for a value that cannot be written
 */
export function instanceTree(
  name: string,
  namespaceUri: string,
  properties: Properties,
  depth = 0,
): ElementTree {
  if (depth > MAX_DEPTH) throw notWritable(name, 'holding itself, or nested too deep')
  const known = metadataOf(properties)?.properties ?? {}
  const children = Object.entries(properties).flatMap(([property, value]) => {
    if (value === undefined) return []
    const metadata = Object.hasOwn(known, property) ? known[property] : undefined
    return propertyTrees(property, metadata?.namespaceUri ?? namespaceUri, value, metadata, depth + 1)
  })
  return element(namespaceUri, name, children)
}

function propertyTrees(
  name: string,
  namespace: string,
  value: PropertyValue,
  metadata: PropertyMetadata | undefined,
  depth: number,
): readonly ElementTree[] {
  if (Array.isArray(value)) {
    if (depth > MAX_DEPTH) throw notWritable(name, 'holding itself, or nested too deep')
    const items = value as readonly PropertyValue[]
    return items.flatMap((item) => propertyTrees(name, namespace, item, metadata, depth + 1))
  }
  if (value === null) return [element(namespace, name, [], NIL)]
  if (value instanceof Date) return [wrapped(namespace, name, 'Datetime', isoDate(name, value))]
  if (isCimDateTime(value) || isCimInterval(value)) return [timeTree(namespace, name, value)]
  if (isEndpointReference(value)) return [element(namespace, name, referenceChildren(value))]
  if (isCollection(value)) throw notWritable(name, 'a Map, Set or buffer; give an object, an array or text')
  if (typeof value === 'object') return [instanceTree(name, namespace, value as Properties, depth)]
  const text = typeof value === 'number' ? numberText(value) : scalarText(`The property ${name}`, value)
  if (metadata?.wrapper !== undefined) return [wrapped(namespace, name, metadata.wrapper, text)]
  return [element(namespace, name, text)]
}

/** Their entries are not their properties, so they would be written as if they were empty. */
const isCollection = (value: unknown): boolean =>
  value instanceof Map || value instanceof Set || value instanceof ArrayBuffer || ArrayBuffer.isView(value)

/** XML has no form for a time of which fields are unknown: that goes in the form of CIM (DSP0230 9.2.2). */
function timeTree(namespace: string, name: string, time: CimDateTime | CimInterval): ElementTree {
  const iso = time.toIso()
  if (iso === undefined) return wrapped(namespace, name, 'CIM_DateTime', time.toString())
  return wrapped(namespace, name, isCimInterval(time) ? 'Interval' : 'Datetime', iso)
}

/** `xs:double` has words for what is no finite number, and tells -0 from 0 (XML Schema part 2, 3.2.5). */
function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF'
  return Object.is(value, -0) ? '-0' : String(value)
}

function wrapped(namespace: string, name: string, wrapper: string, text: string): ElementTree {
  return element(namespace, name, [element(NS.cim, wrapper, text)])
}

/** CIM knows the years 1 to 9999, and only those have four digits in ISO 8601. */
function isoDate(name: string, value: Date): string {
  const year = value.getUTCFullYear()
  if (!(year >= 1 && year <= 9999)) throw notWritable(name, 'a Date that CIM does not know')
  return value.toISOString()
}

function notWritable(name: string, what: string): UsageError {
  return new UsageError(`The property ${name} cannot be written: it is ${what}.`)
}
