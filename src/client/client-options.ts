import type { AxiosInstance } from 'axios'
import { UsageError } from '../errors/errors.js'
import type { WireLog } from '../diagnostics/wire-log.js'
import type { ProxyOptions } from '../http/proxy.js'
import type { TlsOptions } from '../http/tls.js'
import { DEFAULT_RETRY, type RetryOptions, type RetryPolicy } from '../operations/retry.js'
import { resolveSection } from '../settings/defaults.js'
import type { PartialModel } from '../settings/rows.js'
import type { ClientSettings, ProtocolSettings } from '../settings/table.js'
import type { AuthOptions } from '../transport/credentials.js'
import type { SpnOptions } from '../transport/mechanism-candidates.js'
import { SharedCredential } from '../transport/shared-credential.js'
import type { Limiter } from '../util/limiter.js'
import { resolveEndpoint, type EndpointUrl } from '../transport/endpoint-url.js'

/** Everything a client can be told. Either `host` or `url` is needed. */
export interface WsmanClientOptions {
  /** DNS name, IPv4 address, or IPv6 address with or without brackets. */
  readonly host?: string | undefined
  /** The whole URL, in place of `host`, `transport`, `port` and `urlPrefix`: `https://host:5986/wsman`. */
  readonly url?: string | undefined
  /** `http` (port 5985, the default) or `https` (port 5986), in any letter case. */
  readonly transport?: string | undefined
  readonly port?: number | undefined
  /** Path of the service. Default: `settings.client.urlPrefix`, `wsman`. */
  readonly urlPrefix?: string | undefined
  /** Default: no credentials. */
  readonly auth?: AuthOptions | SharedCredential | undefined
  readonly tls?: TlsOptions | undefined
  /**
   * A proxy to go through: `http://proxy:3128`, or `https://proxy:3129` for one that itself speaks TLS, with
   * `user:password@` before its host for Basic. `env` reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` when the client
   * is made. Default: none, whatever the environment says.
   *
   * The proxy makes a tunnel (CONNECT), also to a host with `transport: 'http'`: authentication and sealing belong to
   * one connection, which a proxy that forwards requests one by one would mix up. So it must allow CONNECT to the
   * port of the host, 5985 or 5986. TLS, pinned certificates included, is with the host, through the tunnel.
   */
  readonly proxy?: string | ProxyOptions | undefined
  /** The models of winrm/config/client and of the protocol settings; the client obeys them as Windows' own does. */
  readonly settings?:
    | { readonly client?: PartialModel<ClientSettings>; readonly protocol?: PartialModel<ProtocolSettings> }
    | undefined
  /** Sockets in use at a time; one more may open for requests that must not wait. Default 4. */
  readonly maxConnections?: number | undefined
  /** For name resolution, TCP and TLS together, in milliseconds. Default 15000. */
  readonly connectTimeoutMs?: number | undefined
  /** How long a reply that has begun may stall, in milliseconds. Default 30000. */
  readonly inactivityTimeoutMs?: number | undefined
  readonly retry?: RetryOptions | undefined
  /** The language of messages. Default `en-US`. */
  readonly locale?: string | undefined
  /** The language of numbers and dates. Default: `locale`. */
  readonly dataLocale?: string | undefined
  /** `dmtf` leaves out the headers that only Microsoft's services know. Default `windows`. */
  readonly compatibility?: 'windows' | 'dmtf' | undefined
  /** The service principal to ask Kerberos tickets for. Default: `HTTP/<host>`. */
  readonly spn?: SpnOptions | undefined
  /** Bounds the operations under way, together with the other clients that have the same one: `createLimiter(n)`. */
  readonly limiter?: Limiter | undefined
  /**
   * Gets every message of this client, before it is sealed or after it was opened, with what may be secret taken out:
   * what is shown stands on an allow-list, and values of properties, environments, command lines, input and output
   * are not on it. Default: nothing is logged.
   */
  readonly wireLog?: WireLog | undefined
  /** Its interceptors see every request as it is sent. */
  readonly axios?: AxiosInstance | undefined
}

/** The options with every default in its place. */
export interface ResolvedClientOptions {
  readonly endpoint: EndpointUrl
  readonly auth: SharedCredential
  readonly client: Readonly<ClientSettings>
  readonly protocol: Readonly<ProtocolSettings>
  readonly retry: RetryPolicy
  readonly locale: string
  readonly dataLocale: string
  readonly microsoftHeaders: boolean
  readonly wireLog: WireLog | undefined
}

