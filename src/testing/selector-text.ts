import type { ReceivedHeaders } from '../envelope/headers.js'
import { invalidSelectors } from './faults.js'

/**
 * The selectors of a request that are plain text, names and values in lower case: neither distinguishes letter case
 * (MS-WSMV 3.1.4.1.2).
 * @throws EndpointFault for a reference
 */
export function textSelectors(headers: ReceivedHeaders): ReadonlyMap<string, string> {
  const selectors = new Map<string, string>()
  for (const [name, value] of Object.entries(headers.selectors)) {
    const key = name.toLowerCase()
    if (typeof value === 'object') throw invalidSelectors('InvalidSelectors', `${name} takes no reference.`)
    selectors.set(key, String(value).toLowerCase())
  }
  return selectors
}
