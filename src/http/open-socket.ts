import { connect, type Socket } from 'node:net'
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

/** How long one address may take before the next one is tried as well; the 250 ms of Node.js give up slow links. */
const ADDRESS_ATTEMPT_MS = 1000

const ignore = (): void => undefined

/**
 * Connects, and sets TLS up; nothing of HTTP has been sent when it settles.
 * @throws TransportError, TimeoutError, or the signal's reason
 */
export function openSocket(options: ConnectOptions, signal: AbortSignal): Promise<Socket> {
  if (signal.aborted) return Promise.reject(abortReason(signal))
  const { target, tls, connectTimeoutMs } = options
  const { hostname, port, secure } = target
  return new Promise((resolve, reject) => {
    let connected = false
    // Once TLS has begun, the TLS socket owns this one.
    let socket = connect({
      host: hostname,
      port,
      noDelay: true,
      keepAlive: true,
      autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
    })

    const settle = (error?: Error): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      unfollow(socket)
      if (error === undefined) {
        resolve(socket)
        return
      }
      socket.on('error', ignore).destroy()
      reject(error)
    }
    const onAbort = (): void => settle(abortReason(signal))
    const onError = (error: Error): void => {
      settle(connected ? handshakeError(error, target) : connectError(error, target))
    }
    const onClose = (): void => onError(Object.assign(new Error('socket closed'), { code: 'ECONNRESET' }))
    const follow = (one: Socket): Socket => one.on('error', onError).on('close', onClose)
    const unfollow = (one: Socket): Socket =>
      one.removeListener('error', onError).removeListener('close', onClose)

    const timer = setTimeout(() => settle(timedOut(target, connected, connectTimeoutMs)), connectTimeoutMs)
    signal.addEventListener('abort', onAbort, { once: true })
    follow(socket).once('connect', () => {
      connected = true
      if (!secure || tls === undefined) {
        settle()
        return
      }
      unfollow(socket).on('error', ignore)
      const secured = tls.connect(hostname, socket)
      socket = follow(secured)
      secured.once('secureConnect', () => settle(tls.verify(secured, hostname)))
    })
  })
}

function timedOut({ hostname: host, port }: Target, connected: boolean, timeoutMs: number): TimeoutError {
  const stage = connected ? 'TLS with' : 'A connection to'
  return new TimeoutError(
    'ERR_WSMAN_CONNECT_TIMEOUT',
    `${stage} ${host} port ${port} was not made within ${timeoutMs} ms.`,
    {
      host,
      timeoutMs,
      remote: 'notStarted',
      hint: 'Does a firewall drop the packets (ports 5985 and 5986), and is the host running?',
    },
  )
}
