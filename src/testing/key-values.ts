import { normalize } from './cim-namespace.js'
import { isScalar } from './cim-value-writer.js'
import type { EndpointRef, EndpointValue } from './types.js'
import { isEndpointRef } from './wql/values.js'

/** Neither letter case nor the difference between `5` and `"5"` counts. */
export function sameKey(actual: EndpointValue, wanted: EndpointValue): boolean {
  if (isEndpointRef(wanted)) return isEndpointRef(actual) && sameTarget(actual, wanted)
  if (!isScalar(actual) || !isScalar(wanted)) return actual === wanted
  return keyText(actual).toLowerCase() === keyText(wanted).toLowerCase()
}

/** A key as a selector writes it. */
export function keyText(value: string | number | bigint | boolean | Date): string {
  return value instanceof Date ? value.toISOString() : String(value)
}

/** A namespace counts only where both sides give one. */
function sameTarget(one: EndpointRef, other: EndpointRef): boolean {
  const keys = new Map(Object.entries(one.keys).map(([name, value]) => [name.toLowerCase(), value]))
  const wanted = Object.entries(other.keys)
  return (
    one.className.toLowerCase() === other.className.toLowerCase() &&
    (one.namespace === undefined ||
      other.namespace === undefined ||
      sameNamespace(one.namespace, other.namespace)) &&
    wanted.length === keys.size &&
    wanted.every(([name, value]) => sameKey(keys.get(name.toLowerCase()) ?? null, value))
  )
}

const sameNamespace = (one: string, other: string): boolean =>
  normalize(one).toLowerCase() === normalize(other).toLowerCase()
