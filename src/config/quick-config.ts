import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { CONFIG_DOCUMENT } from '../settings/parse.js'
import { readModel } from '../settings/read-model.js'
import type { PartialModel } from '../settings/rows.js'
import type { ListenerSettings, ServiceSettings } from '../settings/table.js'
import type { ConfigContext } from './config-context.js'
import { readCertificates, SELF_SIGNED } from './host-certificates.js'
import { pathOfItem } from './item-kind.js'
import { LISTENER_KIND } from './listener-kind.js'
import { planParts, readHost, type DesiredListener } from './plan-config.js'
import { planFirewall } from './plan-firewall.js'
import { planWinrmService } from './plan-winrm-service.js'
import { ConfigPlan, remark, type PlanPart, type PlanStep, type PlanWarning } from './plan.js'
import {
  DEFAULT_PORTS,
  resolveQuickConfig,
  type QuickConfigOptions,
  type ResolvedQuickConfig,
} from './quick-config-options.js'
import { RemoteRegistry } from './registry.js'
import { isUnavailable, textOf, wmiClass, WmiObjects } from './wmi-objects.js'

const COMPUTER_SYSTEM = wmiClass('root/cimv2', 'Win32_ComputerSystem')
const TOKEN_FILTER_KEY = String.raw`SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`
const TOKEN_FILTER = 'LocalAccountTokenFilterPolicy'

const NOTHING: PlanPart = { steps: [], warnings: [] }

/** What `winrm quickconfig` does, for a host that can be reached already. The firewall opens when somebody listens there. */
export async function planQuickConfig(
  context: ConfigContext,
  given: QuickConfigOptions,
  options: CallOptions,
): Promise<ConfigPlan> {
  const wanted = resolveQuickConfig(given)
  return await context.within(options, async (bounds) => {
    const { runner } = context
    const service = await unlessUnavailable(
      async () => ({ steps: await planWinrmService(runner, bounds), warnings: [] }),
      'winrmService',
      'The service WinRM cannot be looked up',
    )
    const listener = await planListener(context, wanted, bounds)
    const opening = { ...wanted, port: listener.port }
    const firewall = listener.isPossible
      ? await unlessUnavailable(
          () => planFirewall(runner, opening, bounds),
          'firewall',
          'The firewall cannot be managed from here',
        )
      : NOTHING
    const filter = wanted.localAccountTokenFilterPolicy
      ? await unlessUnavailable(
          () => planTokenFilter(runner, bounds),
          `registry.${TOKEN_FILTER}`,
          'The registry cannot be read',
        )
      : NOTHING
    return new ConfigPlan(runner, {
      steps: [
        ...service.steps,
        ...listener.steps.filter(({ disconnects }) => !disconnects),
        ...firewall.steps,
        ...filter.steps,
        ...listener.steps.filter(({ disconnects }) => disconnects),
      ],
      warnings: [service, listener, firewall, filter].flatMap(({ warnings }) => warnings),
    })
  })
}

/** Old hosts lack the classes, and not every account may use them. */
async function unlessUnavailable(
  plan: () => Promise<PlanPart>,
  path: string,
  what: string,
): Promise<PlanPart> {
  try {
    return await plan()
  } catch (error) {
    if (!isUnavailable(error)) throw error
    return { steps: [], warnings: [remark('unavailable', path, `${what}: ${error.message}`)] }
  }
}

interface ListenerPart extends PlanPart {
  /** The port that will be listened on. */
  readonly port: number
  readonly isPossible: boolean
}

async function planListener(
  context: ConfigContext,
  wanted: ResolvedQuickConfig,
  options: CallOptions,
): Promise<ListenerPart> {
  const { transport } = wanted
  const key = { address: '*', transport } as const
  const host = await readHost(context, { listeners: [] }, options)
  const found = host.listeners
    .map((document) => LISTENER_KIND.read(document))
    .find((listener) => listener.address === '*' && listener.transport.toUpperCase() === transport)
  // Version 1.1 tells no ports of its own.
  const service: PartialModel<ServiceSettings> = readModel(host.config, CONFIG_DOCUMENT).service
  const usual = transport === 'HTTPS' ? service.defaultPorts?.https : service.defaultPorts?.http
  const port = wanted.port ?? found?.port ?? usual ?? DEFAULT_PORTS[transport]
  const certificate =
    transport === 'HTTPS' ? await certificateMembers(context.runner, wanted, found, options) : { members: {} }
  if ('reason' in certificate) {
    const warning = remark('unavailable', pathOfItem(LISTENER_KIND, key), certificate.reason)
    return { steps: [], warnings: [warning], port, isPossible: false }
  }
  const desired: DesiredListener = {
    ...key,
    ...(wanted.port === undefined ? {} : { port }),
    ...(found ? { enabled: true } : {}),
    ...certificate.members,
  }
  const part = await planParts(context, host, { listeners: [desired] }, options)
  const steps = part.steps.map((step) => described(step, key, port))
  return { steps, warnings: [...part.warnings, ...(certificate.warnings ?? [])], port, isPossible: true }
}

