import { Agent, request as httpRequest, type ClientRequest, type RequestOptions } from 'node:http'
import { connect as netConnect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { TLSSocket } from 'node:tls'
import { TimeoutError } from '../errors/errors.js'
import { abortReason } from '../util/abortable.js'
import { connectError, handshakeError, type Target } from './socket-errors.js'
import type { TlsProfile } from './tls.js'

export interface ConnectOptions {
  readonly target: Target
  /** Needed where the target is secure. */
  readonly tls: TlsProfile | undefined
  /** For the socket and TLS together, in milliseconds. */
  readonly connectTimeoutMs: number
}

/** Idle sockets count against the service's quota of connections, so they are not kept for longer. */
const IDLE_LIMIT_MS = 60_000

/** Replies to Kerberos requests carry tickets in their headers. */
const MAX_HEADER_BYTES = 65_536

/** How long one address may take before the next one is tried as well; the 250 ms of Node.js give up slow links. */
const ADDRESS_ATTEMPT_MS = 1000

/**
 * One socket that carries one request at a time. It is never replaced: whatever is bound to it, such as an
 * authenticated context, lives exactly as long as this object is usable.
 */
export class HttpConnection {
  readonly target: Target
  readonly #socket: Socket
  readonly #agent: OneSocketAgent
  #idleSince = performance.now()
  #idleTimer: NodeJS.Timeout | undefined
  #busy = false
  #endedBy: Error | undefined

  private constructor(socket: Socket, target: Target) {
    this.target = target
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
  static async open(options: ConnectOptions, signal: AbortSignal): Promise<HttpConnection> {
    return new HttpConnection(await openSocket(options, signal), options.target)
  }

  /** Whether the next request may be written: the socket is open both ways and nothing unasked has arrived on it. */
  get usable(): boolean {
    const socket = this.#socket
    return !socket.destroyed && socket.writable && !socket.readableEnded && socket.readableLength === 0
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
    return this.#socket instanceof TLSSocket ? this.#socket.getPeerX509Certificate()?.raw : undefined
  }

  /** Bytes that have arrived so far. */
  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  /** Calls `listener` when the socket is gone. */
  onClose(listener: () => void): void {
    this.#socket.once('close', listener)
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

/**
 * Gives every request the same socket, which is connected already. What the Agent of Node.js does besides (names,
 * queues, lists of sockets) costs a third of a small request and is the pool's business here.
 */
class OneSocketAgent extends Agent {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super({ keepAlive: true, maxSockets: 1 })
    this.#socket = socket
  }

  /** Called by node:http for each request. */
  addRequest(request: ClientRequest): void {
    request.onSocket(this.#socket)
  }
}

function openSocket({ target, tls, connectTimeoutMs }: ConnectOptions, signal: AbortSignal): Promise<Socket> {
  const { hostname, port, secure } = target
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortReason(signal))
      return
    }
    let connected = false
    const plain = netConnect({
      host: hostname,
      port,
      noDelay: true,
      keepAlive: true,
      autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
    })
    const sockets: Socket[] = [plain]

    const settle = (error?: Error): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      for (const socket of sockets) socket.removeListener('error', onError).removeListener('close', onClose)
      const last = sockets.at(-1)
      if (error === undefined && last !== undefined) {
        resolve(last)
        return
      }
      for (const socket of sockets) socket.on('error', () => undefined).destroy()
      reject(error ?? new Error('unreachable'))
    }
    const onAbort = (): void => settle(abortReason(signal))
    const onError = (error: Error): void => {
      settle(connected ? handshakeError(error, target) : connectError(error, target))
    }
    const onClose = (): void => onError(Object.assign(new Error('socket closed'), { code: 'ECONNRESET' }))
    const timer = setTimeout(() => {
      const stage = connected ? 'TLS with' : 'A connection to'
      settle(
        new TimeoutError(
          'ERR_WSMAN_CONNECT_TIMEOUT',
          `${stage} ${hostname} port ${port} was not made within ${connectTimeoutMs} ms.`,
          {
            host: hostname,
            timeoutMs: connectTimeoutMs,
            remote: 'notStarted',
            hint: 'Does a firewall drop the packets (ports 5985 and 5986), and is the host running?',
          },
        ),
      )
    }, connectTimeoutMs)

    signal.addEventListener('abort', onAbort, { once: true })
    plain.once('error', onError).once('close', onClose)
    plain.once('connect', () => {
      connected = true
      if (!secure || tls === undefined) {
        settle()
        return
      }
      const secured = tls.connect(hostname, plain)
      sockets.push(secured)
      plain.removeListener('error', onError).on('error', () => undefined)
      secured.once('error', onError).once('close', onClose)
      secured.once('secureConnect', () => settle(tls.verify(secured, hostname)))
    })
  })
}
