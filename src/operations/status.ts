import { ProtocolError, TransportError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { WsmanError } from '../errors/wsman-error.js'
import type { ResponseHead } from '../transport/types.js'

const HINTS: Readonly<Record<number, string>> = {
  403: hintFor('forbidden'),
  404: hintFor('wrongPath'),
  405: hintFor('webServer'),
  407: hintFor('proxyInPlace'),
  411: hintFor('lengthRequired'),
  413: hintFor('requestRefusedAsTooLarge'),
  502: hintFor('badGateway'),
  503: hintFor('serviceUnavailable'),
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
      hint: hintFor('noSoapThere'),
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
