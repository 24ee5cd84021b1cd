import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { UsageError } from '../errors/errors.js'
import type { ClientSettings } from '../settings/table.js'
import { isIPv6 } from '../util/ip-address.js'

export interface EndpointOptions {
  /** DNS name, IPv4 or IPv6 address, the latter with or without brackets and zone. */
  readonly host?: string | undefined
  /** The whole URL instead of `host`, `transport`, `port` and `urlPrefix`. */
  readonly url?: string | undefined
  /** `http` (default) or `https`, in any letter case. */
  readonly transport?: string | undefined
  /** Default: `settings.client.defaultPorts`. */
  readonly port?: number | undefined
  /** Path of the service. Default: `settings.client.urlPrefix`. */
  readonly urlPrefix?: string | undefined
}

/** Where the service is. */
export interface EndpointUrl {
  /** For `wsa:To`: always with the port, never with a zone. */
  readonly url: string
  /** Name or address, IPv6 without brackets, a zone after `%`. */
  readonly hostname: string
  readonly port: number
  /** Path and query, beginning with a slash. */
  readonly path: string
  readonly secure: boolean
}

type Defaults = Pick<ClientSettings, 'urlPrefix' | 'defaultPorts'>

/** @throws UsageError for options that contradict each other or name no host */
export function resolveEndpoint(options: EndpointOptions, client: Defaults): EndpointUrl {
  const parts = options.url === undefined ? fromParts(options) : fromUrl(options.url, options)
  const { secure } = parts
  const port = parts.port ?? (secure ? client.defaultPorts.https : client.defaultPorts.http)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError(`port must be an integer between 1 and 65535; it is ${String(port)}.`)
  }
  const path = checkPath(parts.path ?? client.urlPrefix)
  const hostname = checkHost(parts.host)
  const name = hostname.replace(/%.*$/, '')
  const authority = isIPv6(name) ? `[${name}]` : name
  return { url: `${secure ? 'https' : 'http'}://${authority}:${port}${path}`, hostname, port, path, secure }
}

interface Parts {
  readonly host: string
  readonly secure: boolean
  readonly port: number | undefined
  readonly path: string | undefined
}

function fromParts({ host, transport, port, urlPrefix }: EndpointOptions): Parts {
  if (typeof host !== 'string' || host.trim() === '') throw new UsageError('host or url must be given.')
  if (/^[a-z]+:\/\//i.test(host)) {
    throw new UsageError('host must be a name or an address.', {
      hint: "For a whole URL there is the option 'url'.",
    })
  }
  return { host, secure: isSecure(transport ?? 'http'), port, path: urlPrefix }
}

/** By hand, because the URL class of the platform forbids zones and hides default ports. */
const URL_PARTS = /^(https?):\/\/([^/?#]*)([^#]*)$/i

function fromUrl(url: string, options: EndpointOptions): Parts {
  for (const name of ['host', 'port', 'urlPrefix'] as const) {
    if (options[name] !== undefined) throw new UsageError(`Give either url or ${name}, not both.`)
  }
  const [, scheme = '', authority = '', rest = ''] = URL_PARTS.exec(url.trim()) ?? []
  if (scheme === '') throw new UsageError("url must look like 'https://server01:5986/wsman'.")
  if (authority.includes('@')) {
    // The URL is not repeated in the message: it holds a password.
    throw new UsageError('url must not hold credentials.', { hint: 'Give them in the option auth.' })
  }
  const secure = isSecure(scheme)
  if (options.transport !== undefined && isSecure(options.transport) !== secure) {
    throw new UsageError('transport contradicts url.')
  }
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? []
  const bare = host ?? authority
  return {
    host: bare.replace(/%25/, '%'),
    secure,
    port: port === undefined ? undefined : Number(port),
    path: rest === '' || rest === '/' ? undefined : rest,
  }
}

function isSecure(transport: string): boolean {
  const name = transport.toLowerCase()
  if (name !== 'http' && name !== 'https') {
    throw new UsageError(`transport must be 'http' or 'https'; it is ${JSON.stringify(transport)}.`)
  }
  return name === 'https'
}

function checkPath(prefix: string): string {
  const path = `/${prefix.replace(/^\/+/, '')}`
  if (!/^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*$/.test(path)) {
    throw new UsageError(
      `urlPrefix holds a character that is not allowed in a URL: ${JSON.stringify(prefix)}.`,
    )
  }
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

function checkHost(text: string): string {
  const host = text.trim().replace(/^\[(.*)\]$/, '$1')
  const [address = '', zone] = host.split('%', 2)
  if (isIPv6(address) && (zone === undefined || /^[A-Za-z0-9._~-]+$/.test(zone))) return host
  if (isIP(host) !== 0) return host
  // The conversion cuts a name at a slash and takes blanks out, so look at the name as it was given first.
  const name = /^[\p{L}\p{M}\p{N}._-]+$/u.test(host) ? domainToASCII(host) : ''
  const labels = name.replace(/\.$/, '').split('.')
  const valid = labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
  // A last label of digits makes an address, and this one is none.
  if (!valid || /^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '')) {
    throw new UsageError(`host is not a name or an address: ${JSON.stringify(text)}.`)
  }
  return name
}
