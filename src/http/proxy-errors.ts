import { TransportError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import { MalformedReply } from './reply-parser.js'
import { codeOf } from './socket-errors.js'

/** The proxy as messages name it: host and port, never its credentials. */
interface Named {
  readonly name: string
}

interface Circumstances {
  readonly hint: string
  readonly status?: number
  readonly retryable?: boolean
  readonly cause?: Error
}

/** No connection to the proxy could be made. */
export function proxyUnreachable(proxy: Named, host: string, cause: Error): TransportError {
  const hint = hintFor('proxyUnreachable')
  return proxyError(proxy, host, `cannot be reached: ${codeOf(cause) ?? cause.message}`, {
    cause,
    hint,
    retryable: true,
  })
}

/** TLS with the proxy itself failed. */
export function proxyUntrusted(proxy: Named, host: string, cause: Error): TransportError {
  const hint = hintFor('proxyUntrusted')
  return proxyError(proxy, host, `cannot be used: ${cause.message}`, { cause, hint })
}

/** The proxy answered CONNECT with a status other than success. */
export function tunnelRefused(proxy: Named, host: string, status: number): TransportError {
  // Bad gateway, unavailable, gateway timeout: the proxy tried. Anything else is its decision.
  const tried = status >= 502 && status <= 504
  return proxyError(proxy, host, `made no tunnel; it answered with HTTP status ${status}`, {
    status,
    retryable: tried,
    hint: hintFor(tried ? 'tunnelFailed' : 'tunnelForbidden'),
  })
}

/** The proxy wants credentials, or other ones. */
export function proxyUnauthorized(
  proxy: Named,
  host: string,
  refused: 'none' | 'scheme' | 'credential',
): TransportError {
  const what = {
    none: 'demands authentication',
    scheme: 'does not offer Basic, the only scheme this package speaks with proxies',
    credential: 'refused the user name or the password; they are not tried again',
  }[refused]
  return proxyError(proxy, host, what, { status: 407, hint: hintFor('proxyCredentials') })
}

/** Something came that is no answer to CONNECT. */
export function strangeAnswer(proxy: Named, host: string, cause?: Error): TransportError {
  const context = { hint: hintFor('noProxyThere'), ...(cause && { cause }) }
  if (cause === undefined) return proxyError(proxy, host, 'sent more than an answer to CONNECT', context)
  if (cause instanceof MalformedReply) {
    const what = cause.isTooLong ? 'more HTTP headers than are taken' : 'something that is not HTTP'
    return proxyError(proxy, host, `sent ${what}`, context)
  }
  const detail = codeOf(cause) ?? cause.message
  return proxyError(proxy, host, `hung up instead of making a tunnel: ${detail}`, context)
}

function proxyError(
  { name }: Named,
  host: string,
  what: string,
  circumstances: Circumstances,
): TransportError {
  return new TransportError('ERR_WSMAN_PROXY', `The proxy ${name} ${what}.`, { host, ...circumstances })
}
