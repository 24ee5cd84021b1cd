import { CONFIG_DOCUMENT } from '../settings/parse.js'
import { UsageError } from '../errors/errors.js'
import type { CallOptions } from '../operations/call-options.js'
import { getDocumentOperation } from '../operations/document.js'
import type { PartialModel } from '../settings/rows.js'
import type { ListenerSettings, ServiceSettings, Settings } from '../settings/table.js'
import { validateSettings } from '../settings/validate.js'
import type { XmlElement } from '../xml/element.js'
import type { ConfigContext } from './config-context.js'
import { CERT_MAPPING_KIND, type CertMapping, type CertMappingKey } from './cert-mapping-kind.js'
import { listenerConflicts, listenerEffects, mappingEffects, serviceEffects } from './connection-effects.js'
import { isSameItem } from './item-kind.js'
import { LISTENER_KIND, type ListenerKey } from './listener-kind.js'
import { descriptorEffects } from './descriptor-effects.js'
import { ConfigPlan, type PlanPart, type PlanStep, type PlanWarning } from './plan.js'
import { assertDesired, planItems, type DesiredItem, type ItemPlan, type ItemStep } from './plan-items.js'
import { PLUGIN_KIND, type Plugin, type PluginKey } from './plugin-kind.js'
import { planSection, type SectionPlan } from './plan-sections.js'
import { settingsHeldByPolicy } from './policy-values.js'
import { readDocuments } from './read-documents.js'
import { readModel } from '../settings/read-model.js'
import { CONFIG_URI, type SectionName } from './resources.js'

/** A listener as it should be. */
export type DesiredListener = DesiredItem<Omit<ListenerSettings, 'listeningOn'>, ListenerKey>

/**
 * A mapping of client certificates as it should be. Its password cannot be compared: it is written where the mapping is
 * made, or changed otherwise.
 */
export type DesiredCertMapping = DesiredItem<CertMapping, CertMappingKey>

/** A plug-in as it should be. Lists are compared and written whole. */
export type DesiredPlugin = DesiredItem<Plugin, PluginKey>

/** What the configuration of a host should be. What is left out stays as it is. */
export interface DesiredConfig extends PartialModel<Settings> {
  readonly listeners?: readonly DesiredListener[] | undefined
  readonly certMappings?: readonly DesiredCertMapping[] | undefined
  readonly plugins?: readonly DesiredPlugin[] | undefined
}

/** In the order in which they are written: what lets nobody in comes first. */
const SECTION_NAMES: readonly SectionName[] = ['protocol', 'client', 'winrs', 'service']

/**
 * Compares a host with what was asked for.
 * @throws UsageError for anything malformed or out of range, before anything is sent
 */
export async function planConfig(
  context: ConfigContext,
  desired: DesiredConfig,
  options: CallOptions,
): Promise<ConfigPlan> {
  const dubious = assertDesiredConfig(desired)
  return await context.within(options, async (bounds) => {
    const host = await readHost(context, desired, bounds)
    const { steps, warnings } = await planParts(context, host, desired, bounds)
    return new ConfigPlan(context.runner, { steps, warnings: [...dubious, ...warnings] })
  })
}

/**
 * What it takes that a host is as it should be.
 * @param host what `readHost` read for these parts
 * @param desired well formed
 * @param strangers SIDs that surely do not let this client in
 */
export async function planParts(
  context: ConfigContext,
  host: HostConfig,
  desired: DesiredConfig,
  options: CallOptions,
  strangers: readonly string[] = [],
): Promise<PlanPart> {
  const { runner } = context
  const sections = await planSections(context, host.config, desired, options)
  const listeners = planItems(runner, LISTENER_KIND, host.listeners, desired.listeners ?? [])
  const mappings = planItems(runner, CERT_MAPPING_KIND, host.certMappings, desired.certMappings ?? [])
  const plugins = planItems(runner, PLUGIN_KIND, host.plugins, desired.plugins ?? [])
  const effects = [
    ...(await effectsOf(context, host, { sections, listeners, strangers })),
    ...mappingEffects(context.parts.connection, mappings.steps),
  ]
  const warnings = [...sections, mappings, plugins, listeners].flatMap((part) => part.warnings)
  const steps = inSafeOrder({ sections, mappings, plugins, listeners }, effects)
  return { steps, warnings: [...warnings, ...effects] }
}

/** What a plan looks at. */
export interface HostConfig {
  readonly config: XmlElement
  readonly listeners: readonly XmlElement[]
  readonly certMappings: readonly XmlElement[]
  readonly plugins: readonly XmlElement[]
}

/** Reads no more than these parts need. */
export async function readHost(
  { runner }: ConfigContext,
  desired: DesiredConfig,
  options: CallOptions,
): Promise<HostConfig> {
  const config = await runner.run(getDocumentOperation({ resourceUri: CONFIG_URI.config }), options)
  // Settings of the service decide who may come in through which listener.
  const needsListeners = desired.listeners !== undefined || desired.service !== undefined
  const all = async (uri: string, isNeeded: boolean): Promise<readonly XmlElement[]> =>
    isNeeded ? await readDocuments(runner, uri, options) : []
  return {
    config,
    listeners: await all(CONFIG_URI.listener, needsListeners),
    certMappings: await all(CONFIG_URI.certMapping, desired.certMappings !== undefined),
    plugins: await all(CONFIG_URI.plugin, desired.plugins !== undefined),
  }
}