const KNOWN: Readonly<Record<keyof WsmanClientOptions, true>> = {
  host: true,
  url: true,
  transport: true,
  port: true,
  urlPrefix: true,
  auth: true,
  tls: true,
  proxy: true,
  settings: true,
  maxConnections: true,
  connectTimeoutMs: true,
  inactivityTimeoutMs: true,
  retry: true,
  locale: true,
  dataLocale: true,
  compatibility: true,
  axios: true,
  spn: true,
  limiter: true,
  wireLog: true,
}

/** @throws UsageError for what is missing, unknown or out of range */
export function resolveClientOptions(options: WsmanClientOptions): ResolvedClientOptions {
  // An option that is ignored in silence may be one that was meant to protect: a proxy, a pin, a limit.
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(KNOWN, name))
  if (unknown !== undefined) throw new UsageError(`There is no option ${JSON.stringify(unknown)}.`)
  assertLimiter(options.limiter)
  const client = resolveSection('client', options.settings?.client)
  const locale = languageTag('locale', options.locale ?? 'en-US')
  const resolved: ResolvedClientOptions = {
    endpoint: resolveEndpoint(options, client),
    auth: shared(options.auth),
    client,
    protocol: resolveSection('protocol', options.settings?.protocol),
    retry: resolveRetry(options.retry),
    locale,
    dataLocale: languageTag('dataLocale', options.dataLocale ?? locale),
    microsoftHeaders: compatibilityOf(options) === 'windows',
    wireLog: wireLogOf(options),
  }
  return Object.freeze(resolved)
}

/** A number would be understood as a limit, and be none. */
function assertLimiter(limiter: Limiter | undefined): void {
  if (limiter === undefined || typeof limiter === 'object') return
  throw new UsageError('limiter must be what createLimiter(n) returns.')
}

function shared(auth: AuthOptions | SharedCredential = { scheme: 'none' }): SharedCredential {
  return auth instanceof SharedCredential ? auth : new SharedCredential(auth)
}

function wireLogOf({ wireLog }: WsmanClientOptions): WireLog | undefined {
  if (wireLog === undefined || typeof wireLog === 'function') return wireLog
  throw new UsageError('wireLog must be a function that takes an entry.')
}

function compatibilityOf({ compatibility = 'windows' }: WsmanClientOptions): 'windows' | 'dmtf' {
  if (['windows', 'dmtf'].includes(compatibility)) return compatibility
  throw new UsageError(`compatibility must be 'windows' or 'dmtf'; it is ${JSON.stringify(compatibility)}.`)
}

function resolveRetry(given: RetryOptions = {}): RetryPolicy {
  const policy: RetryPolicy = {
    attempts: given.attempts ?? DEFAULT_RETRY.attempts,
    baseDelayMs: given.baseDelayMs ?? DEFAULT_RETRY.baseDelayMs,
    maxDelayMs: given.maxDelayMs ?? DEFAULT_RETRY.maxDelayMs,
  }
  if (!Number.isInteger(policy.attempts) || policy.attempts < 1) {
    throw new UsageError(`retry.attempts must be an integer of at least 1; it is ${policy.attempts}.`)
  }
  for (const name of ['baseDelayMs', 'maxDelayMs'] as const) {
    if (!(policy[name] >= 0))
      throw new UsageError(`retry.${name} must not be negative; it is ${policy[name]}.`)
  }
  return policy
}

function languageTag(option: string, tag: string): string {
  if (/^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/.test(tag)) return tag
  throw new UsageError(`${option} must be a language tag such as en-US; it is ${JSON.stringify(tag)}.`)
}

/** The user name, where it stands there: a function that fetches it is not asked before a service wants it. */
export function usernameOf(auth: WsmanClientOptions['auth']): string | undefined {
  if (auth === undefined || !('username' in auth)) return undefined
  return typeof auth.username === 'string' ? auth.username : undefined
}

/** The parts of a URL as options. By hand, because the URL class of the platform hides default ports and forbids zones. */
export function partsOf(
  url: string,
  secure: boolean,
): Pick<WsmanClientOptions, 'transport' | 'port' | 'urlPrefix'> {
  const [, authority = '', path = ''] = /^\w+:\/\/([^/?#]*)([^#]*)/.exec(url.trim()) ?? []
  const port = /:(\d+)$/.exec(authority)?.[1]
  return {
    transport: secure ? 'https' : 'http',
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(path === '' || path === '/' ? {} : { urlPrefix: path }),
  }
}
