import { ACTION } from '../../envelope/actions.js'
import { formatSection } from '../../settings/format.js'
import { LISTENER_TABLE } from '../../settings/listener-table.js'
import type { ListenerSettings } from '../../settings/table.js'
import type { XmlElement } from '../../xml/element.js'
import { NS } from '../../xml/namespaces.js'
import { element, writeXml, type ElementTree } from '../../xml/writer.js'
import type { EnumerationItem } from '../enumeration-context.js'
import type { Enumerations } from '../enumerations.js'
import { actionNotSupported, invalidSelectors, unknownResource } from '../faults.js'
import { EndpointFault, type EndpointReply, type EndpointRequest, type EndpointService } from '../message.js'
import { writeReference } from '../reference-writer.js'
import { textSelectors } from '../selector-text.js'
import type { LiveSettings } from './live-settings.js'
import { readSection, SECTIONS, writeSection, type Section } from './section-documents.js'

export interface ConfigServiceParts {
  readonly settings: LiveSettings
  /** Asked anew for every request: ports are known only when the listeners are open. */
  readonly listeners: () => readonly ListenerSettings[]
  readonly enumerations: Enumerations
}

const LISTENER = `${NS.config}/listener`

/** winrm/config and its parts (MS-WSMV 3.1.4.1.29). */
export class ConfigService implements EndpointService {
  readonly #parts: ConfigServiceParts

  constructor(parts: ConfigServiceParts) {
    this.#parts = parts
  }

  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    const uri = request.resourceUri.toLowerCase()
    if (uri === LISTENER) return this.#handleListener(request)
    const section = SECTIONS.get(uri)
    if (!section) throw unknownResource(request.resourceUri)
    assertNoFragment(request)
    const [surplus] = textSelectors(request.headers).keys()
    if (surplus !== undefined) {
      throw invalidSelectors('UnexpectedSelectors', `The resource has no selector ${surplus}.`)
    }
    const { settings } = this.#parts
    if (request.action === ACTION.get) return getReply(writeSection(section, uri, settings))
    if (request.action !== ACTION.put || !section.isWritable) throw actionNotSupported(request.action)
    return this.#put(section, uri, request)
  }

  async #put(section: Section, uri: string, { body }: EndpointRequest): Promise<EndpointReply> {
    const { settings } = this.#parts
    await settings.change(readSection(section, uri, body, settings))
    return { action: `${ACTION.put}Response`, body: [writeSection(section, uri, settings)] }
  }

  #handleListener(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    switch (request.action) {
      case ACTION.get:
        assertNoFragment(request)
        return getReply(listenerTree(this.#findListener(request)))
      case ACTION.enumerate:
        return this.#parts.enumerations.enumerate(request, (enumerate) => {
          assertNoFilter(enumerate)
          return this.#parts.listeners().map(listenerItem)
        })
      case ACTION.pull:
        return this.#parts.enumerations.pull(request)
      case ACTION.release:
        return this.#parts.enumerations.release(request)
      default:
        throw actionNotSupported(request.action)
    }
  }

  #findListener({ headers }: EndpointRequest): ListenerSettings {
    const selectors = textSelectors(headers)
    const surplus = [...selectors.keys()].find((name) => name !== 'address' && name !== 'transport')
    if (surplus !== undefined) {
      throw invalidSelectors('UnexpectedSelectors', `Listeners have no selector ${surplus}.`)
    }
    const [address, transport] = [selectors.get('address'), selectors.get('transport')]
    if (address === undefined || transport === undefined) {
      throw invalidSelectors('InsufficientSelectors', 'A listener is named by Address and Transport.')
    }
    const found = this.#parts
      .listeners()
      .find(
        (listener) =>
          listener.address.toLowerCase() === address && listener.transport.toLowerCase() === transport,
      )
    if (found) return found
    throw new EndpointFault(`There is no listener with Address ${address} and Transport ${transport}.`, {
      code: 'Sender',
      subcode: 'a:DestinationUnreachable',
      faultDetail: 'ResourceNotFound',
      wsmanCode: 0x80338000,
    })
  }
}

const getReply = (tree: ElementTree): EndpointReply => ({ action: `${ACTION.get}Response`, body: [tree] })

function listenerTree(listener: ListenerSettings): ElementTree {
  const section = formatSection(LISTENER_TABLE, listener, 'Listener', LISTENER)
  const addresses = listener.listeningOn.map((address) => ({
    ...element(LISTENER, 'ListeningOn', address),
    prefix: 'cfg',
  }))
  return { ...section, children: [...(section.children ?? []), ...addresses] }
}

function listenerItem(listener: ListenerSettings): EnumerationItem {
  const { address, transport } = listener
  return {
    object: () => writeXml(listenerTree(listener)),
    reference: () => writeReference(LISTENER, { Address: address, Transport: transport }),
  }
}

/** MS-WSMV note 68. */
function assertNoFragment({ action, headers }: EndpointRequest): void {
  if (headers.fragment !== undefined) throw actionNotSupported(action)
}

/** Only classes can be filtered (MS-WSMV 3.1.4.1.13). */
function assertNoFilter(enumerate: XmlElement): void {
  if (!enumerate.child(NS.wsman, 'Filter') && !enumerate.child(NS.enumeration, 'Filter')) return
  throw new EndpointFault('Listeners cannot be filtered.', {
    code: 'Sender',
    subcode: 'n:FilteringNotSupported',
    wsmanCode: 0x80338018,
  })
}