async function planSections(
  { runner }: ConfigContext,
  config: XmlElement,
  desired: DesiredConfig,
  options: CallOptions,
): Promise<readonly SectionPlan[]> {
  const planned = (held: ReadonlySet<string>): readonly SectionPlan[] =>
    SECTION_NAMES.map((name) => planSection(runner, config, name, desired, (path) => held.has(path)))
  const sections = planned(new Set())
  if (sections.every(({ step }) => step === undefined)) return sections
  return planned(await settingsHeldByPolicy(runner, options))
}

async function effectsOf(
  context: ConfigContext,
  host: HostConfig,
  {
    sections,
    listeners: { steps },
    strangers,
  }: Pick<Parts, 'sections' | 'listeners'> & { readonly strangers: readonly string[] },
): Promise<readonly PlanWarning[]> {
  const changes = sections.find(({ name }) => name === 'service')?.values as PartialModel<ServiceSettings>
  if (steps.length === 0 && Object.keys(changes).length === 0) return []
  const { service } = readModel(host.config, CONFIG_DOCUMENT)
  const current = host.listeners.map((document) => LISTENER_KIND.read(document))
  const fates = steps.map((step) => ({ before: step.before, after: completed(step, service) }))
  const kept = current.filter(
    (listener) => !fates.some(({ before }) => before && isSameItem(LISTENER_KIND, before, listener)),
  )
  const changed = fates.flatMap(({ after }) => (after ? [after] : []))
  const connection = { ...context.parts.connection, addresses: await context.parts.addresses() }
  return [
    ...serviceEffects(connection, service, changes, current),
    ...descriptorEffects(service.rootSddl, changes.rootSddl, strangers),
    ...listenerEffects(connection, current, fates),
    ...listenerConflicts([...kept, ...changed], (listener) => changed.includes(listener)),
  ]
}

/** What a new listener has by itself (MS-WSMV 3.1.4.1.29.5). */
function completed(
  { before, after }: ItemStep<ListenerSettings>,
  service: PartialModel<ServiceSettings>,
): ListenerSettings | undefined {
  if (!after || before) return after
  const { http = 5985, https = 5986 } = service.defaultPorts ?? {}
  const port = after.transport === 'HTTPS' ? https : http
  const given: Partial<ListenerSettings> & ListenerKey = after
  return {
    port,
    hostname: '',
    enabled: true,
    urlPrefix: 'wsman',
    certificateThumbprint: '',
    listeningOn: [],
    ...given,
  }
}

interface Parts {
  readonly sections: readonly SectionPlan[]
  readonly listeners: ItemPlan<ListenerSettings>
  readonly mappings: ItemPlan<CertMapping>
  readonly plugins: ItemPlan<Plugin>
}

/**
 * New ways in come before old ones are closed, and what may cut this connection off comes last. Only what stands where
 * something new is to be goes before it.
 */
function inSafeOrder(
  { sections, mappings, plugins, ...parts }: Parts,
  effects: readonly PlanWarning[],
): readonly PlanStep[] {
  const listeners = parts.listeners.steps
  const cuts = effects.filter(({ code }) => code === 'disconnects').map(({ path }) => path)
  const ownListeners = listeners.filter(({ changes }) =>
    changes.some(({ path }) => cuts.some((cut) => isWithin(cut, path) || isWithin(path, cut))),
  )
  const others = listeners.filter((step) => !ownListeners.includes(step))
  const added = others.filter(({ kind }) => kind === 'add')
  const isInTheWay = ({ kind, before }: ItemStep<ListenerSettings>): boolean =>
    kind === 'remove' && added.some(({ after }) => after?.port === before?.port)
  const sectionSteps = sections.flatMap(({ name, step }) => (step ? [{ name, step }] : []))
  const isCutting = (name: string): boolean => cuts.some((cut) => isWithin(cut, name))
  return [
    ...mappings.steps.filter(({ kind }) => kind !== 'remove'),
    ...plugins.steps,
    ...sectionSteps.filter(({ name }) => !isCutting(name)).map(({ step }) => step),
    ...others.filter(isInTheWay),
    ...added,
    ...others.filter(({ kind }) => kind === 'set'),
    ...others.filter((step) => step.kind === 'remove' && !isInTheWay(step)),
    ...sectionSteps.filter(({ name }) => isCutting(name)).map(({ step }) => ({ ...step, disconnects: true })),
    ...mappings.steps
      .filter(({ kind }) => kind === 'remove')
      .map((step) => ({ ...step, disconnects: cuts.some((cut) => isAmong(step, cut)) })),
    ...ownListeners.map((step) => ({ ...step, disconnects: true })),
  ]
}

const isAmong = ({ changes }: PlanStep, cut: string): boolean => changes.some(({ path }) => path === cut)
const isWithin = (path: string, whole: string): boolean => path === whole || path.startsWith(`${whole}.`)

/** @returns warnings about values that are valid, and may not do what they seem to */
function assertDesiredConfig(desired: DesiredConfig): readonly PlanWarning[] {
  const { listeners = [], certMappings = [], plugins = [], ...settings } = desired
  const problems = validateSettings(settings)
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new UsageError(errors.map(({ message }) => message).join(' '))
  assertDesired(LISTENER_KIND, listeners)
  assertDesired(CERT_MAPPING_KIND, certMappings)
  assertDesired(PLUGIN_KIND, plugins)
  return problems.map(({ path, message }) => ({ code: 'dubious', path, message, needsForce: false }))
}
