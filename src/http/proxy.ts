import { inspect } from 'node:util'
import { UsageError, type TransportError } from '../errors/errors.js'
import { proxyFromEnvironment, type Environment } from './proxy-environment.js'
import { proxyUnauthorized } from './proxy-errors.js'
import { hostHeader, type Target } from './target.js'
import { TlsProfile, type TlsOptions } from './tls.js'

/** A proxy, and how TLS with the proxy itself is done. */
export interface ProxyOptions {
  /** `http://proxy:3128` or `https://proxy:3128`; a user name and a password stand before the host, percent-encoded. */
  readonly url: string
  /** How an `https` proxy proves itself. What the client is told about the TLS of its host does not hold for it. */
  readonly tls?: TlsOptions | undefined
}

/** A proxy that makes tunnels (CONNECT, RFC 9110, 9.3.6). It remembers that it refused its credential. */
export class ProxyServer {
  /** Name or address, IPv6 without brackets. */
  readonly hostname: string
  readonly port: number
  /** How to speak TLS with the proxy; undefined where it is not spoken. */
  readonly tls: TlsProfile | undefined
  readonly #authorization: string | undefined
  #refused: 'scheme' | 'credential' | undefined

  /** @throws UsageError, which does not repeat the URL, because it may hold a password */
  constructor(options: ProxyOptions) {
    // Spread, because null has no properties to take.
    const { url, tls } = { ...options }
    const parts = parse(url)
    const secure = parts.protocol === 'https:'
    this.hostname = parts.hostname.replace(/^\[(.*)\]$/, '$1')
    this.port = Number(parts.port) || (secure ? 443 : 80)
    this.tls = secure ? new TlsProfile(tls) : undefined
    this.#authorization = basicHeader(parts)
  }

  /** Host and port, as messages say them. */
  get name(): string {
    return hostHeader(this)
  }

  /** The `Proxy-Authorization` header. */
  get authorization(): string | undefined {
    return this.#authorization
  }

  /** Why not to connect: the proxy refused the credential before, and repeating it may lock an account out. */
  refusal(host: string): TransportError | undefined {
    return this.#refused && proxyUnauthorized(this, host, this.#refused)
  }

  /**
   * The proxy answered 407.
   * @param offered its `Proxy-Authenticate` header
   */
  refuse(host: string, offered = 'Basic'): TransportError {
    if (this.#authorization === undefined) return proxyUnauthorized(this, host, 'none')
    this.#refused = /\bbasic\b/i.test(offered) ? 'credential' : 'scheme'
    return proxyUnauthorized(this, host, this.#refused)
  }

  [inspect.custom](): string {
    return `ProxyServer { ${this.name} }`
  }
}

/**
 * The proxy for a target, if any.
 * @param option a URL, a URL with options, or `env` for what the environment says
 * @throws UsageError for what is no URL of a proxy
 */
export function resolveProxy(
  option: string | ProxyOptions | undefined,
  target: Target,
  environment: Environment,
): ProxyServer | undefined {
  const given = option === 'env' ? proxyFromEnvironment(target, environment) : option
  if (given === undefined) return undefined
  return new ProxyServer(typeof given === 'string' ? { url: given } : given)
}

function parse(text: unknown): URL {
  // As other programs take it from the environment: without a scheme it is an HTTP proxy.
  const full = typeof text !== 'string' ? '' : text.includes('://') ? text : `http://${text}`
  const url = URL.canParse(full) ? new URL(full) : undefined
  const bare = url?.pathname === '/' && url.search === '' && url.hash === ''
  if (url !== undefined && bare && /^https?:$/.test(url.protocol)) return url
  throw new UsageError('proxy must be the URL of an HTTP proxy: scheme, host and port.', {
    hint: "It looks like 'http://proxy:3128', with credentials 'http://user:p%40ss@proxy:3128' (percent-encoded).",
  })
}

function basicHeader({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  const [name, secret] = [decode(username), decode(password)]
  if (name.includes(':')) throw new UsageError('A user name for Basic cannot hold a colon (RFC 7617, 2).')
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new UsageError('The credentials in the URL of the proxy are not percent-encoded UTF-8.', {
      hint: 'A percent sign itself is written %25.',
    })
  }
}
