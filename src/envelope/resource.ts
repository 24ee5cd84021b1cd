import { UsageError } from '../errors/errors.js'
import { isEndpointReference, type EndpointReference, type Selectors } from './endpoint-reference.js'

/** Names a resource and, with selectors, one instance of it. */
export interface ResourceLocator {
  readonly resourceUri: string
  readonly selectors?: Selectors
  /** An XPath (level 1) to a part of the resource, for Get and Put (DSP0226 7.7). */
  readonly fragment?: string
}

/** Names a part of a resource. */
export interface FragmentLocator extends ResourceLocator {
  readonly fragment: string
}

/**
 * What names a resource: a full URI or one that begins with an alias, with `?Name=Value+Name=Value` for selectors;
 * a locator; or a reference that the service returned.
 */
export type Resource = string | ResourceLocator | EndpointReference

/** The aliases of `winrm help aliases`. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['wmi', 'http://schemas.microsoft.com/wbem/wsman/1/wmi'],
  ['wmicimv2', 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2'],
  ['cimv2', 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2'],
  ['winrm', 'http://schemas.microsoft.com/wbem/wsman/1'],
  ['wsman', 'http://schemas.microsoft.com/wbem/wsman/1'],
  ['shell', 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'],
])

export const SHELL_RESOURCE = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd'

/** @throws UsageError for what names no resource */
export function locate(resource: Resource): ResourceLocator {
  if (typeof resource === 'string') return parseResource(resource)
  if (!resource.resourceUri) throw new UsageError('A resource needs a resource URI.')
  if (isEndpointReference(resource))
    return { resourceUri: resource.resourceUri, selectors: resource.selectors }
  return { ...resource, resourceUri: expand(resource.resourceUri) }
}

function parseResource(text: string): ResourceLocator {
  const mark = text.indexOf('?')
  if (mark < 0) return { resourceUri: expand(text) }
  return { resourceUri: expand(text.slice(0, mark)), selectors: parseSelectors(text.slice(mark + 1), text) }
}

/** `+` ends a value only where a name and `=` follow, and never inside quotes, so that values may hold it. */
const NEXT = String.raw`(?=\+[A-Za-z_]\w*=|$)`
const SELECTOR = new RegExp(String.raw`^\+?([^=]+)=(?:"([^"]*)"${NEXT}|([^]*?)${NEXT})`)

function parseSelectors(query: string, whole: string): Selectors {
  const entries: (readonly [string, string])[] = []
  let rest = query
  do {
    const [pair = '', name, quoted, bare = ''] = SELECTOR.exec(rest) ?? []
    if (name === undefined)
      throw new UsageError(`The selector ${JSON.stringify(rest)} in ${whole} must have the form Name=Value.`)
    entries.push([name, quoted ?? bare.replace(/^"(.*)"$/s, '$1')])
    rest = rest.slice(pair.length)
  } while (rest !== '')
  return Object.fromEntries(entries)
}

function expand(uri: string): string {
  const trimmed = uri.trim()
  if (/^[A-Za-z][-+.\w]*:/.test(trimmed)) return trimmed
  const [alias = '', ...rest] = trimmed.split('/')
  const base = ALIASES.get(alias.toLowerCase())
  if (base === undefined) {
    throw new UsageError(`${JSON.stringify(uri)} is neither a URI nor begins with an alias.`, {
      hint: `Write the full resource URI, or begin with one of ${[...ALIASES.keys()].join(', ')}.`,
    })
  }
  return [base, ...rest].join('/')
}
