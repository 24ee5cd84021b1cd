import { ACTION } from '../envelope/actions.js'
import { FAULT } from '../errors/fault-codes.js'
import { NS } from '../xml/namespaces.js'
import { WMI_PROGRAM } from './config/plugin-defaults.js'
import type { PluginMatch, PluginStore } from './config/plugin-store.js'
import { actionNotSupported, fragmentsNotSupported, internalError } from './faults.js'
import { EndpointFault, type EndpointRequest } from './message.js'
import type { ReleaseOperation } from './operation-quota.js'
import { PluginQuotas } from './plugin-quotas.js'

const ENUMERATE = 'Enumerate'
const SUBSCRIBE = 'Subscribe'
const SHELL = 'Shell'
/** What a plug-in must be capable of for each action; Invoke for all others (MS-WSMV 2.2.4.2). */
const CAPABILITIES: Readonly<Record<string, string>> = {
  [ACTION.get]: 'Get',
  [ACTION.put]: 'Put',
  [ACTION.create]: 'Create',
  [ACTION.delete]: 'Delete',
  [ACTION.enumerate]: ENUMERATE,
  [ACTION.pull]: ENUMERATE,
  [ACTION.release]: ENUMERATE,
  [`${NS.eventing}/Subscribe`]: SUBSCRIBE,
  [`${NS.eventing}/Unsubscribe`]: SUBSCRIBE,
  [`${NS.eventing}/Renew`]: SUBSCRIBE,
}

/** What goes on with an operation that is counted already. */
const CONTINUING: ReadonlySet<string> = new Set([ACTION.pull, ACTION.release])

/** What the configuration of plug-ins says about requests (MS-WSMV 3.1.4.1.34.1 and 3.1.4.1.34.2). */
export class PluginRoutes {
  readonly #plugins: PluginStore
  readonly #quotas = new PluginQuotas()

  constructor(plugins: PluginStore) {
    this.#plugins = plugins
  }

  /** The plug-in whose business a resource is; undefined where it is the service's own, or nobody's. */
  match(resourceUri: string): PluginMatch | undefined {
    return this.#plugins.match(resourceUri)
  }

  /** @throws EndpointFault where the plug-in does not answer such requests, or cannot be run */
  assertServed(request: EndpointRequest, { plugin, resource }: PluginMatch): void {
    const { action, headers, body } = request
    const wanted = CAPABILITIES[action] ?? 'Invoke'
    const capability = resource.capabilities.find(({ type }) => type === wanted || type === SHELL)
    if (!capability) throw actionNotSupported(action)
    if (headers.fragment !== undefined && !capability.supportsFragment) throw fragmentsNotSupported()
    const filtered = [NS.wsman, NS.enumeration, NS.eventing].some((namespace) =>
      body[0]?.child(namespace, 'Filter'),
    )
    if (filtered && !capability.supportsFiltering) throw filterUnavailable()
    if (plugin.filename.toLowerCase() === WMI_PROGRAM.toLowerCase()) return
    throw internalError(FAULT.PROVIDER_LOAD_FAILED, `The endpoint cannot load ${plugin.filename}.`)
  }

  /** Counts an operation. @throws EndpointFault where there are too many */
  take({ action, principal }: EndpointRequest, { plugin }: PluginMatch): ReleaseOperation {
    return CONTINUING.has(action) ? () => undefined : this.#quotas.take(plugin, principal)
  }
}

function filterUnavailable(): EndpointFault {
  return new EndpointFault('The plug-in does not filter.', {
    code: 'Sender',
    subcode: 'n:FilterDialectRequestedUnavailable',
    wsmanCode: 0x80338019,
  })
}
