import { ACTION } from '../../envelope/actions.js'
import { mayAccess } from '../../settings/sddl/access-check.js'
import { maskOf } from '../../settings/sddl/change.js'
import { parseSddl } from '../../settings/sddl/parse.js'
import type { Settings } from '../../settings/table.js'
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

/** Decides by security descriptors who may do what (MS-WSMV 3.1.4.1.28). Identify is answered to everybody. */
export class Authorization {
  readonly #settings: Settings
  readonly #principals: SecurityPrincipals

  /** @param settings read whenever they matter, so that changes take effect at once */
  constructor(settings: Settings, principals: SecurityPrincipals) {
    this.#settings = settings
    this.#principals = principals
  }

  /** @throws EndpointFault AccessDenied */
  assertAllowed(request: Request): void {
    const descriptor = parseSddl(this.#settings.service.rootSddl)
    const token = this.#principals.tokenOf(request.principal)
    if (!mayAccess(descriptor, token, maskOf(rightFor(request)))) throw accessDenied()
  }
}

function rightFor({ action, resourceUri }: Request): 'GR' | 'GW' | 'GX' {
  if (resourceUri.toLowerCase().startsWith(NS.shell)) return 'GX'
  return READING.has(action) ? 'GR' : WRITING.has(action) ? 'GW' : 'GX'
}
