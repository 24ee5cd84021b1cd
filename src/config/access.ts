import type { CallOptions } from '../operations/call-options.js'
import { CONFIG_DOCUMENT } from '../settings/parse.js'
import { readModel } from '../settings/read-model.js'
import { formatSddl } from '../settings/sddl/format.js'
import {
  resolveGrant,
  resolveRevoke,
  resolveWmiGrant,
  WMI_PLUGIN,
  WMI_RIGHTS,
  type GrantAccessOptions,
  type GrantWmiAccessOptions,
  type RevokeAccessOptions,
} from './access-options.js'
import { findAccount, isStranger, type Account } from './accounts.js'
import type { ConfigContext } from './config-context.js'
import { granting, readDescriptor, revoking, type DescriptorChange } from './descriptor-change.js'
import { planParts, readHost } from './plan-config.js'
import { findGroup, isMember, membershipStep } from './plan-membership.js'
import { planNamespaceAccess } from './plan-namespace-access.js'
import { planPluginAccess, type PluginPart } from './plan-plugin-access.js'
import { putSection } from './plan-sections.js'
import { ConfigPlan, remark, type PlanPart, type PlanWarning } from './plan.js'
import { WmiObjects } from './wmi-objects.js'

/** What it takes that an account may use WinRM. */
export async function planGrantAccess(
  context: ConfigContext,
  given: GrantAccessOptions,
  options: CallOptions,
): Promise<ConfigPlan> {
  const { account: named, rights, through, plugins } = resolveGrant(given)
  return await planFor(context, named, options, async (account, bounds) => {
    if (through === 'descriptors') {
      const change = granting(account, rights)
      return [
        ...(await pluginParts(context, plugins, change, bounds)),
        await planRoot(context, change, bounds),
      ]
    }
    const wmi = new WmiObjects(context.runner, bounds)
    const group = await findGroup(wmi)
    if (!group) return [noGroup(wmi.host)]
    const isThere = await isMember(wmi, group, account)
    const steps = isThere ? [] : [membershipStep(context, group, account, 'add')]
    // Windows has the group in them, unless somebody took it out.
    const opened = await guardedParts(context, plugins, granting(group, rights), bounds)
    return [...opened, { steps, warnings: [] }]
  })
}

/** What it takes that an account may not use WinRM by entries or a membership of its own. */
export async function planRevokeAccess(
  context: ConfigContext,
  given: RevokeAccessOptions,
  options: CallOptions,
): Promise<ConfigPlan> {
  const { account: named, through, plugins, namespaces } = resolveRevoke(given)
  return await planFor(context, named, options, async (account, bounds) => {
    const change = revoking(account)
    const closed: PlanPart[] = []
    for (const namespace of namespaces) {
      closed.push(await planNamespaceAccess(context.runner, namespace, change, bounds))
    }
    if (through === 'descriptors') {
      closed.push(...(await pluginParts(context, plugins, change, bounds)))
      return [...closed, await planRoot(context, change, bounds, strangersFor(context, account))]
    }
    const wmi = new WmiObjects(context.runner, bounds)
    const group = await findGroup(wmi)
    if (!group) return [...closed, noGroup(wmi.host)]
    if (!(await isMember(wmi, group, account))) return closed
    const step = membershipStep(context, group, account, 'remove')
    return [...closed, { steps: [step], warnings: ownMembership(context, account, group.localName) }]
  })
}

/** What it takes that an account may read a namespace of WMI over WinRM. */
export async function planGrantWmiAccess(
  context: ConfigContext,
  given: GrantWmiAccessOptions,
  options: CallOptions,
): Promise<ConfigPlan> {
  const { account: named, namespace, rights, inherit } = resolveWmiGrant(given)
  const mask = rights.reduce((sum, right) => sum | WMI_RIGHTS[right], 0)
  return await planFor(context, named, options, async (account, bounds) => [
    ...(await guardedParts(context, [WMI_PLUGIN], granting(account, ['GR', 'GX']), bounds)),
    await planNamespaceAccess(
      context.runner,
      namespace,
      granting(account, rights, { mask, flags: inherit ? ['CI'] : [] }),
      bounds,
    ),
  ])
}

