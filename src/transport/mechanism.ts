import { UsageError } from '../errors/errors.js'
import type { TlsOptions } from '../http/tls.js'
import { authenticationDemanded, offeredBy, type Mechanism } from './authenticator.js'
import { BasicMechanism } from './basic.js'
import { CertificateMechanism } from './certificate.js'
import { PasswordSource, schemeOf, type AuthOptions } from './credentials.js'
import { DigestMechanism } from './digest.js'

/** @throws UsageError for a scheme that does not exist or is not offered, or a credential that is not usable */
export function createMechanism(auth: AuthOptions, tls: TlsOptions | undefined): Mechanism {
  const scheme = schemeOf(auth)
  switch (scheme) {
    case 'none':
      return NO_AUTHENTICATION
    case 'basic':
      return new BasicMechanism(new PasswordSource(auth))
    case 'digest':
      return new DigestMechanism(new PasswordSource(auth))
    case 'certificate':
      return new CertificateMechanism(tls)
    default:
      throw new UsageError(`The authentication scheme '${scheme}' is not offered by this version.`, {
        code: 'ERR_WSMAN_UNSUPPORTED',
        hint: "Use 'basic' or 'certificate' (over HTTPS), 'digest' or 'none'.",
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
