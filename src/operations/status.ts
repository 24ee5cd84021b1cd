import { ProtocolError, TransportError } from '../errors/errors.js'
import type { WsmanError } from '../errors/wsman-error.js'
import type { ResponseHead } from '../transport/types.js'

const HINTS: Readonly<Record<number, string>> = {
  403: 'The account may not use WinRM on this host, or a client certificate is required.',
  404: 'The service listens under another path: check urlPrefix against the URLPrefix of the listener.',
  405: 'This is a web server that takes no SOAP messages: check host and port.',
  407: 'The proxy wants credentials.',
  411: 'The service takes no request without a length; a proxy in between may have taken it away.',
  413: 'The request is larger than MaxEnvelopeSizekb of the service: winrm set winrm/config @{MaxEnvelopeSizekb="500"}.',
  502: 'A proxy or load balancer in between could not reach the service.',
  503: 'The service is stopped, restarting, or out of capacity: Get-Service WinRM on the host says which.',
}

/** What to throw for a reply that cannot hold a SOAP message; undefined where one may follow, faults included. */
export function refuseStatus({ status, statusText, headers }: ResponseHead): WsmanError | undefined {
  const type = headers['content-type']?.toLowerCase() ?? ''
  const isXml = /^\s*(?:application\/soap\+xml|text\/xml|application\/xml)\b/.test(type)
  const isEmpty = headers['content-length'] === '0'
  if (status === 200) {
    if (isXml || (type === '' && !isEmpty)) return undefined
    const what = isEmpty ? 'an empty reply' : `a reply of type ${type}`
    return new ProtocolError(`The peer answered with ${what} where a SOAP message is due.`, {
      hint: 'Check that the address is that of a WS-Management service and that no proxy answers in its place.',
    })
  }
  if (isXml && !isEmpty && status >= 400) return undefined
  const hint = HINTS[status]
  return new TransportError(
    'ERR_WSMAN_HTTP_STATUS',
    `The peer answered with HTTP status ${status}${statusText ? ` ${statusText}` : ''} and no SOAP message.`,
    {
      status,
      retryable: status === 503,
      ...(hint === undefined ? {} : { hint }),
    },
  )
}
