import { UsageError } from '../errors/errors.js'
import type { TlsOptions } from '../http/tls.js'
import { authenticationDemanded, offeredBy, type Mechanism } from './authenticator.js'
import { BasicMechanism } from './basic.js'
import { CertificateMechanism } from './certificate.js'
import { schemeOf, type AuthScheme, type PasswordSource } from './credentials.js'
import { DigestMechanism } from './digest.js'
import { HandshakeAuthenticator, type HandshakeScheme } from './handshake.js'
import { kerberosScheme, negotiateScheme, ntlmScheme, type SchemeSurroundings } from './handshake-schemes.js'
import { KerberosSource } from './kerberos-source.js'
import type { SharedCredential } from './shared-credential.js'

export interface MechanismOptions {
  readonly credential: SharedCredential
  readonly tls: TlsOptions | undefined
  readonly surroundings: SchemeSurroundings
}

/** @throws UsageError for a credential that the scheme cannot use */
export function createMechanism({ credential, tls, surroundings }: MechanismOptions): Mechanism {
  const scheme = schemeOf(credential.auth)
  const kerberos = (): KerberosSource => credential.kerberosSource((auth) => new KerberosSource(auth))
  switch (scheme) {
    case 'none':
      return NO_AUTHENTICATION
    case 'basic':
      return new BasicMechanism(credential.passwordSource())
    case 'digest':
      return new DigestMechanism(credential.passwordSource())
    case 'certificate':
      return new CertificateMechanism(tls)
    case 'ntlm': {
      const source = credential.passwordSource({ hash: true })
      return sealing(scheme, ntlmScheme(source, surroundings), source)
    }
    case 'negotiate': {
      const source = credential.passwordSource({ hash: true })
      return sealing(scheme, negotiateScheme(source, kerberos(), surroundings), source)
    }
    case 'kerberos':
      return sealing(scheme, kerberosScheme(kerberos(), surroundings))
    default:
      throw new UsageError(`The authentication scheme '${scheme}' is not offered by this version.`, {
        code: 'ERR_WSMAN_UNSUPPORTED',
      })
  }
}

function sealing(scheme: AuthScheme, handshake: HandshakeScheme, source?: PasswordSource): Mechanism {
  return {
    scheme,
    sealed: true,
    ready: (host) => source?.assertNotRefused(host),
    bind: (channel) => new HandshakeAuthenticator(handshake, channel),
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
