import { isIP } from 'node:net'
import { ACTION } from '../../envelope/actions.js'
import { FAULT } from '../../errors/fault-codes.js'
import { LISTENER_TABLE } from '../../settings/listener-table.js'
import { writeXml } from '../../xml/writer.js'
import type { Enumerations } from '../enumerations.js'
import { internalError, schemaValidation } from '../faults.js'
import { canonicalThumbprint, isNamed, type CertificateStore } from '../listening/certificate-store.js'
import type { ListenerSet, ManagedListener } from '../listening/listener-set.js'
import { isLoopback, machineAddresses } from '../listening/machine-addresses.js'
import type { ListenerSpec } from '../listening/open-listener.js'
import type { EndpointReply, EndpointRequest } from '../message.js'
import { referenceContent, writeReference } from '../reference-writer.js'
import { answerItemRequest, created, replyTo, type ItemActions } from './item-actions.js'
import { itemExists, itemNotFound, keyValues } from './item-requests.js'
import { LISTENER_URI, readListener, writeListener } from './listener-documents.js'
import type { LiveSettings } from './live-settings.js'

export interface ListenerServiceParts {
  readonly listeners: ListenerSet
  readonly certificates: CertificateStore
  readonly settings: LiveSettings
  readonly enumerations: Enumerations
  /** The name of the machine: that of HTTPS listeners for which no other is given. */
  readonly machine: string
  readonly loopbackOnly: boolean
}

/** winrm/config/listener (MS-WSMV 3.1.4.1.29.5). */
export class ListenerService {
  readonly #parts: ListenerServiceParts

  constructor(parts: ListenerServiceParts) {
    this.#parts = parts
  }

  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    return answerItemRequest(request, this.#actions, this.#parts.enumerations)
  }

  readonly #actions: ItemActions = {
    get: (request) => this.#document(ACTION.get, this.#find(request)),
    put: (request) => this.#put(request),
    create: (request) => this.#create(request),
    delete: (request) => this.#delete(request),
    items: () => {
      const { listeners } = this.#parts
      return listeners.all.map((listener) => ({
        object: () => writeXml(writeListener(listeners.describe(listener), listener.origin)),
        reference: () => writeReference(LISTENER_URI, selectorsOf(listener.spec)),
      }))
    },
  }

  async #create(request: EndpointRequest): Promise<EndpointReply> {
    const { listeners } = this.#parts
    const key = keyOf(request)
    this.#assertAddress(key.address)
    const sent = readListener(request.body, key)
    if (listeners.find(key.address, key.transport)) throw itemExists(named(key))
    const spec = this.#completed({ ...key, ...sent })
    await bound(listeners.add(spec))
    return created(referenceContent(LISTENER_URI, selectorsOf(spec)))
  }

  async #put(request: EndpointRequest): Promise<EndpointReply> {
    const listener = this.#find(request)
    const sent = readListener(request.body, listener.spec)
    const { listeners } = this.#parts
    const { port } = listeners.describe(listener)
    await bound(listeners.change(listener, this.#completed({ ...listener.spec, port, ...sent })))
    return this.#document(ACTION.put, listener)
  }

  async #delete(request: EndpointRequest): Promise<EndpointReply> {
    await this.#parts.listeners.remove(this.#find(request))
    return replyTo(ACTION.delete, [])
  }

  #document(action: string, listener: ManagedListener): EndpointReply {
    return replyTo(action, [writeListener(this.#parts.listeners.describe(listener), listener.origin)])
  }

  /** With the defaults of the table in MS-WSMV 3.1.4.1.29.5, and a certificate that fits. */
  #completed(given: Partial<ListenerSpec> & Pick<ListenerSpec, 'address' | 'transport'>): ListenerSpec {
    const { settings, machine } = this.#parts
    const { http, https } = settings.service.defaultPorts
    const secured = given.transport === 'HTTPS'
    const spec = {
      port: secured ? https : http,
      hostname: secured ? machine : '',
      enabled: true,
      urlPrefix: LISTENER_TABLE.urlPrefix.default as string,
      certificateThumbprint: '',
      ...given,
    }
    if (secured) return { ...spec, certificateThumbprint: this.#thumbprintFor(spec) }
    if (spec.certificateThumbprint === '') return spec
    throw internalError(FAULT.CONFIG_THUMBPRINT_SHOULD_BE_EMPTY, 'A listener for HTTP shows no certificate.')
  }

  #thumbprintFor({ certificateThumbprint, hostname }: ListenerSpec): string {
    const { certificates } = this.#parts
    if (certificateThumbprint === '') {
      const found = certificates.forHostname(hostname)
      if (found !== undefined) return found
      throw internalError(
        FAULT.QUICK_CONFIG_FAILED_CERT_REQUIRED,
        `The machine has no certificate with the common name ${hostname}.`,
      )
    }
    const tls = certificates.find(certificateThumbprint)
    if (!tls)
      throw internalError(CERTIFICATE_NOT_FOUND, `The machine has no certificate ${certificateThumbprint}.`)
    if (isNamed(tls, hostname)) return canonicalThumbprint(certificateThumbprint)
    throw internalError(
      FAULT.CONFIG_CERT_CN_DOES_NOT_MATCH_HOSTNAME,
      `The common name of the certificate is not ${hostname}.`,
    )
  }

  /** MS-WSMV 3.1.4.1.29.5: an address that the machine has, or all. */
  #assertAddress(address: string): void {
    if (address === '*') return
    const [, kind, value = ''] = /^(IP|MAC):(.+)$/i.exec(address) ?? []
    const own = machineAddresses().filter((one) => !this.#parts.loopbackOnly || isLoopback(one.address))
    const isOwn =
      kind?.toUpperCase() === 'MAC'
        ? own.some(({ mac }) => mac === value.toUpperCase())
        : kind !== undefined &&
          isIP(value) !== 0 &&
          (isLoopback(value) || own.some((one) => one.address === value || one.host === value))
    if (!isOwn) throw internalError(FAULT.LISTENER_ADDRESS_INVALID, `The machine has no address ${address}.`)
  }

  #find(request: EndpointRequest): ManagedListener {
    const key = keyOf(request)
    const found = this.#parts.listeners.find(key.address, key.transport)
    if (found) return found
    throw itemNotFound(named(key))
  }
}

/** CRYPT_E_NOT_FOUND. */
const CERTIFICATE_NOT_FOUND = 0x80092004
/** ERROR_SHARING_VIOLATION, which HTTP.SYS tells where somebody else has the port. */
const PORT_IN_USE = 32

type ListenerKey = Pick<ListenerSpec, 'address' | 'transport'>

function keyOf(request: EndpointRequest): ListenerKey {
  const [address = '', wanted = ''] = keyValues(request, ['Address', 'Transport'], 'A listener')
  const transport = (['HTTP', 'HTTPS'] as const).find((one) => one === wanted.toUpperCase())
  if (transport === undefined) throw schemaValidation('The Transport of a listener is HTTP or HTTPS.')
  return { address: address.replace(/^(?:ip|mac):/i, (kind) => kind.toUpperCase()), transport }
}

const selectorsOf = ({ address, transport }: ListenerKey): Record<string, string> => ({
  Address: address,
  Transport: transport,
})

const named = ({ address, transport }: ListenerKey): string =>
  `listener with Address ${address} and Transport ${transport}`

/** Whatever keeps a port from being opened is told as what it is. */
async function bound(opening: Promise<void>): Promise<void> {
  try {
    await opening
  } catch (error) {
    throw internalError(PORT_IN_USE, error instanceof Error ? error.message : String(error))
  }
}
