import { createHash } from 'node:crypto'
import { UsageError } from '../../errors/errors.js'
import type { Token } from '../../settings/sddl/access-check.js'
import { fullSid, sidOfName } from '../../settings/sddl/security-identifiers.js'
import type { Account } from '../authentication.js'
import type { EndpointPrincipal } from '../message.js'

const ADMINISTRATORS = 'S-1-5-32-544'
/** What every account that came over the network belongs to. */
const EVERYBODY = ['S-1-1-0', 'S-1-5-2', 'S-1-5-11', 'S-1-5-15', 'S-1-5-32-545']
const LOCAL_ACCOUNT = 'S-1-5-113'
const LOCAL_ADMINISTRATOR = 'S-1-5-114'

/** The number at the end of the SID of the built-in administrator, and the first one of accounts that people made. */
const BUILT_IN_RID = 500
const FIRST_RID = 1001

/** An account with what Windows knows it by. */
export interface EndpointAccount {
  readonly username: string
  readonly domain: string
  readonly sid: string
  /** The SIDs of the groups that it was given. */
  readonly groups: readonly string[]
}

/**
 * The SIDs of the groups that an account is given.
 * @param given names (`Remote Management Users`), letters (`RM`) or SIDs
 * @throws UsageError for what is no group
 */
export function resolveGroups(given: readonly string[] | undefined, option: string): readonly string[] {
  return (given ?? [ADMINISTRATORS]).map((group) => {
    const sid = sidOfName(group) ?? fullSid(group)
    if (sid !== undefined) return sid
    throw new UsageError(`${option} has ${JSON.stringify(group)}, which is no group and no SID.`)
  })
}

/** Who accounts are to security descriptors. Machines, domains and accounts have the same SIDs at every start. */
export class SecurityPrincipals {
  readonly #accounts: readonly EndpointAccount[]
  readonly #machine: string
  readonly #machineSid: string

  constructor(accounts: readonly Account[], machine: string) {
    this.#machine = machine
    this.#machineSid = authoritySid(machine)
    this.#accounts = accounts.map(({ username, domain, groups }, index) => ({
      username,
      domain,
      sid: `${authoritySid(domain)}-${username.toLowerCase() === 'administrator' ? BUILT_IN_RID : FIRST_RID + index}`,
      groups,
    }))
  }

  get accounts(): readonly EndpointAccount[] {
    return this.#accounts
  }

  /** What Windows would find in the token of a logon over the network. */
  tokenOf(principal: EndpointPrincipal): Token {
    const { sid, groups, domain } = this.#find(principal)
    const isLocal = same(domain, this.#machine)
    const local = isLocal
      ? [LOCAL_ACCOUNT, ...(groups.includes(ADMINISTRATORS) ? [LOCAL_ADMINISTRATOR] : [])]
      : []
    return { sids: new Set([sid, ...groups, ...EVERYBODY, ...local]), machineSid: this.#machineSid }
  }

  /** Kerberos may vouch for accounts of a domain that the endpoint was not told of. */
  #find({ username, domain }: EndpointPrincipal): EndpointAccount {
    const own = this.#accounts.find((one) => same(one.username, username) && same(one.domain, domain))
    return (
      own ?? {
        username,
        domain,
        sid: `${authoritySid(domain)}-${hash(username)[0] ?? 0}`,
        groups: [ADMINISTRATORS],
      }
    )
  }
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

const authoritySid = (name: string): string => ['S-1-5-21', ...hash(name)].join('-')

/** Three numbers of 32 bits. */
function hash(name: string): readonly number[] {
  const digest = createHash('sha256').update(name.toLowerCase()).digest()
  return [0, 4, 8].map((offset) => digest.readUInt32BE(offset))
}
