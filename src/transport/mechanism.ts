import { UsageError } from '../errors/errors.js'
import { authenticationDemanded, offeredBy, type Mechanism } from './authenticator.js'
import { BasicMechanism } from './basic.js'
import { PasswordSource, schemeOf, type AuthOptions } from './credentials.js'

/** @throws UsageError for a scheme that does not exist or is not offered, or a credential that is not usable */
export function createMechanism(auth: AuthOptions): Mechanism {
  const scheme = schemeOf(auth)
  switch (scheme) {
    case 'none':
      return NO_AUTHENTICATION
    case 'basic':
      return new BasicMechanism(new PasswordSource(auth))
    default:
      throw new UsageError(`The authentication scheme '${scheme}' is not offered by this version.`, {
        code: 'ERR_WSMAN_UNSUPPORTED',
        hint: "Use 'basic' (over HTTPS) or 'none'.",
      })
  }
}

const NO_AUTHENTICATION: Mechanism = {
  scheme: 'none',
  sealed: false,
  ready: () => undefined,
  bind: ({ host }) => ({
    async exchange(message, roundTrip) {
      const response = await roundTrip(message)
      if (response.status !== 401) return response
      const offered = offeredBy(response)
      response.abandon()
      throw authenticationDemanded(host, offered)
    },
  }),
}
