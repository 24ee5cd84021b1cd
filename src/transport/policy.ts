import { PolicyError, UsageError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { ClientSettings } from '../settings/table.js'
import { TrustedHosts } from '../settings/trusted-hosts.js'
import type { AuthScheme } from './credentials.js'

export interface PolicyQuestion {
  readonly client: ClientSettings
  readonly scheme: AuthScheme
  readonly secure: boolean
  /** Name or address, without port. */
  readonly host: string
  /** Whether the scheme encrypts messages itself. */
  readonly sealed: boolean
  /** Whether the handshake proves the server to the client; default: `kerberos` does. */
  readonly mutual?: boolean
}

/** The switch of `client.auth`, and of `service.auth`, that governs each scheme; NTLM is spoken within Negotiate. */
export const SCHEME_SWITCHES: Readonly<Record<Exclude<AuthScheme, 'none'>, keyof ClientSettings['auth']>> = {
  basic: 'basic',
  digest: 'digest',
  ntlm: 'negotiate',
  negotiate: 'negotiate',
  kerberos: 'kerberos',
  credssp: 'credSsp',
  certificate: 'certificate',
}

/**
 * Whether `settings.client` allows what is about to be sent (MS-WSMV 3.2.4.1.22). The only place that decides it.
 * Anonymous Identify is exempt and not asked about.
 * @throws PolicyError naming the setting to change; UsageError for a certificate over HTTP
 */
export function checkPolicy(question: PolicyQuestion): void {
  const { client, scheme, secure, host, sealed, mutual = scheme === 'kerberos' } = question
  if (scheme !== 'none' && !client.auth[SCHEME_SWITCHES[scheme]]) {
    const name = SCHEME_SWITCHES[scheme]
    throw new PolicyError(
      'ERR_WSMAN_SCHEME_DISABLED',
      `client.auth.${name} switches the scheme ${scheme} off.`,
      {
        host,
        hint: hintFor('schemeDisabled', { setting: name }),
      },
    )
  }
  if (secure) return
  if (scheme === 'certificate') {
    throw new UsageError("The scheme 'certificate' needs transport: 'https'.", { host })
  }
  if (scheme !== 'none' && !mutual && !new TrustedHosts(client.trustedHosts).matches(host)) {
    throw new PolicyError(
      'ERR_WSMAN_HOST_NOT_TRUSTED',
      `${scheme} over HTTP cannot prove who ${host} is, and ${host} is not a trusted host.`,
      {
        host,
        hint: hintFor('hostNotTrusted', { line: trustedWith(client, host) }),
      },
    )
  }
  if (!sealed && !client.allowUnencrypted) {
    throw new PolicyError(
      'ERR_WSMAN_UNENCRYPTED',
      `Over HTTP with the scheme ${scheme} messages are not encrypted.`,
      {
        host,
        hint: hintFor('plaintextForbidden'),
      },
    )
  }
}

/** The setting that trusts what was trusted, and this host. */
function trustedWith({ trustedHosts }: ClientSettings, host: string): string {
  const name = host.includes(':') ? `[${host.replace(/%.*$/, '')}]` : host
  return trustedHosts.trim() === '' ? name : `${trustedHosts.trim()},${name}`
}
