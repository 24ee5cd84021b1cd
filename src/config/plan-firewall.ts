import type { EndpointReference } from '../envelope/endpoint-reference.js'
import type { Instance } from '../envelope/instance.js'
import { ProtocolError } from '../errors/errors.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { texts } from './method-output.js'
import { remark, type PlanPart, type PlanStep, type PlanWarning } from './plan.js'
import { textOf, wmiClass, WmiObjects } from './wmi-objects.js'

const NAMESPACE = 'root/standardcimv2'
const RULE = wmiClass(NAMESPACE, 'MSFT_NetFirewallRule')
const PORT_FILTER = wmiClass(NAMESPACE, 'MSFT_NetProtocolPortFilter')
const APPLICATION_FILTER = wmiClass(NAMESPACE, 'MSFT_NetApplicationFilter')
const FIREWALL_PROFILE = wmiClass(NAMESPACE, 'MSFT_NetFirewallProfile')
const CONNECTION_PROFILE = wmiClass(NAMESPACE, 'MSFT_NetConnectionProfile')

/** With what Group Policy says, which the local store does not know. */
const AS_IN_FORCE = { 'wmi:PolicyStore': 'ActiveStore' } as const

/** `NetworkCategory` of MSFT_NetConnectionProfile, each with the bit of `Profiles` in a rule. */
const PROFILES = [
  { category: '2', name: 'Domain', bit: 1 },
  { category: '1', name: 'Private', bit: 2 },
  { category: '0', name: 'Public', bit: 4 },
] as const
type Profile = (typeof PROFILES)[number]

/** Values of MSFT_NetFirewallRule and MSFT_NetFirewallProfile. */
const INBOUND = '1'
const ALLOW = '2'
const BLOCK = '4'
const ENABLED = '1'
const DISABLED = '2'
const NO = '0'
/** The group of the rules that Windows has for WinRM. */
const WINRM_GROUP = '@firewallapi.dll,-30267'

/** What the firewall is to let in. */
export interface Opening {
  readonly port: number
  readonly transport: 'HTTP' | 'HTTPS'
  /** Whether public networks are no reason to ask. */
  readonly skipNetworkProfileCheck: boolean
}

/** An inbound rule that names the port, whether it is enabled or not. */
interface Rule {
  readonly id: string
  readonly reference: EndpointReference
  readonly action: string
  readonly enabled: boolean
  readonly profiles: number
  readonly ofWinrm: boolean
}

/**
 * What it takes that the firewall lets requests to a port in, for each profile that a network of the host has. Rules of
 * the host's own store count, Windows' own ones first; that some let in certain addresses only is their owner's choice.
 */
export async function planFirewall(
  runner: OperationRunner,
  opening: Opening,
  options: CallOptions,
): Promise<PlanPart> {
  const wmi = new WmiObjects(runner, options)
  const connections = await wmi.all(CONNECTION_PROFILE)
  const categories = new Set(connections.map(({ NetworkCategory }) => textOf(NetworkCategory)))
  const active = PROFILES.filter(({ category }) => categories.has(category))
  const { rules, ids } = await readRules(wmi, opening.port)
  const inForce = await wmi.all(FIREWALL_PROFILE, AS_IN_FORCE)
  const steps: PlanStep[] = []
  const warnings: PlanWarning[] = []
  const chosen = new Set<string>()
  for (const profile of active) {
    const covering = rules.filter((rule) => covers(rule, profile.bit))
    const isOpen = covering.some(({ enabled, action }) => enabled && action === ALLOW)
    const held = inForce.find(({ Name }) => textOf(Name) === profile.name)
    warnings.push(...obstacles(profile, opening.port, covering, held))
    if (isOpen || ignoresLocalRules(held)) continue
    if (profile.name === 'Public') warnings.push(publicNetwork(opening))
    const [rule] = covering
      .filter(({ action }) => action === ALLOW)
      // A rule of WinRM's own is what quickconfig enables; one for few profiles opens little else.
      .sort(
        (one, other) =>
          Number(other.ofWinrm) - Number(one.ofWinrm) || bits(one.profiles) - bits(other.profiles),
      )
    if (rule === undefined) steps.push(newRule(runner, opening, profile, ids))
    else if (!chosen.has(rule.id)) steps.push(enableRule(runner, rule, opening.port))
    if (rule) chosen.add(rule.id)
  }
  return { steps, warnings }
}

async function readRules(
  wmi: WmiObjects,
  port: number,
): Promise<{ readonly rules: readonly Rule[]; readonly ids: ReadonlySet<string> }> {
  const all = await wmi.allWithReferences(RULE)
  // A filter has the id of its rule.
  const portFilters = await wmi.all(PORT_FILTER)
  const ofPort = new Set(portFilters.filter((filter) => names(filter, port)).map(idOf))
  const applications = await wmi.all(APPLICATION_FILTER)
  const ofOthers = new Set(applications.filter(({ AppPath }) => !isOurProgram(textOf(AppPath))).map(idOf))
  const rules = all
    .filter(
      ({ object }) =>
        textOf(object.Direction) === INBOUND && ofPort.has(idOf(object)) && !ofOthers.has(idOf(object)),
    )
    .map(({ object, reference }) => ({
      id: textOf(object.InstanceID),
      reference,
      action: textOf(object.Action),
      enabled: textOf(object.Enabled) === ENABLED,
      profiles: Number(textOf(object.Profiles)),
      ofWinrm: textOf(object.RuleGroup).toLowerCase() === WINRM_GROUP,
    }))
  return { rules, ids: new Set(all.map(({ object }) => idOf(object))) }
}

