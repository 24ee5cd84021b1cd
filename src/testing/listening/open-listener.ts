import { X509Certificate } from 'node:crypto'
import { tlsServerEndPoint } from '../../auth/channel-binding.js'
import type { ListenerSettings } from '../../settings/table.js'
import type { ConnectionFacts } from '../authentication.js'
import { fingerprintsOf, type EndpointTls, type Fingerprints } from '../certificate.js'
import { HttpListener, type HttpReply, type HttpRequest, type RequestLimits } from '../http-listener.js'

/** A listener of winrm/config/listener as it is configured. */
export type ListenerSpec = Omit<ListenerSettings, 'listeningOn' | 'transport'> & {
  readonly transport: 'HTTP' | 'HTTPS'
}

/** What is the same for all listeners. */
export interface ListenerParts {
  readonly handler: (request: HttpRequest, facts: ConnectionFacts) => Promise<HttpReply | undefined>
  readonly limits: () => RequestLimits
}

/** How the sockets of a listener are opened. Where one of these changes, all of them are opened anew. */
interface Manner {
  readonly port: number
  readonly urlPrefix: string
  readonly tls: EndpointTls | undefined
  readonly asksForCertificate: boolean
}

/** Windows picks another free port as well; somebody may have taken the number for one address and not for another. */
const ATTEMPTS = 5

/** The sockets of one listener: one for each address, all with the same port. */
export class OpenListener {
  readonly #parts: ListenerParts
  readonly #sockets = new Map<string, HttpListener>()
  /** Sockets that take nothing new and still finish what they have. */
  readonly #retired = new Set<HttpListener>()
  #manner: Manner | undefined
  #facts: ConnectionFacts = { encrypted: false }
  #fingerprints: Fingerprints | undefined

  constructor(parts: ListenerParts) {
    this.#parts = parts
  }

  /** What is bound. */
  get hosts(): readonly string[] {
    return [...this.#sockets.keys()]
  }

  /** The port that was bound last; 0 before that. */
  get port(): number {
    return this.#manner?.port ?? 0
  }

  get fingerprints(): Fingerprints | undefined {
    return this.#fingerprints
  }

  /**
   * Listens on these hosts and no others. What is left finishes its requests. A port of 0 is chosen once.
   * @throws whatever binding fails with; then nothing listens
   */
  async listen(hosts: readonly string[], wanted: Manner): Promise<void> {
    const before = this.#manner
    const manner = { ...wanted, port: wanted.port === 0 ? this.port : wanted.port }
    const isSame = before !== undefined && isSameManner(before, manner)
    for (const host of this.hosts) if (!isSame || !hosts.includes(host)) this.#retire(host)
    if (!isSame) this.#take(manner)
    try {
      await this.#open(hosts.filter((host) => !this.#sockets.has(host)))
    } catch (error) {
      for (const host of this.hosts) this.#retire(host)
      throw error
    }
  }

  obeyLimits(): void {
    for (const socket of this.#sockets.values()) socket.obeyLimits()
  }

  /** Takes nothing new; settles when everything is answered. */
  retire(): void {
    for (const host of this.hosts) this.#retire(host)
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    const all = [...this.#sockets.values(), ...this.#retired]
    await Promise.all(all.map((socket) => socket.close()))
  }

  #take(manner: Manner): void {
    const { tls } = manner
    this.#manner = manner
    this.#fingerprints = tls && fingerprintsOf(tls)
    this.#facts = {
      encrypted: tls !== undefined,
      channelBinding: tls && tlsServerEndPoint(new X509Certificate(tls.cert).raw),
    }
  }

  async #open(hosts: readonly string[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const chosen = this.port !== 0
      try {
        for (const host of hosts) await this.#bind(host)
        return
      } catch (error) {
        if (chosen || attempt === ATTEMPTS || !isInUse(error)) throw error
        for (const host of this.hosts) this.#retire(host)
        if (this.#manner) this.#manner = { ...this.#manner, port: 0 }
      }
    }
  }

  async #bind(host: string): Promise<void> {
    const manner = this.#manner
    if (!manner) return
    const facts = this.#facts
    const { handler, limits } = this.#parts
    const socket = await HttpListener.open({ ...manner, host, limits }, (request) => handler(request, facts))
    this.#sockets.set(host, socket)
    this.#manner = { ...manner, port: socket.port }
  }

  #retire(host: string): void {
    const socket = this.#sockets.get(host)
    if (!socket) return
    this.#sockets.delete(host)
    this.#retired.add(socket)
    void socket.retire().finally(() => this.#retired.delete(socket))
  }
}

function isSameManner(one: Manner, other: Manner): boolean {
  return (
    one.port === other.port &&
    one.urlPrefix === other.urlPrefix &&
    one.tls === other.tls &&
    one.asksForCertificate === other.asksForCertificate
  )
}

const isInUse = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
