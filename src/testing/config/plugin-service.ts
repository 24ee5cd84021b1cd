import { ACTION } from '../../envelope/actions.js'
import { NS } from '../../xml/namespaces.js'
import type { Enumerations } from '../enumerations.js'
import { actionNotSupported } from '../faults.js'
import type { EndpointReply, EndpointRequest } from '../message.js'
import { referenceContent } from '../reference-writer.js'
import { readOnlySetting } from './config-faults.js'
import { answerItemRequest, created, objectsOnly, replyTo, type ItemActions } from './item-actions.js'
import { itemExists, itemNotFound, keyValues } from './item-requests.js'
import { readPlugin, writePlugin, type StoredPlugin } from './plugin-documents.js'
import type { PluginStore } from './plugin-store.js'
import { isRestore, restored } from './restore.js'

export const PLUGIN_URI = `${NS.config}/plugin`

/** winrm/config/plugin (MS-WSMV 3.1.4.1.34.2). */
export class PluginService {
  readonly #plugins: PluginStore
  readonly #enumerations: Enumerations

  constructor(plugins: PluginStore, enumerations: Enumerations) {
    this.#plugins = plugins
    this.#enumerations = enumerations
  }

  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    return answerItemRequest(request, this.#actions, this.#enumerations)
  }

  readonly #actions: ItemActions = {
    get: (request) => replyTo(ACTION.get, [writePlugin(this.#find(request))]),
    put: (request) => this.#put(request),
    create: (request) => this.#create(request),
    delete: (request) => {
      this.#plugins.delete(this.#find(request))
      return replyTo(ACTION.delete, [])
    },
    items: (enumerate) => objectsOnly(enumerate, this.#plugins.all, writePlugin),
    other: (request) => this.#restore(request),
  }

  #create(request: EndpointRequest): EndpointReply {
    const name = nameIn(request)
    const plugin = this.#read(request, name)
    if (this.#plugins.find(name)) throw itemExists(`plug-in ${name}`)
    this.#plugins.set(plugin)
    return created(referenceContent(PLUGIN_URI, { Name: name }))
  }

  /** The document takes the place of the one that was there. */
  #put(request: EndpointRequest): EndpointReply {
    const before = this.#find(request)
    const plugin = this.#read(request, before.name)
    // What Get shows of a password is empty, and may be sent back.
    const isSame = plugin.runAsUser === before.runAsUser && plugin.runAsPassword === ''
    const changed = { ...plugin, runAsPassword: isSame ? before.runAsPassword : plugin.runAsPassword }
    this.#plugins.set(changed)
    return replyTo(ACTION.put, [writePlugin(changed)])
  }

  #restore(request: EndpointRequest): EndpointReply {
    if (!isRestore(request, PLUGIN_URI)) throw actionNotSupported(request.action)
    this.#plugins.restore()
    return restored(PLUGIN_URI)
  }

  #read({ body }: EndpointRequest, name: string): StoredPlugin {
    const plugin = readPlugin(body)
    if (plugin.name !== '' && plugin.name.toLowerCase() !== name.toLowerCase()) throw readOnlySetting('Name')
    const taken = plugin.resources.find(({ resourceUri }) => this.#isTaken(resourceUri, name))
    if (taken) throw itemExists(`plug-in, or the service itself, that answers ${taken.resourceUri}`)
    return { ...plugin, name }
  }

  /** No two plug-ins answer the same URI (MS-WSMV 3.1.3), and none that of the configuration or of its shells. */
  #isTaken(resourceUri: string, name: string): boolean {
    const uri = resourceUri.toLowerCase()
    if ([NS.config, NS.shell].some((own) => uri.startsWith(own.toLowerCase()))) return true
    const others = this.#plugins.all.filter((one) => one.name.toLowerCase() !== name.toLowerCase())
    return others.some(({ resources }) => resources.some((one) => one.resourceUri.toLowerCase() === uri))
  }

  #find(request: EndpointRequest): StoredPlugin {
    const name = nameIn(request)
    const found = this.#plugins.find(name)
    if (found) return found
    throw itemNotFound(`plug-in ${name}`)
  }
}

function nameIn(request: EndpointRequest): string {
  const [name = ''] = keyValues(request, ['Name'], 'A plug-in')
  return name
}