/** What all have in common: an account, and parts that become one plan. */
async function planFor(
  context: ConfigContext,
  named: string,
  options: CallOptions,
  plan: (account: Account, bounds: CallOptions) => Promise<readonly PlanPart[]>,
): Promise<ConfigPlan> {
  return await context.within(options, async (bounds) => {
    const account = await findAccount(new WmiObjects(context.runner, bounds), named)
    const parts = await plan(account, bounds)
    return new ConfigPlan(context.runner, {
      steps: parts.flatMap(({ steps }) => steps),
      warnings: parts.flatMap(({ warnings }) => warnings),
    })
  })
}

async function pluginParts(
  { runner }: ConfigContext,
  names: readonly string[],
  change: DescriptorChange,
  options: CallOptions,
): Promise<readonly PluginPart[]> {
  const parts: PluginPart[] = []
  for (const name of names) parts.push(await planPluginAccess(runner, name, change, options))
  return parts
}

/** Like `pluginParts`, where RootSDDL stays as it is: it opens more than a plug-in, so it is not changed for one. */
async function guardedParts(
  context: ConfigContext,
  names: readonly string[],
  change: DescriptorChange,
  options: CallOptions,
): Promise<readonly PlanPart[]> {
  const parts = await pluginParts(context, names, change, options)
  return parts.map((part, index) => {
    if (!part.isUnguarded) return part
    const name = names[index] ?? ''
    const message = `The plug-in ${name} has no descriptor of its own, so RootSDDL decides who may use it: grantAccess.`
    return { ...part, warnings: [...part.warnings, remark('dubious', `plugins[${name}]`, message)] }
  })
}

async function planRoot(
  context: ConfigContext,
  change: DescriptorChange,
  options: CallOptions,
  strangers: readonly string[] = [],
): Promise<PlanPart> {
  const path = 'service.rootSddl'
  const host = await readHost(context, { service: {} }, options)
  const { rootSddl } = readModel(host.config, CONFIG_DOCUMENT).service
  const current = readDescriptor(rootSddl)
  if (!current) {
    const message = 'The host tells no RootSDDL that could be changed.'
    return { steps: [], warnings: [remark('unavailable', path, message)] }
  }
  const next = change.apply(current)
  const desired = { service: { rootSddl: formatSddl(next) } }
  const part = await planParts(context, host, desired, options, strangers)
  const description = change.describe('WinRM')
  const doubt = change.doubt(next)
  // Somebody else may have been let in meanwhile.
  const run = async (bounds: CallOptions): Promise<void> => {
    const { config } = await readHost(context, {}, bounds)
    const latest = readDescriptor(readModel(config, CONFIG_DOCUMENT).service.rootSddl) ?? current
    await putSection(context.runner, 'service', { rootSddl: formatSddl(change.apply(latest)) }, bounds)
  }
  return {
    steps: part.steps.map((step) => ({
      ...step,
      run,
      changes: step.changes.map((one) => ({ ...one, description })),
    })),
    warnings: [
      ...part.warnings,
      ...(doubt === undefined ? [] : [remark('dubious', path, `In the RootSDDL, ${doubt}.`)]),
    ],
  }
}

const strangersFor = ({ parts }: ConfigContext, account: Account): readonly string[] =>
  isStranger(account, parts.username) ? [account.sid] : []

function ownMembership({ parts }: ConfigContext, account: Account, group: string): readonly PlanWarning[] {
  if (isStranger(account, parts.username)) return []
  const message = `If ${account.name} is what lets this client in, this connection would be cut off.`
  return [
    { code: 'disconnects', path: `groups[${group}].members[${account.name}]`, message, needsForce: true },
  ]
}

const noGroup = (host: string): PlanPart => ({
  steps: [],
  warnings: [
    remark(
      'unavailable',
      'groups',
      `${host} has neither the group Remote Management Users nor WinRMRemoteWMIUsers__; use through: 'descriptors'.`,
    ),
  ],
})
