import { isIP } from 'node:net'
import type { Target } from './target.js'
import { isIPv6 } from '../util/ip-address.js'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy that the environment names for a target: `HTTPS_PROXY` or `HTTP_PROXY`, unless `NO_PROXY` excepts the
 * target. Names in lower case go first, as with curl.
 */
export function proxyFromEnvironment(target: Target, environment: Environment): string | undefined {
  const read = (name: string): string =>
    (environment[name.toLowerCase()] || environment[name.toUpperCase()] || '').trim()
  const url = read(target.secure ? 'https_proxy' : 'http_proxy')
  return url === '' || isExcepted(target, read('no_proxy')) ? undefined : url
}

/** `example.com`, `.example.com` and `*.example.com` mean the domain and all below it; an address means itself. */
function isExcepted({ hostname, port }: Target, list: string): boolean {
  const host = canonical(hostname)
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true
    const { name, port: only } = splitEntry(entry)
    if (name === '' || (only !== undefined && only !== port)) return false
    return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`))
  })
}

function splitEntry(entry: string): { name: string; port: number | undefined } {
  // The colons of an address without brackets begin no port.
  const [, name = entry, port] = isIPv6(entry) ? [] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? [])
  return { name: canonical(name.replace(/^\*?\./, '')), port: port === undefined ? undefined : Number(port) }
}

/** One spelling for each host: lower case, no final dot, IPv6 shortened and without brackets and zone. */
function canonical(name: string): string {
  const bare = name.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  if (isIPv6(bare)) return new URL(`http://[${bare}]`).hostname.slice(1, -1)
  return bare.toLowerCase().replace(/\.$/, '')
}
