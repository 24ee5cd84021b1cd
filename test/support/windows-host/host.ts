import { encodeSecurityDescriptor, parseSddl } from 'wsman'
import type { EndpointClass } from 'wsman/testing'
import { accountClasses, type FakeAccounts } from './accounts.js'
import { builtInRules, firewallClasses, type FakeFirewall } from './firewall.js'
import { FakeRegistry, registryClass } from './registry.js'

const DOMAIN_SID = 'S-1-5-21-1-2-3'

/** What of a Windows machine access over WinRM depends on, for an endpoint's `classes`. */
export class WindowsHost implements FakeAccounts, FakeFirewall {
  readonly machine = 'SERVER01'
  /** The domain the machine is a member of; empty for none. */
  domain = ''
  startMode = 'Auto'
  state = 'Running'
  /** What StartService and ChangeStartMode return. */
  serviceCode = 0
  readonly registry = new FakeRegistry()
  rules = builtInRules()
  categories = [1]
  allowLocalRules: Record<string, number> = {}
  heedsContext = true
  accounts: FakeAccounts['accounts'] = [
    { kind: 'Win32_UserAccount', domain: this.machine, name: 'admin', sid: `${DOMAIN_SID}-1000` },
    { kind: 'Win32_UserAccount', domain: this.machine, name: 'bob', sid: `${DOMAIN_SID}-1001` },
    { kind: 'Win32_UserAccount', domain: 'EXAMPLE', name: 'bob', sid: 'S-1-5-21-7-8-9-1200' },
    { kind: 'Win32_Group', domain: this.machine, name: 'Operators', sid: `${DOMAIN_SID}-1002` },
    { kind: 'Win32_Group', domain: this.machine, name: 'Administrators', sid: 'S-1-5-32-544' },
    // In the language of the machine.
    { kind: 'Win32_Group', domain: this.machine, name: "Utilisateurs de l'accès", sid: 'S-1-5-32-580' },
  ]
  members: (group: string) => readonly string[] = () => []
  /** Descriptors of namespaces, in bytes. */
  readonly namespaces = new Map<string, Uint8Array>([
    [
      'root/cimv2',
      encodeSecurityDescriptor(parseSddl('O:BAG:BAD:(A;CI;CCDCLCSWRPWPRCWD;;;BA)(A;CIID;CCDCRP;;;AU)')),
    ],
  ])

  classes(): readonly EndpointClass[] {
    return [
      this.#service(),
      this.#computer(),
      registryClass(this.registry),
      ...firewallClasses(this),
      ...accountClasses(this),
      ...[...this.namespaces.keys()].map((namespace) => this.#security(namespace)),
    ]
  }

  /** Microsoft's page on Win32_Service. */
  #service(): EndpointClass {
    const answer = (change: () => void) => {
      if (this.serviceCode === 0) change()
      return { ReturnValue: this.serviceCode }
    }
    return {
      name: 'Win32_Service',
      properties: { Name: { type: 'string', key: true }, StartMode: 'string', State: 'string' },
      instances: () => [{ Name: 'WinRM', StartMode: this.startMode, State: this.state }],
      methods: {
        ChangeStartMode: {
          parameters: { StartMode: 'string' },
          run: ({ parameters }) =>
            answer(() => {
              // The property says Auto where the method takes Automatic.
              this.startMode =
                parameters.StartMode === 'Automatic' ? 'Auto' : (parameters.StartMode as string)
            }),
        },
        StartService: {
          parameters: {},
          run: () =>
            answer(() => {
              this.state = 'Running'
            }),
        },
      },
    }
  }

  #computer(): EndpointClass {
    return {
      name: 'Win32_ComputerSystem',
      properties: {
        Name: { type: 'string', key: true },
        DNSHostName: 'string',
        Domain: 'string',
        PartOfDomain: 'boolean',
      },
      instances: () => [
        {
          Name: this.machine,
          DNSHostName: this.machine.toLowerCase(),
          Domain: this.domain || 'WORKGROUP',
          PartOfDomain: this.domain !== '',
        },
      ],
    }
  }

  /** Microsoft's page on __SystemSecurity, a class of every namespace. */
  #security(namespace: string): EndpointClass {
    return {
      name: '__SystemSecurity',
      namespace,
      singleton: true,
      properties: {},
      instances: [{}],
      methods: {
        GetSD: {
          parameters: { SD: { type: 'uint8', array: true, out: true } },
          run: () => ({ ReturnValue: 0, SD: [...(this.namespaces.get(namespace) ?? [])] }),
        },
        SetSD: {
          parameters: { SD: { type: 'uint8', array: true } },
          run: ({ parameters }) => {
            this.namespaces.set(namespace, Uint8Array.from(parameters.SD as number[]))
            return { ReturnValue: 0 }
          },
        },
      },
    }
  }
}
