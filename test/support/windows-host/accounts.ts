import type { EndpointClass } from 'wsman/testing'

export interface FakeAccount {
  readonly kind: 'Win32_UserAccount' | 'Win32_Group' | 'Win32_SystemAccount'
  readonly domain: string
  readonly name: string
  readonly sid: string
}

export interface FakeAccounts {
  readonly machine: string
  accounts: FakeAccount[]
  /** SIDs by the name of the group. */
  readonly members: (group: string) => readonly string[]
}

const SID_TYPES = { Win32_UserAccount: 1, Win32_Group: 4, Win32_SystemAccount: 5 } as const

/** Microsoft's pages on Win32_Account and what is derived from it, and on Win32_GroupUser. */
export function accountClasses(host: FakeAccounts): readonly EndpointClass[] {
  const derived = (kind: FakeAccount['kind']): EndpointClass => ({
    name: kind,
    superclass: 'Win32_Account',
    properties: {},
    instances: () =>
      host.accounts
        .filter((account) => account.kind === kind)
        .map(({ domain, name, sid }) => ({
          Domain: domain,
          Name: name,
          Caption: `${domain}\\${name}`,
          SID: sid,
          SIDType: SID_TYPES[kind],
          LocalAccount: domain === host.machine,
        })),
  })
  const reference = ({ kind, domain, name }: FakeAccount) => ({
    className: kind,
    keys: { Domain: domain, Name: name },
  })
  return [
    {
      name: 'Win32_Account',
      abstract: true,
      properties: {
        Domain: { type: 'string', key: true },
        Name: { type: 'string', key: true },
        Caption: 'string',
        SID: 'string',
        SIDType: 'uint8',
        LocalAccount: 'boolean',
      },
    },
    derived('Win32_UserAccount'),
    derived('Win32_Group'),
    derived('Win32_SystemAccount'),
    {
      name: 'Win32_GroupUser',
      properties: {
        GroupComponent: { type: 'reference', key: true },
        PartComponent: { type: 'reference', key: true },
      },
      instances: () =>
        host.accounts
          .filter(({ kind }) => kind === 'Win32_Group')
          .flatMap((group) =>
            host.accounts
              .filter(({ sid }) => host.members(group.name).includes(sid))
              .map((account) => ({
                GroupComponent: reference(group),
                PartComponent: reference(account),
              })),
          ),
    },
  ]
}
