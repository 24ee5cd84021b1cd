import type { TlsOptions } from '../http/tls.js'
import { authenticationDemanded, offeredBy, type Mechanism } from './authenticator.js'
import { BasicMechanism } from './basic.js'
import { CertificateMechanism } from './certificate.js'
import type { PasswordSource } from './credentials.js'
import { DigestMechanism } from './digest.js'
import { type ContextSource, givenScheme } from './given-mechanism.js'
import type { HandshakeScheme } from './handshake.js'
import { HandshakeMechanism } from './handshake-authenticator.js'
import { credsspScheme, kerberosScheme, negotiateScheme, ntlmScheme } from './handshake-schemes.js'
import { KerberosSource } from './kerberos-source.js'
import type { SchemeSurroundings } from './mechanism-candidates.js'
import type { SharedCredential } from './shared-credential.js'

export interface MechanismOptions {
  readonly credential: SharedCredential
  readonly tls: TlsOptions | undefined
  readonly surroundings: SchemeSurroundings
}

/** @throws UsageError for a credential that the scheme cannot use */
export function createMechanism({ credential, tls, surroundings }: MechanismOptions): Mechanism {
  const { scheme } = credential
  const kerberos = (): KerberosSource => credential.kerberosSource((auth) => new KerberosSource(auth))
  const handshake = (scheme: HandshakeScheme, source?: PasswordSource | ContextSource): Mechanism =>
    new HandshakeMechanism({
      scheme,
      ready: (host) => source?.assertNotRefused(host),
      turns: (host) => credential.turns(host),
    })
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
      return handshake(ntlmScheme(source, surroundings), source)
    }
    case 'negotiate': {
      const source = credential.passwordSource({ hash: true })
      return handshake(negotiateScheme(source, kerberos(), surroundings), source)
    }
    case 'kerberos':
      return handshake(kerberosScheme(kerberos(), surroundings))
    case 'credssp': {
      const source = credential.passwordSource()
      return handshake(credsspScheme(source, kerberos(), surroundings), source)
    }
    case 'custom': {
      const source = credential.contextSource()
      return handshake(givenScheme(source, surroundings), source)
    }
  }
}

const NO_AUTHENTICATION: Mechanism = {
  scheme: 'none',
  sealed: false,
  provesHost: false,
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