function described(step: PlanStep, { transport }: { readonly transport: string }, port: number): PlanStep {
  const description = `WinRM listens for ${transport} on port ${port} of every address.`
  const changes = step.changes.map((change) =>
    change.action === 'add' || change.path.endsWith('.enabled') ? { ...change, description } : change,
  )
  return { ...step, changes }
}

interface CertificateMembers {
  readonly members: Pick<DesiredListener, 'hostname' | 'certificateThumbprint'>
  readonly warnings?: readonly PlanWarning[]
}

/** A listener that is there keeps its certificate unless another one is asked for. @returns why there is none, else */
async function certificateMembers(
  runner: OperationRunner,
  { hostname, certificateThumbprint }: ResolvedQuickConfig,
  found: ListenerSettings | undefined,
  options: CallOptions,
): Promise<CertificateMembers | { readonly reason: string }> {
  const given = hostname === undefined ? {} : { hostname }
  if (found && certificateThumbprint === undefined) return { members: given }
  const path = pathOfItem(LISTENER_KIND, { address: '*', transport: 'HTTPS' })
  try {
    const name = hostname ?? (await fullNameOf(runner, options))
    const certificates = await readCertificates(new RemoteRegistry(runner, options), name, new Date())
    if (certificateThumbprint === undefined) {
      const fit = certificates.find(({ complaints }) => complaints.length === 0)
      if (!fit) return { reason: noneFits(name, certificates) }
      return { members: { hostname: name, certificateThumbprint: fit.thumbprint } }
    }
    const chosen = certificates.find(({ thumbprint }) => thumbprint === certificateThumbprint)
    const complaints = chosen
      ? chosen.complaints.filter((complaint) => complaint !== SELF_SIGNED)
      : ['it is not in the store of the local machine']
    // The host takes a certificate for the name in it only.
    const own = hostname ?? (chosen?.commonName || name)
    return { members: { hostname: own, certificateThumbprint }, warnings: doubts(complaints) }
  } catch (error) {
    if (!isUnavailable(error)) throw error
    if (certificateThumbprint !== undefined) return { members: { ...given, certificateThumbprint } }
    const message =
      `The certificates of the host cannot be read: ${error.message} It will choose one whose common name is that of ` +
      'the listener, or refuse (MS-WSMV 3.1.4.1.29.5); certificateThumbprint names one.'
    return { members: given, warnings: [remark('dubious', path, message)] }
  }
}

const doubts = (complaints: readonly string[]): readonly PlanWarning[] =>
  complaints.map((complaint) =>
    remark(
      'dubious',
      'listeners[*+HTTPS].certificateThumbprint',
      `The certificate may not do: ${complaint}.`,
    ),
  )

function noneFits(name: string, certificates: Awaited<ReturnType<typeof readCertificates>>): string {
  const reasons = certificates.map(
    ({ thumbprint, subject, complaints }) =>
      `${thumbprint}${subject === '' ? '' : ` (${subject})`}: ${complaints.join(', ')}`,
  )
  const found = reasons.length === 0 ? 'there is none' : reasons.join('; ')
  return (
    `No certificate of the host can be used for the name ${name}: ${found}. It must be for server authentication, valid, ` +
    'with a private key, for that name, and not self-signed; certificateThumbprint names one in spite of that.'
  )
}

/** What the host calls itself: with its domain, where it is a member of one. */
async function fullNameOf(runner: OperationRunner, options: CallOptions): Promise<string> {
  const [system = {}] = await new WmiObjects(runner, options).all(COMPUTER_SYSTEM)
  const name = textOf(system.DNSHostName) || textOf(system.Name)
  const isMember = textOf(system.PartOfDomain).toLowerCase() === 'true'
  return isMember ? `${name}.${textOf(system.Domain)}` : name
}

async function planTokenFilter(runner: OperationRunner, options: CallOptions): Promise<PlanPart> {
  const current = await new RemoteRegistry(runner, options).number(TOKEN_FILTER_KEY, TOKEN_FILTER)
  if (current === 1) return NOTHING
  const step: PlanStep = {
    name: 'give local administrators their rights over the network',
    changes: [
      {
        path: `registry.${TOKEN_FILTER}`,
        action: current === undefined ? 'add' : 'set',
        from: current ?? null,
        to: 1,
        description:
          'Local accounts that are administrators have all their rights when they come over the network, too.',
      },
    ],
    run: (bounds) => new RemoteRegistry(runner, bounds).setNumber(TOKEN_FILTER_KEY, TOKEN_FILTER, 1),
  }
  return { steps: [step], warnings: [] }
}
