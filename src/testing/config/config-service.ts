import { ACTION } from '../../envelope/actions.js'
import { actionNotSupported, invalidSelectors, unknownResource } from '../faults.js'
import type { EndpointReply, EndpointRequest, EndpointService } from '../message.js'
import { textSelectors } from '../selector-text.js'
import { CERT_MAPPING_URI, type CertMappingService } from './cert-mapping-service.js'
import { LISTENER_URI } from './listener-documents.js'
import type { ListenerService } from './listener-service.js'
import type { LiveSettings } from './live-settings.js'
import { readSection, SECTIONS, writeSection, type Section } from './section-documents.js'

export interface ConfigServiceParts {
  readonly settings: LiveSettings
  readonly listeners: ListenerService
  readonly certMappings: CertMappingService
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
    if (request.action !== ACTION.put || !section.isWritable) throw actionNotSupported(request.action)
    return this.#put(section, uri, request)
  }

  async #put(section: Section, uri: string, { body }: EndpointRequest): Promise<EndpointReply> {
    const { settings } = this.#parts
    await settings.change(readSection(section, uri, body, settings))
    return { action: `${ACTION.put}Response`, body: [writeSection(section, uri, settings)] }
  }
}
