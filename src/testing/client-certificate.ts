import type { X509Certificate } from 'node:crypto'
import { UsageError } from '../errors/errors.js'
import type { Settings } from '../settings/table.js'
import type { CertMappingStore } from './config/cert-mapping-store.js'
import { PROFILE, type Accounts, type AuthenticationScheme } from './authentication.js'

/**
 * What tells the client certificate of an account: its fingerprint (SHA-256, hexadecimal digits with or without
 * colons), or its subject: the common name alone, or the whole of it as `CN=alice, O=Example`.
 *
 * A subject is whatever the certificate says. Name those who may sign it in `tls.ca` of the listener; without that
 * nobody checks who did.
 */
export type UserCertificate = { readonly fingerprint256: string } | { readonly subject: string }

/** What a client sends in `Authorization` to be known by its certificate. It is no token, and nothing follows it. */
const MUTUAL = `${PROFILE}/https/mutual`

/** @throws UsageError for what names no certificate */
export function certificateTest(
  wanted: UserCertificate,
  option: string,
): (certificate: X509Certificate) => boolean {
  if ('fingerprint256' in wanted) {
    const digits = wanted.fingerprint256.replaceAll(':', '').toUpperCase()
    if (!/^[\dA-F]{64}$/.test(digits)) {
      throw new UsageError(`${option}.fingerprint256 must be the 64 hexadecimal digits of a SHA-256.`)
    }
    return ({ fingerprint256 }) => fingerprint256.replaceAll(':', '') === digits
  }
  const { subject } = wanted
  if (subject.trim() === '') throw new UsageError(`${option}.subject must not be empty.`)
  const isWhole = subject.includes('=')
  const parts = (isWhole ? subject : `CN=${subject}`).split(/[\n,]/).map(comparable)
  return (certificate) => {
    // A comma may be part of a value there, so that only lines tell the parts.
    const own = certificate.subject.split('\n').map(comparable)
    return (!isWhole || own.length === parts.length) && parts.every((part) => own.includes(part))
  }
}

const comparable = (part: string): string =>
  part
    .replace(/\s*=\s*/, '=')
    .trim()
    .toLowerCase()

/**
 * The certificate that the client proved over TLS to have names the account, or a mapping of the service does. A request
 * must ask for it, which keeps clients from being known by a certificate that they sent for another reason.
 */
export function certificateScheme(
  accounts: Accounts,
  mappings: CertMappingStore,
  settings: Settings,
): AuthenticationScheme {
  return {
    name: MUTUAL,
    challenge: undefined,
    profiles: [MUTUAL],
    isEnabled: () => settings.service.auth.certificate,
    isOffered: ({ encrypted }) => encrypted,
    newAcceptor: ({ clientCertificate }) => ({
      accept: () => {
        // As HTTP.SYS has it: where a certificate is needed and there is none, nothing else is asked for.
        if (!clientCertificate) return { state: 'rejected', forbidden: true }
        const principal = accounts.byCertificate(clientCertificate) ?? mappings.principalOf(clientCertificate)
        return principal ? { state: 'accepted', principal, bound: false } : { state: 'rejected' }
      },
    }),
  }
}
