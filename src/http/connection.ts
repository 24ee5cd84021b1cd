import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Inlet, type ByteTaker } from './inlet.js'
import { openSocket, type ConnectOptions } from './open-socket.js'
import { hostHeader, type Target } from './target.js'
import { peerCertificate } from './tls.js'
import type { CallSignal } from '../util/signal.js'

/** Idle sockets count against the service's quota of connections, so they are not kept for longer. */
const IDLE_LIMIT_MS = 60_000

/** Uses the socket for as long as its request and reply are under way. */
export interface SocketUser extends ByteTaker {
  /** The peer says no more. */
  onSocketEnd(): void
  onSocketError(error: Error): void
  /** The socket is gone. */
  onSocketClose(): void
}

/**
 * One socket that carries one request at a time. It is never replaced: whatever is bound to it, such as an
 * authenticated context, lives exactly as long as this object is usable.
 */
export class HttpConnection {
  readonly target: Target
  /** The `Host` header. */
  readonly hostHeader: string
  readonly #socket: Socket
  readonly #inlet: Inlet
  #user: SocketUser | undefined
  #idleSince = performance.now()
  #idleTimer: NodeJS.Timeout | undefined
  #busy = false
  #endedBy: Error | undefined

  private constructor(socket: Socket, inlet: Inlet, target: Target) {
    this.target = target
    this.hostHeader = hostHeader(target)
    this.#socket = socket
    this.#inlet = inlet
    // An error that comes while idle only means that the socket is gone.
    socket.on('error', (error) => this.#user?.onSocketError(error))
    socket.on('end', () => this.#user?.onSocketEnd())
    socket.on('close', () => this.#user?.onSocketClose())
    this.release()
  }

  /**
   * Connects, and sets TLS up.
   * @throws TransportError, TimeoutError, or the signal's reason
   */
  static async open(options: ConnectOptions, signal: CallSignal): Promise<HttpConnection> {
    const inlet = new Inlet()
    return new HttpConnection(await openSocket(options, signal, inlet), inlet, options.target)
  }

  /** Whether the next request may be written: the socket is open both ways and nothing unasked has arrived on it. */
  get usable(): boolean {
    return this.isOpen && (this.#busy || this.#inlet.isEmpty)
  }

  /** Whether the socket is open both ways. */
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
    this.#idleSince = performance.now()
    this.#socket.unref()
    if (!this.#socket.destroyed) this.#idleTimer ??= this.#watch(IDLE_LIMIT_MS)
  }

  /** Calls `listener` once, when the socket is gone. */
  onClose(listener: () => void): void {
    if (this.#socket.closed) listener()
    else this.#socket.once('close', listener)
  }

  /** Whether all that was written has been handed to the system. */
  get isFlushed(): boolean {
    return this.#socket.writableLength === 0
  }

  /** What happens on the socket is told to `user` from now on, beginning with what has arrived already. */
  begin(user: SocketUser): void {
    this.#user = this.#inlet.taker = user
    this.resume()
  }

  /** The user wants to know nothing more. */
  end(): void {
    this.#user = this.#inlet.taker = undefined
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause()
  }

  /** Reads on. */
  resume(): void {
    this.#socket.resume()
  }

  /**
   * Sends a head and a body.
   * @param head one byte for each character
   * @param length of the body in bytes
   * @param onSent called when all of it has been handed to the system
   */
  write(head: string, body: string | Uint8Array, length: number, onSent: () => void): void {
    if (typeof body === 'string' && body.length === length) {
      // Nothing but ASCII.
      this.#socket.write(head + body, 'latin1', onSent)
      return
    }
    this.#socket.cork()
    this.#socket.write(head, 'latin1')
    this.#socket.write(body, onSent)
    this.#socket.uncork()
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
