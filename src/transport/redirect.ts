import { TransportError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'

/** The service is said to be elsewhere. */
export function redirected(host: string, status: number, location: string | undefined): TransportError {
  const to = location === undefined ? '' : ` to ${location}`
  return new TransportError('ERR_WSMAN_REDIRECT', `${host} redirects${to} (HTTP ${status}).`, {
    host,
    status,
    ...(location === undefined ? {} : { location }),
    hint: hintFor('redirected'),
  })
}
