import { associatorsOf } from '../enumeration/association-filters.js'
import { wql } from '../enumeration/filters.js'
import type { Instance } from '../envelope/instance.js'
import type { CallOptions } from '../operations/call-options.js'
import { fullSid, isSameSid } from '../settings/sddl/security-identifiers.js'
import { powershellLiteral } from '../util/powershell-literal.js'
import type { Account } from './accounts.js'
import type { ConfigContext } from './config-context.js'
import type { PlanStep } from './plan.js'
import { textOf, wmiClass, type WmiObjects } from './wmi-objects.js'

/** The group of Windows 8, Server 2012 and later, and the one that came with WinRM 2.0. */
const REMOTE_MANAGEMENT_USERS = 'S-1-5-32-580'
const WINRM_USERS = 'WinRMRemoteWMIUsers__'

/** A local group. */
export interface LocalGroup extends Account {
  /** Without its domain; in the language of the host. */
  readonly localName: string
  readonly domain: string
}

/** The group whose members may use the plug-ins of WinRM; undefined where the host has neither. */
export async function findGroup(wmi: WmiObjects): Promise<LocalGroup | undefined> {
  const bySid = wql`SELECT * FROM Win32_Group WHERE SID = ${REMOTE_MANAGEMENT_USERS} AND LocalAccount = TRUE`
  const byName = wql`SELECT * FROM Win32_Group WHERE Name = ${WINRM_USERS} AND LocalAccount = TRUE`
  for (const query of [bySid, byName]) {
    const [group] = await wmi.query('root/cimv2', query)
    if (group) return asGroup(group)
  }
  return undefined
}

function asGroup({ Name, Domain, SID }: Instance): LocalGroup {
  const localName = textOf(Name)
  return { name: localName, localName, domain: textOf(Domain), sid: textOf(SID), isUser: false }
}

/** Whether the account is in the group itself; who is in one of its groups is not. */
export async function isMember(wmi: WmiObjects, group: LocalGroup, { sid }: Account): Promise<boolean> {
  const object = wmiClass('root/cimv2', 'Win32_Group', { Domain: group.domain, Name: group.localName })
  const filter = associatorsOf(object, {
    associationClassName: 'Win32_GroupUser',
    role: 'GroupComponent',
    resultRole: 'PartComponent',
  })
  const members = await wmi.query('root/cimv2', filter)
  return members.some(({ SID }) => isSameSid(textOf(SID), sid))
}

/**
 * WMI reads members of groups and cannot change them, so a PowerShell script does, through the interface that all hosts
 * have (ADSI).
 */
export function membershipStep(
  { parts }: ConfigContext,
  group: LocalGroup,
  account: Account,
  kind: 'add' | 'remove',
): PlanStep {
  const isAdded = kind === 'add'
  const path = `groups[${group.localName}].members[${account.name}]`
  const description = `${account.name} ${isAdded ? 'becomes a member' : 'is no longer a member'} of the group ${group.localName}.`
  const change = isAdded
    ? ({ path, action: 'add', from: null, to: account.name, description } as const)
    : ({ path, action: 'remove', from: account.name, to: null, description } as const)
  return {
    name: `${kind} ${account.name} ${isAdded ? 'to' : 'from'} the group ${group.localName}`,
    changes: [change],
    run: (options: CallOptions) =>
      parts.runScript(membershipScript(group.localName, account.sid, kind), options),
  }
}

/** The provider takes a SID in place of a name. */
function membershipScript(group: string, sid: string, kind: 'add' | 'remove'): string {
  const member = powershellLiteral(`WinNT://${fullSid(sid) ?? sid}`)
  const method = kind === 'add' ? 'Add' : 'Remove'
  return [
    "$ErrorActionPreference = 'Stop'",
    `$group = [ADSI]${powershellLiteral(`WinNT://./${group},group`)}`,
    `$group.psbase.Invoke('${method}', ${member})`,
  ].join('\n')
}
