import { readReference } from '../envelope/selectors.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { addressParts, cimNamespace } from './class-uri.js'
import { ownSelectors } from './instance-finder.js'
import type { EndpointInstance, EndpointRef, EndpointValue } from './types.js'

/** Elements around dates and times (DSP0230 9.2.2). */
const TIME_WRAPPERS: ReadonlySet<string> = new Set(['Datetime', 'Interval', 'Date', 'Time', 'CIM_DateTime'])

/** Reads the parameters of a method: text as it came, because nobody declared their types. */
export function readParameters(parent: XmlElement): EndpointInstance {
  const values = new Map<string, EndpointValue>()
  for (const child of parent.elements) {
    const { local } = child.name
    const earlier = values.get(local)
    const value = readValue(child)
    if (!values.has(local)) values.set(local, value)
    else
      values.set(
        local,
        Array.isArray(earlier) ? [...(earlier as EndpointValue[]), value] : [earlier ?? null, value],
      )
  }
  return Object.fromEntries(values)
}

function readValue(element: XmlElement): EndpointValue {
  const nil = element.attribute('nil', NS.xsi)
  if (nil === 'true' || nil === '1') return null
  const [first] = element.elements
  if (!first) return element.text
  if (first.name.namespace === NS.addressing) return readRef(element)
  if (first.name.namespace === NS.cim && TIME_WRAPPERS.has(first.name.local)) return first.text.trim()
  return readParameters(element)
}

/** Reads what an element that is a reference points to. */
export function readRef(element: XmlElement): EndpointRef {
  const { resourceUri, selectors } = readReference(element)
  const { className, namespace = cimNamespace(selectors) } = addressParts(resourceUri)
  const keys = ownSelectors(selectors).flatMap(([name, value]) =>
    typeof value === 'object' ? [] : [[name, String(value)] as const],
  )
  return {
    className,
    ...(namespace === undefined ? {} : { namespace }),
    keys: Object.fromEntries(keys),
  }
}
