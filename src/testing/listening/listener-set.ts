import type { ListenerSettings } from '../../settings/table.js'
import type { LiveSettings } from '../config/live-settings.js'
import type { EndpointTls } from '../certificate.js'
import type { CertificateStore } from './certificate-store.js'
import { isLoopback, isServed, machineAddresses, servesEverything } from './machine-addresses.js'
import { OpenListener, type ListenerParts, type ListenerSpec } from './open-listener.js'

/** Why a listener is there: somebody made it, or EnableCompatibilityHttp(s)Listener is on. */
export type ListenerOrigin = 'local' | 'compatibility'

export interface ListenerSetParts extends ListenerParts {
  readonly settings: LiveSettings
  readonly certificates: CertificateStore
  /** Whether `*` stands for the loopback addresses only. */
  readonly loopbackOnly: boolean
  readonly compatibilityPorts: { readonly http: number; readonly https: number }
}

/** One listener, with the sockets it has. */
export interface ManagedListener {
  readonly origin: ListenerOrigin
  spec: ListenerSpec
  readonly sockets: OpenListener
}

/**
 * The listeners of the service. Their sockets follow their settings and those of the service: a listener that is off has
 * none, and one for all addresses has one for each that the filters leave.
 */
export class ListenerSet {
  readonly #parts: ListenerSetParts
  #listeners: ManagedListener[] = []
  /** Listeners that are gone, with requests that are not answered yet. */
  readonly #gone = new Set<OpenListener>()
  /** Changes come one after the other: two could want the same port. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: ListenerSetParts) {
    this.#parts = parts
    parts.settings.follow(() => this.#inTurn(() => this.#follow()))
  }

  get all(): readonly ManagedListener[] {
    return this.#listeners
  }

  /** Those that somebody made. */
  get local(): readonly ManagedListener[] {
    return this.#listeners.filter(({ origin }) => origin === 'local')
  }

  /** The one with this address and transport, which do not distinguish letter case. */
  find(address: string, transport: string): ManagedListener | undefined {
    return this.#listeners.find(
      ({ spec, origin }) => origin === 'local' && keyOf(spec) === keyOf({ address, transport }),
    )
  }

  /** @throws whatever binding fails with; then nothing was added */
  add(spec: ListenerSpec): Promise<void> {
    return this.#inTurn(async () => {
      const listener: ManagedListener = { origin: 'local', spec, sockets: new OpenListener(this.#parts) }
      await this.#apply(listener)
      this.#listeners = [...this.#listeners, listener]
    })
  }

  /** @throws whatever binding fails with; then the listener is as it was */
  change(listener: ManagedListener, spec: ListenerSpec): Promise<void> {
    return this.#inTurn(async () => {
      // A port that was chosen is kept.
      const before = { ...listener.spec, port: this.describe(listener).port }
      listener.spec = spec
      try {
        await this.#apply(listener)
      } catch (error) {
        listener.spec = before
        await this.#apply(listener)
        throw error
      }
    })
  }

  remove(listener: ManagedListener): Promise<void> {
    return this.#inTurn(() => {
      this.#listeners = this.#listeners.filter((one) => one !== listener)
      this.#retire(listener)
    })
  }

  /** Opens what the settings demand besides the listeners that were made. @throws whatever binding fails with */
  openCompatibility(): Promise<void> {
    return this.#inTurn(() => this.#followCompatibility())
  }

  /** The listener as winrm/config/listener shows it (MS-WSMV 2.2.4.19, note 83). */
  describe({ spec, sockets }: ManagedListener): ListenerSettings {
    const listeningOn = sockets.hosts.flatMap((host) =>
      host === '::' && spec.address === '*'
        ? machineAddresses().map(({ address }) => address)
        : [withoutZone(host)],
    )
    return { ...spec, port: sockets.port === 0 ? spec.port : sockets.port, listeningOn }
  }

  async close(): Promise<void> {
    await this.#turn
    await Promise.all(
      [...this.#listeners.map(({ sockets }) => sockets), ...this.#gone].map((one) => one.close()),
    )
  }

  /** Settings of the service changed: what cannot be bound is not listened on. */
  async #follow(): Promise<void> {
    for (const listener of this.#listeners) {
      listener.sockets.obeyLimits()
      await this.#apply(listener).catch(() => undefined)
    }
    await this.#followCompatibility().catch(() => undefined)
  }

  async #followCompatibility(): Promise<void> {
    const { service } = this.#parts.settings
    await this.#keepCompatibility('HTTP', service.enableCompatibilityHttpListener)
    await this.#keepCompatibility('HTTPS', service.enableCompatibilityHttpsListener)
  }

  async #keepCompatibility(transport: 'HTTP' | 'HTTPS', isWanted: boolean): Promise<void> {
    const there = this.#listeners.find(
      ({ origin, spec }) => origin === 'compatibility' && spec.transport === transport,
    )
    if (!isWanted && there) {
      this.#listeners = this.#listeners.filter((one) => one !== there)
      this.#retire(there)
    }
    if (!isWanted || there) return
    const spec = this.#compatibilitySpec(transport)
    const listener: ManagedListener = {
      origin: 'compatibility',
      spec,
      sockets: new OpenListener(this.#parts),
    }
    await this.#apply(listener)
    this.#listeners = [...this.#listeners, listener]
  }

  #compatibilitySpec(transport: 'HTTP' | 'HTTPS'): ListenerSpec {
    const { compatibilityPorts: ports } = this.#parts
    const secured = this.#listeners.find(({ spec }) => spec.transport === transport)?.spec
    return {
      address: '*',
      transport,
      port: transport === 'HTTP' ? ports.http : ports.https,
      hostname: secured?.hostname ?? '',
      enabled: true,
      urlPrefix: 'wsman',
      certificateThumbprint: secured?.certificateThumbprint ?? '',
    }
  }

  #apply({ spec, sockets }: ManagedListener): Promise<void> {
    const { certificates, settings } = this.#parts
    const tls: EndpointTls | undefined =
      spec.transport === 'HTTPS' ? certificates.find(spec.certificateThumbprint) : undefined
    const isServable = spec.enabled && (spec.transport === 'HTTP' || tls !== undefined)
    return sockets.listen(isServable ? this.#hostsFor(spec.address) : [], {
      port: spec.port,
      urlPrefix: spec.urlPrefix,
      tls,
      asksForCertificate: spec.transport === 'HTTPS' && settings.service.auth.certificate,
    })
  }

  #hostsFor(address: string): readonly string[] {
    const { settings, loopbackOnly } = this.#parts
    const [, kind, value = ''] = /^(IP|MAC):(.*)$/i.exec(address) ?? []
    if (kind?.toUpperCase() === 'IP') return isServed(withoutZone(value), settings.service) ? [value] : []
    if (!kind && !loopbackOnly && servesEverything(settings.service)) return ['::']
    return machineAddresses()
      .filter((one) => (kind ? one.mac === value.toUpperCase() : true))
      .filter((one) => !loopbackOnly || isLoopback(one.address))
      .filter((one) => isServed(one.address, settings.service))
      .map(({ host }) => host)
  }

  #retire({ sockets }: ManagedListener): void {
    this.#gone.add(sockets)
    sockets.retire()
  }

  #inTurn<T>(change: () => T | Promise<T>): Promise<T> {
    const turn = this.#turn.then(change)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

const withoutZone = (address: string): string => address.replace(/%.*$/, '')
const keyOf = ({ address, transport }: { address: string; transport: string }): string =>
  `${address} ${transport}`.toLowerCase()
