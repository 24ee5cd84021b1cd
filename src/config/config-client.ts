import type { GrantAccessOptions, GrantWmiAccessOptions, RevokeAccessOptions } from './access-options.js'
import { planGrantAccess, planGrantWmiAccess, planRevokeAccess } from './access.js'
import { planQuickConfig } from './quick-config.js'
import type { QuickConfigOptions } from './quick-config-options.js'
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
   * What `winrm quickconfig` does, or `winrm quickconfig -transport:https`, for a host that can be reached already: the
   * service starts by itself and runs, a listener is there for all addresses, and the firewall lets requests in, for each
   * profile that a network of the host has. For a host that cannot be reached yet, there is `quickConfigScript()`.
   *
   * Always a plan: nothing is changed before it is applied, and a second plan after that has no changes. What cannot be
   * looked up, for lack of rights or on old hosts, is a warning `unavailable`; so is an HTTPS listener that no certificate
   * fits, with what is wrong with each. Certificates are read from the registry: whether one was revoked, or its key can
   * be used, only the host will tell.
   * @throws UsageError for options that are unknown or malformed, before anything is sent
   */
  async quickConfig(given: QuickConfigOptions = {}, options: CallOptions = {}): Promise<ConfigPlan> {
    return await planQuickConfig(this.#context, given, options)
  }

  /**
   * Lets an account use WinRM: by entries of its own in RootSDDL and in the descriptors of plug-ins, or through a group.
   * A plan; nothing is changed before it is applied.
   * @throws UsageError for options that are malformed, before anything is sent; with the code
   *   `ERR_WSMAN_ACCOUNT_NOT_FOUND` or `ERR_WSMAN_ACCOUNT_AMBIGUOUS` for a name that the host does not know, or knows twice
   */
  async grantAccess(given: GrantAccessOptions, options: CallOptions = {}): Promise<ConfigPlan> {
    return await planGrantAccess(this.#context, given, options)
  }

  /**
   * Takes from an account what `grantAccess` and `grantWmiAccess` gave it. What its groups have stays, as do entries that
   * deny. A plan, which has to be forced where the account may be what lets this client in.
   * @throws UsageError as `grantAccess` does
   */
  async revokeAccess(given: RevokeAccessOptions, options: CallOptions = {}): Promise<ConfigPlan> {
    return await planRevokeAccess(this.#context, given, options)
  }

  /**
   * Lets an account use a namespace of WMI over WinRM: by entries in the descriptors of WinRM's plug-in for WMI and of the
   * namespace. A plan; nothing is changed before it is applied.
   * @throws UsageError as `grantAccess` does
   */
  async grantWmiAccess(given: GrantWmiAccessOptions, options: CallOptions = {}): Promise<ConfigPlan> {
    return await planGrantWmiAccess(this.#context, given, options)
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
