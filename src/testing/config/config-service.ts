import { ACTION } from '../../envelope/actions.js'
import { defaultSettings } from '../../settings/defaults.js'
import { NS } from '../../xml/namespaces.js'
import { actionNotSupported, invalidSelectors, unknownResource } from '../faults.js'
import type { EndpointReply, EndpointRequest, EndpointService } from '../message.js'
import { textSelectors } from '../selector-text.js'
import { CERT_MAPPING_URI, type CertMappingService } from './cert-mapping-service.js'
import { PLUGIN_SECURITY_URI, type PluginSecurityService } from './plugin-security-service.js'
import { PLUGIN_URI, type PluginService } from './plugin-service.js'
import { isRestore, restored } from './restore.js'
import { LISTENER_URI } from './listener-documents.js'
import type { ListenerService } from './listener-service.js'
import type { LiveSettings } from './live-settings.js'
import { readSection, SECTIONS, writeSection, type Section } from './section-documents.js'

export interface ConfigServiceParts {
  readonly settings: LiveSettings
  readonly listeners: ListenerService
  readonly certMappings: CertMappingService
  readonly plugins: PluginService
  readonly security: PluginSecurityService
  /** Takes away what somebody made besides plug-ins: listeners and certificate mappings. */
  readonly restore: () => Promise<void>
}

/** winrm/config and its parts (MS-WSMV 3.1.4.1.29). */
export class ConfigService implements EndpointService {
  readonly #parts: ConfigServiceParts

  constructor(parts: ConfigServiceParts) {
    this.#parts = parts
  }

  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    const uri = request.resourceUri.toLowerCase()
    // MS-WSMV note 68.
    if (request.headers.fragment !== undefined) throw actionNotSupported(request.action)
    if (uri === LISTENER_URI) return this.#parts.listeners.handle(request)
    if (uri === CERT_MAPPING_URI) return this.#parts.certMappings.handle(request)
    if (uri === PLUGIN_URI) return this.#parts.plugins.handle(request)
    if (uri === PLUGIN_SECURITY_URI) return this.#parts.security.handle(request)
    const section = SECTIONS.get(uri)
    if (!section) throw unknownResource(request.resourceUri)
    const [surplus] = textSelectors(request.headers).keys()
    if (surplus !== undefined) {
      throw invalidSelectors('UnexpectedSelectors', `The resource has no selector ${surplus}.`)
    }
    const { settings } = this.#parts
    if (request.action === ACTION.get) {
      return { action: `${ACTION.get}Response`, body: [writeSection(section, uri, settings)] }
    }
    if (uri === NS.config && isRestore(request, NS.config)) return this.#restore()
    if (request.action !== ACTION.put || !section.isWritable) throw actionNotSupported(request.action)
    return this.#put(section, uri, request)
  }

  /** The defaults of Windows, but for what policy holds; without listeners, and with the plug-ins as they are. */
  async #restore(): Promise<EndpointReply> {
    const { settings, restore } = this.#parts
    await settings.change(defaultSettings())
    await restore()
    return restored(NS.config)
  }

  async #put(section: Section, uri: string, { body }: EndpointRequest): Promise<EndpointReply> {
    const { settings } = this.#parts
    await settings.change(readSection(section, uri, body, settings))
    return { action: `${ACTION.put}Response`, body: [writeSection(section, uri, settings)] }
  }
}
