import type { ReceivedHeaders } from '../envelope/headers.js'
import { invalidSelectors } from './faults.js'

/**
 * The selectors of a request that are plain text, names and values in lower case: neither distinguishes letter case
 * (MS-WSMV 3.1.4.1.2).
 * @throws EndpointFault for a reference
 */
export function textSelectors(headers: ReceivedHeaders): ReadonlyMap<string, string> {
  return new Map([...originalSelectors(headers)].map(([name, value]) => [name, value.toLowerCase()]))
}

/**
 * The same with values as they were sent, for what is made under them.
 * @throws EndpointFault for a reference
 */
export function originalSelectors(headers: ReceivedHeaders): ReadonlyMap<string, string> {
  const selectors = new Map<string, string>()
  for (const [name, value] of Object.entries(headers.selectors)) {
    if (typeof value === 'object') throw invalidSelectors('InvalidSelectors', `${name} takes no reference.`)
    selectors.set(name.toLowerCase(), String(value))
  }
  return selectors
}
