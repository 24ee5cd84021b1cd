import type { X509Certificate } from 'node:crypto'
import type { CertMappingSettings } from '../../settings/table.js'
import { accessDenied } from '../access/access-denied.js'
import { subjectsOf, type CertificateAuthorities } from '../access/certificate-authorities.js'
import type { Accounts, MappedPrincipal } from '../authentication.js'
import type { EndpointPrincipal } from '../message.js'

/** What names a mapping. */
export type CertMappingKey = Pick<CertMappingSettings, 'issuer' | 'subject' | 'uri'>

/** The table of certificate mappings, and who certificates stand for by it (MS-WSMV 3.1.4.1.35). */
export class CertMappingStore {
  readonly #mappings = new Map<string, CertMappingSettings>()
  readonly #authorities: CertificateAuthorities
  readonly #accounts: Accounts

  constructor(authorities: CertificateAuthorities, accounts: Accounts) {
    this.#authorities = authorities
    this.#accounts = accounts
  }

  get all(): readonly CertMappingSettings[] {
    return [...this.#mappings.values()]
  }

  find(key: CertMappingKey): CertMappingSettings | undefined {
    return this.#mappings.get(textOf(key))
  }

  /** Makes a mapping, or replaces the one with its key. */
  set(mapping: CertMappingSettings): void {
    this.#mappings.set(textOf(mapping), mapping)
  }

  delete(key: CertMappingKey): void {
    this.#mappings.delete(textOf(key))
  }

  clear(): void {
    this.#mappings.clear()
  }

  /** Whether the machine trusts an authority with this thumbprint. */
  trusts(issuer: string): boolean {
    return this.#authorities.has(issuer)
  }

  /** The local account with this password. */
  accountOf(userName: string, password: string): EndpointPrincipal | undefined {
    return this.#accounts.verify(userName, password)
  }

  /** Whom a certificate stands for; undefined where the machine does not trust whoever signed it. */
  principalOf(certificate: X509Certificate): MappedPrincipal | undefined {
    const issuer = this.#authorities.issuerOf(certificate)
    if (issuer === undefined) return undefined
    const subjects = subjectsOf(certificate)
    return {
      principalFor: (resourceUri) => {
        const mapping = this.#match(issuer, subjects, resourceUri)
        const principal = mapping && this.accountOf(mapping.userName, mapping.password)
        if (principal) return principal
        throw accessDenied()
      },
    }
  }

  /** The one mapping with the longest subject and, of those, the longest URI; none where two are as long. */
  #match(issuer: string, subjects: readonly string[], uri: string): CertMappingSettings | undefined {
    const matching = this.all.filter(
      (one) =>
        one.enabled &&
        one.issuer === issuer &&
        subjects.some((subject) => matches(one.subject, subject)) &&
        matches(one.uri, uri),
    )
    const [found, ...others] = longest(longest(matching, 'subject'), 'uri')
    return others.length === 0 ? found : undefined
  }
}

function longest(
  mappings: readonly CertMappingSettings[],
  member: 'subject' | 'uri',
): readonly CertMappingSettings[] {
  const length = Math.max(...mappings.map((one) => one[member].length))
  return mappings.filter((one) => one[member].length === length)
}

/** One `*`, at either end, stands for any text (MS-WSMV 2.2.4.3). Letter case does not count. */
function matches(pattern: string, text: string): boolean {
  const [wanted, given] = [pattern.toLowerCase(), text.toLowerCase()]
  if (wanted.endsWith('*')) return given.startsWith(wanted.slice(0, -1))
  return wanted.startsWith('*') ? given.endsWith(wanted.slice(1)) : given === wanted
}

const textOf = ({ issuer, subject, uri }: CertMappingKey): string =>
  [issuer, subject, uri].join('\n').toLowerCase()
