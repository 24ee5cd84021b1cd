import { sidName } from '../../settings/sddl/security-identifiers.js'
import type { EndpointAccount } from '../access/security-principals.js'
import type { EndpointClass, EndpointInstance } from '../types.js'

/** Groups that every Windows has and that decide about WinRM. */
const BUILT_IN = ['S-1-5-32-544', 'S-1-5-32-580']

/** `SIDType` of Win32_Account: a user, and a group of the machine. */
const USER = 1
const ALIAS = 4

/**
 * The users of the endpoint and the groups they belong to, as Win32_UserAccount and Win32_Group of `root/cimv2`. Groups
 * have the name of the machine for a domain, as Windows has it. Nothing can be changed through them.
 */
export function accountClasses(
  accounts: readonly EndpointAccount[],
  machine: string,
): readonly EndpointClass[] {
  const isLocal = (domain: string): boolean => domain.toLowerCase() === machine.toLowerCase()
  const account = (domain: string, name: string, facts: EndpointInstance): EndpointInstance => ({
    Caption: `${domain}\\${name}`,
    Domain: domain,
    LocalAccount: isLocal(domain),
    Name: name,
    Status: 'OK',
    ...facts,
  })
  const sids = [...new Set([...BUILT_IN, ...accounts.flatMap(({ groups }) => groups)])]
  const groups = sids.map((sid) => ({ sid, name: nameOf(sid) }))
  return [
    {
      name: 'Win32_Account',
      abstract: true,
      properties: {
        Caption: 'string',
        Domain: { type: 'string', key: true },
        LocalAccount: 'boolean',
        Name: { type: 'string', key: true },
        SID: 'string',
        SIDType: 'uint8',
        Status: 'string',
      },
    },
    {
      name: 'Win32_UserAccount',
      superclass: 'Win32_Account',
      properties: {},
      instances: () =>
        accounts.map(({ username, domain, sid }) => account(domain, username, { SID: sid, SIDType: USER })),
    },
    {
      name: 'Win32_Group',
      superclass: 'Win32_Account',
      properties: {},
      instances: () => groups.map(({ sid, name }) => account(machine, name, { SID: sid, SIDType: ALIAS })),
    },
    {
      name: 'Win32_GroupUser',
      properties: {
        GroupComponent: { type: 'reference', key: true },
        PartComponent: { type: 'reference', key: true },
      },
      instances: () =>
        groups.flatMap(({ sid, name }) =>
          accounts
            .filter((one) => one.groups.includes(sid))
            .map(({ username, domain }) => ({
              GroupComponent: { className: 'Win32_Group', keys: { Domain: machine, Name: name } },
              PartComponent: { className: 'Win32_UserAccount', keys: { Domain: domain, Name: username } },
            })),
        ),
    },
  ]
}

/** Without the domain that stands for the machine: `Administrators`. */
const nameOf = (sid: string): string => sidName(sid).replace(/^BUILTIN\\/, '')
