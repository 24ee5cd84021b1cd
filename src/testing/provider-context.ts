import type { EndpointRequest } from './message.js'
import type { ProviderContext } from './types.js'

const VALUE = 'wmi:'
const LIST = 'wmiarray:'

/** What the options of a request put into the context of WMI (MS-WSMV 3.1.4.1.10). */
export function providerContext({ headers }: EndpointRequest): ProviderContext {
  const context = new Map<string, string | null | (string | null)[]>()
  for (const { name, value } of headers.optionList) {
    if (name.startsWith(VALUE)) context.set(name.slice(VALUE.length), value)
    if (!name.startsWith(LIST)) continue
    const key = name.slice(LIST.length)
    const known = context.get(key)
    context.set(key, Array.isArray(known) ? [...known, value] : [value])
  }
  return Object.fromEntries(context)
}