/** Only rules that name the port: one for all ports belongs to a program. */
function names(filter: Instance, port: number): boolean {
  if (!['tcp', '6'].includes(textOf(filter.Protocol).toLowerCase())) return false
  return texts(filter.LocalPort).some((text) => {
    const [first = Number.NaN, last = first] = text.split('-').map(Number)
    return first <= port && port <= last
  })
}

/** The driver HTTP.sys takes the requests of WinRM, and that is `System`. */
const isOurProgram = (path: string): boolean => ['', '*', 'any', 'system'].includes(path.toLowerCase())

/** No bit at all means every profile. */
const covers = ({ profiles }: Rule, bit: number): boolean => profiles === 0 || (profiles & bit) !== 0
const bits = (profiles: number): number =>
  profiles === 0 ? PROFILES.length : profiles.toString(2).replaceAll('0', '').length
const idOf = ({ InstanceID }: Instance): string => textOf(InstanceID).toLowerCase()

const ignoresLocalRules = (profile: Instance | undefined): boolean =>
  textOf(profile?.AllowLocalFirewallRules) === NO

/** What keeps requests out that no rule of ours can let in. */
function obstacles(
  { name }: Profile,
  port: number,
  covering: readonly Rule[],
  profile: Instance | undefined,
): readonly PlanWarning[] {
  const path = `firewall[${name}]`
  const blocking = covering.filter(({ enabled, action }) => enabled && action === BLOCK)
  return [
    ...(ignoresLocalRules(profile)
      ? [remark('policy', path, `Group Policy has the firewall ignore local rules in the profile ${name}.`)]
      : []),
    ...(textOf(profile?.AllowInboundRules) === NO
      ? [
          remark(
            'dubious',
            path,
            `The firewall lets nothing in in the profile ${name}, whatever its rules say (AllowInboundRules).`,
          ),
        ]
      : []),
    ...blocking.map(({ id }) =>
      remark(
        'dubious',
        path,
        `The rule ${id} blocks port ${port} in the profile ${name}, whatever others allow.`,
      ),
    ),
  ]
}

const publicNetwork = ({ port, skipNetworkProfileCheck }: Opening): PlanWarning => ({
  code: 'exposes',
  path: 'firewall[Public]',
  message: `A network of the host is public, and port ${port} would be opened there, too.`,
  needsForce: !skipNetworkProfileCheck,
})

function enableRule(runner: OperationRunner, { id, reference }: Rule, port: number): PlanStep {
  return {
    name: `enable the firewall rule ${id}`,
    changes: [
      {
        path: `firewall[${id}].enabled`,
        action: 'set',
        from: false,
        to: true,
        description: `The firewall lets requests to port ${port} in as this rule says.`,
      },
    ],
    run: (options) => new WmiObjects(runner, options).invoke(reference, 'Enable'),
  }
}

/**
 * What a rule filters by is no property of it: the provider takes it from named values that come with the request
 * (`Protocol`, `LocalPort`, `RemoteAddress`), as New-NetFirewallRule hands it over. A rule without would open everything,
 * so it is made disabled, looked at, and only then enabled.
 */
function newRule(
  runner: OperationRunner,
  { port, transport }: Opening,
  { name, bit }: Profile,
  taken: ReadonlySet<string>,
): PlanStep {
  const id = freeId(`WINRM-${transport}-In-TCP-${port}-${name}`, taken)
  const remoteAddress = name === 'Public' ? 'LocalSubnet' : 'Any'
  const properties = {
    Action: Number(ALLOW),
    Description: `Lets requests to the Windows Remote Management service in over ${transport}.`,
    Direction: Number(INBOUND),
    ElementName: `Windows Remote Management (${transport}-In, port ${port}, ${name})`,
    Enabled: Number(DISABLED),
    InstanceID: id,
    Profiles: bit,
  }
  const context = {
    'wmi:Protocol': 'TCP',
    'wmiarray:LocalPort': [String(port)],
    'wmiarray:RemoteAddress': [remoteAddress],
  }
  const run = async (options: CallOptions): Promise<void> => {
    const wmi = new WmiObjects(runner, options)
    const rule = await wmi.create(RULE, properties, context)
    const filter = (await wmi.all(PORT_FILTER)).find((one) => idOf(one) === id.toLowerCase())
    if (filter === undefined || !isPortOnly(filter, port)) {
      await wmi.delete(rule)
      throw new ProtocolError(unexpectedRule(id, port), { host: wmi.host })
    }
    await wmi.invoke(rule, 'Enable')
  }
  return {
    name: `add the firewall rule ${id}`,
    changes: [
      {
        path: `firewall[${id}]`,
        action: 'add',
        from: null,
        to: { port, protocol: 'TCP', profile: name, remoteAddress },
        description: `The firewall lets requests to port ${port} in${name === 'Public' ? ' from the local subnet' : ''}, in the profile ${name}.`,
      },
    ],
    run,
  }
}

const isPortOnly = (filter: Instance, port: number): boolean =>
  names(filter, port) && texts(filter.LocalPort).join() === String(port)

const unexpectedRule = (id: string, port: number): string =>
  `The firewall made the rule ${id} for something else than port ${port}; it was taken away again.`

function freeId(wanted: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? wanted : `${wanted}-${number}`
    if (!taken.has(id.toLowerCase())) return id
  }
}
