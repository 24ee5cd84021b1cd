import type { EndpointClass, EndpointInstance } from 'wsman/testing'

/** A rule with what its filters say. */
export interface FakeRule {
  readonly id: string
  /** Default: a rule of nobody's group. */
  readonly group?: string
  /** Bits: 1 domain, 2 private, 4 public; 0 for all. */
  readonly profiles: number
  enabled: boolean
  /** 2 allows, 4 blocks. */
  readonly action?: number
  readonly direction?: number
  readonly protocol?: string
  readonly ports: readonly string[]
  readonly remoteAddress?: readonly string[]
  readonly program?: string
}

export const WINRM_GROUP = '@FirewallAPI.dll,-30267'

/** The rules that Windows Server has for WinRM, all of them off. */
export const builtInRules = (): FakeRule[] => [
  {
    id: 'WINRM-HTTP-In-TCP',
    group: WINRM_GROUP,
    profiles: 3,
    enabled: false,
    ports: ['5985'],
    program: 'System',
  },
  {
    id: 'WINRM-HTTP-In-TCP-PUBLIC',
    group: WINRM_GROUP,
    profiles: 4,
    enabled: false,
    ports: ['5985'],
    remoteAddress: ['LocalSubnet'],
    program: 'System',
  },
  {
    id: 'WINRM-HTTP-Compat-In-TCP',
    group: '@FirewallAPI.dll,-30252',
    profiles: 3,
    enabled: false,
    ports: ['80'],
  },
]

export interface FakeFirewall {
  rules: FakeRule[]
  /** 0 public, 1 private, 2 domain: one for each network. */
  categories: number[]
  /** By profile; 1 yes, 0 no. */
  allowLocalRules: Record<string, number>
  /** Whether the provider heeds what the context says of a new rule. */
  heedsContext: boolean
}

const NAMESPACE = 'root/standardcimv2'
const key = { type: 'string', key: true } as const
const strings = { type: 'string', array: true } as const

/**
 * Microsoft's pages on MSFT_NetFirewallRule and its filters. What names a rule is simplified: Windows has four keys, of
 * which CreationClassName alone says something.
 */
export function firewallClasses(firewall: FakeFirewall): readonly EndpointClass[] {
  const find = (instance: EndpointInstance | undefined): FakeRule => {
    const rule = firewall.rules.find(({ id }) => id === instance?.InstanceID)
    if (!rule) throw new Error('There is no such rule.')
    return rule
  }
  return [
    {
      name: 'MSFT_NetFirewallRule',
      namespace: NAMESPACE,
      properties: {
        InstanceID: key,
        ElementName: 'string',
        Description: 'string',
        RuleGroup: 'string',
        Enabled: 'uint16',
        Direction: 'uint16',
        Action: 'uint16',
        Profiles: 'uint16',
      },
      instances: () =>
        firewall.rules.map(({ id, group, profiles, enabled, action = 2, direction = 1 }) => ({
          InstanceID: id,
          ElementName: id,
          RuleGroup: group ?? null,
          Enabled: enabled ? 1 : 2,
          Direction: direction,
          Action: action,
          Profiles: profiles,
        })),
      create: ({ properties, context }) => {
        const heeded = firewall.heedsContext ? context : {}
        firewall.rules.push({
          id: properties.InstanceID as string,
          profiles: Number(properties.Profiles),
          enabled: properties.Enabled === 1,
          action: Number(properties.Action),
          direction: Number(properties.Direction),
          protocol: String(heeded.Protocol ?? 'Any'),
          ports: (heeded.LocalPort as string[] | undefined) ?? ['Any'],
          remoteAddress: (heeded.RemoteAddress as string[] | undefined) ?? ['Any'],
        })
      },
      delete: ({ instance }) => {
        const rule = find(instance)
        firewall.rules = firewall.rules.filter((one) => one !== rule)
      },
      methods: {
        Enable: {
          parameters: {},
          run: ({ instance }) => {
            find(instance).enabled = true
            return { ReturnValue: 0 }
          },
        },
      },
    },
    {
      name: 'MSFT_NetProtocolPortFilter',
      namespace: NAMESPACE,
      properties: { InstanceID: key, Protocol: 'string', LocalPort: strings },
      instances: () =>
        firewall.rules.map(({ id, protocol = 'TCP', ports }) => ({
          InstanceID: id,
          Protocol: protocol,
          LocalPort: ports,
        })),
    },
    {
      name: 'MSFT_NetApplicationFilter',
      namespace: NAMESPACE,
      properties: { InstanceID: key, AppPath: 'string' },
      instances: () =>
        firewall.rules.map(({ id, program = 'Any' }) => ({ InstanceID: id, AppPath: program })),
    },
    {
      name: 'MSFT_NetFirewallProfile',
      namespace: NAMESPACE,
      properties: {
        Name: key,
        Enabled: 'uint16',
        AllowInboundRules: 'uint16',
        AllowLocalFirewallRules: 'uint16',
      },
      instances: () =>
        ['Domain', 'Private', 'Public'].map((name) => ({
          Name: name,
          Enabled: 1,
          AllowInboundRules: 1,
          AllowLocalFirewallRules: firewall.allowLocalRules[name] ?? 1,
        })),
    },
    {
      name: 'MSFT_NetConnectionProfile',
      namespace: NAMESPACE,
      properties: { InstanceID: key, Name: 'string', NetworkCategory: 'uint32' },
      instances: () =>
        firewall.categories.map((category, index) => ({
          InstanceID: `{${index}}`,
          Name: `Network ${index}`,
          NetworkCategory: category,
        })),
    },
  ]
}
