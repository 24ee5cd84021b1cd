import { wql } from '../enumeration/filters.js'
import type { Instance } from '../envelope/instance.js'
import { UsageError } from '../errors/errors.js'
import { canonicalSid, shortSid, sidName } from '../settings/sddl/security-identifiers.js'
import { textOf, type WmiObjects } from './wmi-objects.js'

/** A user or group as the host knows it. */
export interface Account {
  /** `SERVER01\bob`; the SID where it was named by that and is nobody's everywhere. */
  readonly name: string
  /** Two letters where it has some, as SDDL writes it. */
  readonly sid: string
  /** Known to be a user, and so nobody else. */
  readonly isUser: boolean
}

/** `SIDType` of Win32_Account. */
const USER = '1'

/** Domains that stand for the machine itself; Win32_Account has their accounts under its name. */
const OWN_DOMAINS: ReadonlySet<string> = new Set(['.', 'builtin', 'nt authority'])

/**
 * @throws UsageError for what can be no account
 */
export function assertAccount(account: unknown): asserts account is string {
  if (typeof account !== 'string' || !/^[^\p{Cc}]{1,512}$/u.test(account)) {
    throw new UsageError('account must be the name or the SID of a user or group.')
  }
  if (/^S-1-/i.test(account)) {
    if (canonicalSid(account) === undefined)
      throw new UsageError(`${JSON.stringify(account)} is no SID in full.`)
    return
  }
  if (account.includes('@')) {
    throw new UsageError(`WMI cannot look up ${JSON.stringify(account)}.`, {
      hint: String.raw`Write DOMAIN\name, or the SID.`,
    })
  }
  const [name, domain = '.'] = account.split('\\').reverse()
  if (!name || domain === '' || account.split('\\').length > 2) {
    throw new UsageError(String.raw`account must be name, .\name, DOMAIN\name or a SID; it is ${account}.`)
  }
}

/**
 * Looks an account up over WMI (Win32_Account): a name alone is one of the machine. A SID is taken as it is.
 * @param account what `assertAccount` took
 * @throws UsageError with the code `ERR_WSMAN_ACCOUNT_NOT_FOUND` or `ERR_WSMAN_ACCOUNT_AMBIGUOUS`
 */
export async function findAccount(wmi: WmiObjects, account: string): Promise<Account> {
  if (/^S-1-/i.test(account)) {
    const sid = shortSid(canonicalSid(account) ?? account)
    return { name: sidName(sid), sid, isUser: false }
  }
  const found = distinct(await candidates(wmi, account))
  const [first, ...others] = found
  if (first === undefined) {
    throw new UsageError(`${wmi.host} knows no account ${JSON.stringify(account)}.`, {
      code: 'ERR_WSMAN_ACCOUNT_NOT_FOUND',
      host: wmi.host,
      hint: account.includes('\\')
        ? 'The domain is the short one, as in EXAMPLE. Where the host cannot ask it, give the SID.'
        : String.raw`A name alone is one of the machine; one of a domain is DOMAIN\name.`,
    })
  }
  if (others.length > 0) {
    throw new UsageError(
      `${JSON.stringify(account)} may be any of ${found.map(({ name, sid }) => `${name} (${sid})`).join(', ')}.`,
      { code: 'ERR_WSMAN_ACCOUNT_AMBIGUOUS', host: wmi.host, hint: 'Give the SID of the one that is meant.' },
    )
  }
  return first
}

async function candidates(wmi: WmiObjects, account: string): Promise<readonly Instance[]> {
  const [name = '', domain = '.'] = account.split('\\').reverse()
  // Without a limit to the machine or to one domain, the host would ask its domain for every account there is.
  const query = OWN_DOMAINS.has(domain.toLowerCase())
    ? wql`SELECT * FROM Win32_Account WHERE Name = ${name} AND LocalAccount = TRUE`
    : wql`SELECT * FROM Win32_Account WHERE Name = ${name} AND Domain = ${domain}`
  return await wmi.query('root/cimv2', query)
}

/** Classes overlap: a group can come as itself and as an account of the system. */
function distinct(instances: readonly Instance[]): readonly Account[] {
  const accounts = new Map<string, Account>()
  for (const instance of instances) {
    const sid = canonicalSid(textOf(instance.SID))
    if (sid === undefined) continue
    const name = textOf(instance.Caption) || `${textOf(instance.Domain)}\\${textOf(instance.Name)}`
    accounts.set(sid, { name, sid: shortSid(sid), isUser: textOf(instance.SIDType) === USER })
  }
  return [...accounts.values()]
}

/**
 * Whether the account is surely not the one this client comes as, nor one of its groups.
 * @param username of the client, where it is known
 */
export function isStranger(account: Account, username: string | undefined): boolean {
  // What stands before @ need not be the name of the account.
  if (!account.isUser || username === undefined || username.includes('@')) return false
  return bareName(username) !== bareName(account.name)
}

const bareName = (text: string): string => text.slice(text.lastIndexOf('\\') + 1).toLowerCase()
