import { ACTION } from '../../envelope/actions.js'
import { UsageError } from '../../errors/errors.js'
import { FAULT } from '../../errors/fault-codes.js'
import { attributeElement } from '../../settings/attribute-document.js'
import { PLUGIN_NAMESPACE, PLUGIN_TABLE } from '../../settings/plugin-table.js'
import { readModel } from '../../settings/read-model.js'
import { parseSddl } from '../../settings/sddl/parse.js'
import { NS } from '../../xml/namespaces.js'
import { actionNotSupported, internalError, schemaValidation } from '../faults.js'
import type { EndpointReply, EndpointRequest } from '../message.js'
import { readOnlySetting } from './config-faults.js'
import { itemNotFound, keyValues } from './item-requests.js'
import { writePlugin, type StoredPlugin } from './plugin-documents.js'
import type { PluginStore, ResourceSecurity } from './plugin-store.js'

export const PLUGIN_SECURITY_URI = `${NS.config}/service/security`

const ROOT = 'Security'
const TABLE = PLUGIN_TABLE.resources.items.security.items

/** winrm/config/service/security: the descriptors of resources, by their URI (MS-WSMV 3.1.4.1.29.4, 4.2.4). */
export class PluginSecurityService {
  readonly #plugins: PluginStore

  constructor(plugins: PluginStore) {
    this.#plugins = plugins
  }

  handle(request: EndpointRequest): EndpointReply {
    const [uri = ''] = keyValues(request, ['Uri'], 'Security')
    if (request.action === ACTION.get) return this.#get(uri)
    if (request.action === ACTION.put) return this.#put(uri, request)
    throw actionNotSupported(request.action)
  }

  #get(uri: string): EndpointReply {
    const found = this.#plugins.all
      .flatMap(({ resources }) => resources.flatMap(({ security }) => security))
      .find((one) => isSame(one.uri, uri) && one.sddl !== '')
    if (!found) throw itemNotFound(`descriptor for ${uri}`)
    return {
      action: `${ACTION.get}Response`,
      body: [{ ...attributeElement(ROOT, PLUGIN_NAMESPACE, TABLE, { ...found }), prefix: '' }],
    }
  }

  /** Answers with the plug-in whose resource it is. */
  #put(uri: string, request: EndpointRequest): EndpointReply {
    const security = read(request, uri)
    const match = this.#plugins.match(uri)
    if (!match) throw internalError(FAULT.INVALID_CONFIGSDDL_URL, `No plug-in answers ${uri}.`)
    const { plugin, resource } = match
    const others = resource.security.filter((one) => one.uri !== '' && !isSame(one.uri, uri))
    const changed: StoredPlugin = {
      ...plugin,
      resources: plugin.resources.map((one) =>
        one === resource ? { ...one, security: [...others, security] } : one,
      ),
    }
    this.#plugins.set(changed)
    return { action: `${ACTION.put}Response`, body: [writePlugin(changed)] }
  }
}

/** The URI may be repeated; it cannot be changed. */
function read({ body }: EndpointRequest, uri: string): ResourceSecurity {
  const [root] = body
  if (!root?.is(PLUGIN_NAMESPACE, ROOT) || body.length > 1 || root.elements.length > 0) {
    throw schemaValidation(`The body is one element ${ROOT} in the namespace ${PLUGIN_NAMESPACE}.`)
  }
  const {
    uri: sent = uri,
    sddl,
    exactMatch = false,
  } = readModel(root, TABLE, ({ wire }, text) => {
    throw schemaValidation(`${wire} cannot be ${JSON.stringify(text)}.`)
  }) as Partial<ResourceSecurity>
  if (!isSame(sent, uri)) throw readOnlySetting('Uri')
  try {
    parseSddl(sddl ?? '')
  } catch (error) {
    if (error instanceof UsageError) throw schemaValidation(error.message)
    throw error
  }
  return { uri, exactMatch, sddl: sddl ?? '' }
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
