import { CONFIG_DOCUMENT } from '../settings/parse.js'
import type { CallOptions } from '../operations/call-options.js'
import { getDocumentOperation } from '../operations/document.js'
import { invokeOperation } from '../operations/invoke.js'
import type { ListenerSettings, Settings } from '../settings/table.js'
import { ConfigCollection } from './config-collection.js'
import { ConfigContext, type ConfigParts } from './config-context.js'
import { ConfigSection } from './config-section.js'
import { CERT_MAPPING_KIND, type CertMapping, type CertMappingKey } from './cert-mapping-kind.js'
import { PLUGIN_KIND, type Plugin, type PluginKey } from './plugin-kind.js'
import { LISTENER_KIND, type ListenerKey } from './listener-kind.js'
import type { ConfigPlan } from './plan.js'
import { planConfig, type DesiredConfig } from './plan-config.js'
import { readModel } from '../settings/read-model.js'
import { CONFIG_URI } from './resources.js'
import { CONFIG_TABLE } from '../settings/table.js'

/** The configuration of WinRM on a host, winrm/config, typed. */
export class ConfigClient {
  readonly protocol: ConfigSection<'protocol'>
  readonly client: ConfigSection<'client'>
  readonly service: ConfigSection<'service'>
  readonly winrs: ConfigSection<'winrs'>
  readonly listeners: ConfigCollection<ListenerSettings, ListenerKey>
  readonly certMappings: ConfigCollection<CertMapping, CertMappingKey>
  readonly plugins: ConfigCollection<Plugin, PluginKey>
  readonly #context: ConfigContext

  /** @internal */
  constructor(parts: ConfigParts) {
    const context = new ConfigContext(parts)
    this.#context = context
    this.protocol = new ConfigSection(context, 'protocol')
    this.client = new ConfigSection(context, 'client')
    this.service = new ConfigSection(context, 'service')
    this.winrs = new ConfigSection(context, 'winrs')
    this.listeners = new ConfigCollection(context, LISTENER_KIND)
    this.certMappings = new ConfigCollection(context, CERT_MAPPING_KIND)
    this.plugins = new ConfigCollection(context, PLUGIN_KIND)
  }

  /** All four sections in one request. What the host's version does not know is absent. */
  async get(options: CallOptions = {}): Promise<Settings> {
    const { runner } = this.#context
    const config = await runner.run(getDocumentOperation({ resourceUri: CONFIG_URI.config }), options)
    const protocol = readModel(config, CONFIG_TABLE.protocol)
    runner.learnMaxEnvelopeSize(protocol.maxEnvelopeSizeKb)
    const { client, service, winrs } = readModel(config, CONFIG_DOCUMENT)
    return { protocol, client, service, winrs }
  }

  /**
   * Compares the host with what it should be. Nothing is changed before the plan is applied; a second plan after that
   * has no changes.
   * @param desired what is left out stays as it is
   * @throws UsageError for a value that is malformed or out of range, before anything is sent
   */
  async plan(desired: DesiredConfig, options: CallOptions = {}): Promise<ConfigPlan> {
    return await planConfig(this.#context, desired, options)
  }

  /**
   * Gives the configuration its defaults again (`winrm invoke Restore winrm/config`), which takes every listener away:
   * this connection may be the last one, until `quickConfigScript()` has run on the host.
   * @param options.plugins restore the plug-ins instead; those that did not come with Windows are taken away
   */
  async restore(options: CallOptions & { readonly plugins?: boolean | undefined } = {}): Promise<void> {
    const { plugins = false, ...rest } = options
    const resourceUri = plugins ? CONFIG_URI.plugin : CONFIG_URI.config
    await this.#context.exclusively(rest, (bounds) =>
      this.#context.runner.run(invokeOperation({ resourceUri }, 'Restore', {}), bounds),
    )
  }
}
