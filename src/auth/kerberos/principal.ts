import { UsageError } from '../../errors/errors.js'
import type { ServicePrincipal } from '../security-context.js'

/** A user as Kerberos names one. */
export interface UserPrincipal {
  /** `alice@EXAMPLE.COM`; without a realm it is one of the default realm. */
  readonly name: string
  /** A NetBIOS domain that was given and says nothing about the realm by itself. */
  readonly domain: string | undefined
}

/**
 * Reads `user@realm`, `DOMAIN\user` and `user`. Realms are upper case by convention and domains are often typed in lower
 * case, so a realm in the user name is raised; `realm` is taken as it stands, and goes before it.
 * @throws UsageError for a local account, which Kerberos does not know
 */
export function userPrincipal(username: string, realm?: string): UserPrincipal {
  const backslash = username.indexOf('\\')
  const domain = username.slice(0, Math.max(0, backslash))
  if (domain === '.') {
    throw new UsageError(`Kerberos has no local accounts such as ${username}.`, {
      hint: 'Use ntlm or negotiate for accounts of the host itself.',
    })
  }
  const account = username.slice(backslash + 1)
  const at = account.lastIndexOf('@')
  const user = at < 0 ? account : account.slice(0, at)
  if (user === '') throw new UsageError('The Kerberos user name is empty.')
  const dnsDomain = domain.includes('.') ? domain : undefined
  const ownRealm = at < 0 ? dnsDomain : account.slice(at + 1)
  const chosen = realm ?? ownRealm?.toUpperCase()
  const name = user.replaceAll('@', '\\@')
  return {
    name: chosen === undefined ? name : `${name}@${chosen}`,
    domain: chosen === undefined && domain !== '' ? domain : undefined,
  }
}

/** The realm of a complete principal. */
export function realmOf(principal: string): string {
  return principal.slice(principal.lastIndexOf('@') + 1)
}

/** How GSSAPI is told about a service. */
export interface ServiceName {
  readonly text: string
  readonly type: 'hostBased' | 'principal'
}

/**
 * `HTTP@host`, whose realm the library finds; with a port or a realm `HTTP/host:port@REALM`, which it takes as it stands. An
 * empty realm means the one the KDC refers to.
 */
export function serviceName({ service, host, port }: ServicePrincipal, realm?: string): ServiceName {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (port === undefined && realm === undefined) return { text: `${service}@${bare}`, type: 'hostBased' }
  return {
    text: `${service}/${bare}${port === undefined ? '' : `:${port}`}@${realm ?? ''}`,
    type: 'principal',
  }
}

/** `HTTP/server01.example.com`, as Windows and error messages show it. */
export function servicePrincipalName({ service, host, port }: ServicePrincipal): string {
  return `${service}/${host}${port === undefined ? '' : `:${port}`}`
}
