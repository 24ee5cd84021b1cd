import { request as httpRequest, type ClientRequest, type RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { OneSocketAgent } from './one-socket-agent.js'
import { openSocket, type ConnectOptions } from './open-socket.js'
import { hostHeader, type Target } from './target.js'
import { peerCertificate } from './tls.js'
import type { CallSignal } from '../util/signal.js'

/** Idle sockets count against the service's quota of connections, so they are not kept for longer. */
const IDLE_LIMIT_MS = 60_000

/** Replies to Kerberos requests carry tickets in their headers. */
const MAX_HEADER_BYTES = 65_536

/**
 * One socket that carries one request at a time. It is never replaced: whatever is bound to it, such as an
 * authenticated context, lives exactly as long as this object is usable.
 */
export class HttpConnection {
  readonly target: Target
  /** The `Host` header. */
  readonly hostHeader: string
  readonly #socket: Socket
  readonly #agent: OneSocketAgent
  #idleSince = performance.now()
  #idleTimer: NodeJS.Timeout | undefined
  #busy = false
  #bytesWhenIdle = 0
  #endedBy: Error | undefined

  private constructor(socket: Socket, target: Target) {
    this.target = target
    this.hostHeader = hostHeader(target)
    this.#socket = socket
    this.#agent = new OneSocketAgent(socket)
    // Errors of an exchange reach its request; one that comes while idle only means that the socket is gone.
    socket.on('error', () => undefined)
    this.release()
  }

  /**
   * Connects, and sets TLS up.
   * @throws TransportError, TimeoutError, or the signal's reason
   */
  static async open(options: ConnectOptions, signal: CallSignal): Promise<HttpConnection> {
    return new HttpConnection(await openSocket(options, signal), options.target)
  }

  /** Whether the next request may be written: the socket is open both ways and nothing unasked has arrived on it. */
  get usable(): boolean {
    return this.isOpen && (this.#busy || this.#socket.bytesRead === this.#bytesWhenIdle)
  }

  /** Whether the socket is open both ways. node:http hears nothing of a socket that had ended before a request. */
  get isOpen(): boolean {
    const { destroyed, writable, readableEnded } = this.#socket
    return !destroyed && writable && !readableEnded
  }

  /** Why `destroy` was called. */
  get endedBy(): Error | undefined {
    return this.#endedBy
  }

  /** When the last exchange ended, in milliseconds of `performance.now()`; undefined during one. */
  get idleSince(): number | undefined {
    return this.#busy ? undefined : this.#idleSince
  }

  /** The server's certificate in DER, to bind authentication to the channel (RFC 5929). */
  get peerCertificate(): Buffer | undefined {
    return this.#socket instanceof TLSSocket ? peerCertificate(this.#socket)?.raw : undefined
  }

  /** The address at the other end: of the host, or of the proxy. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  /** `TLSv1.3`; undefined where there is no TLS. */
  get tlsVersion(): string | undefined {
    return this.#socket instanceof TLSSocket ? (this.#socket.getProtocol() ?? undefined) : undefined
  }

  /** Bytes that have arrived so far. */
  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  /** Marks the connection as in use. */
  take(): void {
    this.#busy = true
    this.#socket.ref()
  }

  /** Marks the connection as idle: it does not keep the process alive, and after a minute its socket is closed. */
  release(): void {
    this.#busy = false
    this.#bytesWhenIdle = this.#socket.bytesRead
    this.#idleSince = performance.now()
    this.#socket.unref()
    if (!this.#socket.destroyed) this.#idleTimer ??= this.#watch(IDLE_LIMIT_MS)
  }

  /** Calls `listener` once, when the socket is gone. */
  onClose(listener: () => void): void {
    if (this.#socket.closed) listener()
    else this.#socket.once('close', listener)
  }

  /** Starts a request on this socket. */
  request(options: RequestOptions): ClientRequest {
    return httpRequest({ ...options, agent: this.#agent, maxHeaderSize: MAX_HEADER_BYTES })
  }

  /** Closes the socket at once. An exchange in flight rejects with `reason`. */
  destroy(reason?: Error): void {
    this.#endedBy ??= reason
    clearTimeout(this.#idleTimer)
    this.#socket.destroy()
  }

  /** One timer serves many requests: it looks at the clock when it fires, instead of being set anew for each. */
  #watch(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#idleTimer = undefined
      if (this.#busy) return
      const left = IDLE_LIMIT_MS - (performance.now() - this.#idleSince)
      if (left <= 0) this.destroy()
      else this.#idleTimer = this.#watch(Math.ceil(left))
    }, delayMs).unref()
  }
}
