import { ACTION } from '../../envelope/actions.js'
import { mayAccess } from '../../settings/sddl/access-check.js'
import { maskOf } from '../../settings/sddl/change.js'
import { parseSddl } from '../../settings/sddl/parse.js'
import type { Settings } from '../../settings/table.js'
import type { PluginStore } from '../config/plugin-store.js'
import { NS } from '../../xml/namespaces.js'
import type { EndpointRequest } from '../message.js'
import { accessDenied } from './access-denied.js'
import type { SecurityPrincipals } from './security-principals.js'

type Request = Pick<EndpointRequest, 'action' | 'resourceUri' | 'principal'>

/** MS-WSMV 3.1.4.1.28. */
const READING: ReadonlySet<string> = new Set([
  ACTION.get,
  ACTION.enumerate,
  ACTION.pull,
  ACTION.release,
  `${NS.eventing}/Subscribe`,
  `${NS.eventing}/Unsubscribe`,
])
const WRITING: ReadonlySet<string> = new Set([ACTION.put, ACTION.create, ACTION.delete])

/**
 * Decides who may do what, by the descriptor that guards the resource where there is one, else by RootSDDL (MS-WSMV
 * 3.1.4.1.28). Identify is answered to everybody.
 */
export class Authorization {
  readonly #settings: Settings
  readonly #principals: SecurityPrincipals
  readonly #plugins: PluginStore

  /** @param settings read whenever they matter, so that changes take effect at once */
  constructor(settings: Settings, principals: SecurityPrincipals, plugins: PluginStore) {
    this.#settings = settings
    this.#principals = principals
    this.#plugins = plugins
  }

  /** @throws EndpointFault AccessDenied */
  assertAllowed(request: Request): void {
    const { resourceUri } = request
    const own = this.#plugins.securityOf(resourceUri)?.sddl
    const descriptor = parseSddl(own ?? this.#settings.service.rootSddl)
    const token = this.#principals.tokenOf(request.principal)
    if (!mayAccess(descriptor, token, maskOf(rightFor(request, this.#plugins.isShell(resourceUri)))))
      throw accessDenied()
  }
}

function rightFor({ action, resourceUri }: Request, isShell: boolean): 'GR' | 'GW' | 'GX' {
  if (isShell || resourceUri.toLowerCase().startsWith(NS.shell)) return 'GX'
  return READING.has(action) ? 'GR' : WRITING.has(action) ? 'GW' : 'GX'
}
