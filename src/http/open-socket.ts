import { connect, type OnReadOpts, type Socket } from 'node:net'
import { TimeoutError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import { abortReason, throwIfAborted } from '../util/abortable.js'
import type { Inlet } from './inlet.js'
import type { ProxyServer } from './proxy.js'
import { proxyUnreachable, proxyUntrusted } from './proxy-errors.js'
import { connectError, handshakeError, socketClosed } from './socket-errors.js'
import type { Target } from './target.js'
import type { TlsProfile } from './tls.js'
import { openTunnel } from './tunnel.js'
import { type CallSignal, OwnSignal } from '../util/signal.js'

export interface ConnectOptions {
  readonly target: Target
  /** Needed where the target is secure. */
  readonly tls: TlsProfile | undefined
  /** Makes the tunnel to go through. */
  readonly proxy?: ProxyServer | undefined
  /** For the socket, the tunnel and TLS together, in milliseconds. */
  readonly connectTimeoutMs: number
}

/** How long one address may take before the next one is tried as well; the 250 ms of Node.js give up slow links. */
const ADDRESS_ATTEMPT_MS = 1000

/** What is under way, to tell where time ran out. */
interface Progress {
  stage: string
  hint: string
}

/**
 * Connects, through a tunnel where there is a proxy, and sets TLS up; nothing of HTTP has been sent to the target when
 * it settles.
 * @param inlet is given what arrives on the socket
 * @throws TransportError, TimeoutError, or the signal's reason
 */
export async function openSocket(
  options: ConnectOptions,
  signal: CallSignal,
  inlet?: Inlet,
): Promise<Socket> {
  throwIfAborted(signal)
  const { target, connectTimeoutMs: timeoutMs } = options
  const progress: Progress = { stage: '', hint: '' }
  const limit = new OwnSignal()
  const stop = (): void => limit.abort(abortReason(signal))
  const timer = setTimeout(() => limit.abort(timedOut(target.hostname, progress, timeoutMs)), timeoutMs)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await open(options, progress, limit, inlet)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

async function open(
  { target, tls, proxy }: ConnectOptions,
  progress: Progress,
  limit: CallSignal,
  inlet: Inlet | undefined,
): Promise<Socket> {
  const { hostname, port, secure } = target
  const place = `${hostname} port ${port}`
  let socket: Socket
  if (proxy === undefined) {
    progress.stage = `A connection to ${place}`
    progress.hint = hintFor('connectTimeout')
    // TLS reads from the socket itself.
    const onread = secure ? undefined : inlet?.onread
    socket = await connectTo({ ...target, onread }, (error) => connectError(error, target), limit)
  } else {
    progress.stage = `A tunnel to ${place} through the proxy ${proxy.name}`
    progress.hint = hintFor('tunnelTimeout')
    socket = await connectThrough(proxy, target, limit)
  }
  if (!secure || tls === undefined) {
    inlet?.attach(socket)
    return socket
  }
  progress.stage = `TLS with ${place}`
  const secured = tls.connect(hostname, socket)
  await reached(secured, 'secureConnect', (error) => handshakeError(error, target), limit)
  inlet?.attach(secured)
  return accepted(secured, tls.verify(secured, hostname))
}

function connectTo(
  {
    hostname,
    port,
    onread,
  }: Pick<Target, 'hostname' | 'port'> & { readonly onread?: OnReadOpts | undefined },
  explain: (error: Error) => Error,
  limit: CallSignal,
): Promise<Socket> {
  const socket = connect({
    host: hostname,
    port,
    noDelay: true,
    keepAlive: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
    ...(onread && { onread }),
  })
  return reached(socket, 'connect', explain, limit)
}

async function connectThrough(proxy: ProxyServer, target: Target, limit: CallSignal): Promise<Socket> {
  const { hostname: host } = target
  const refusal = proxy.refusal(host)
  if (refusal) throw refusal
  let socket = await connectTo(proxy, (error) => proxyUnreachable(proxy, host, error), limit)
  if (proxy.tls !== undefined) {
    const secured = proxy.tls.connect(proxy.hostname, socket)
    await reached(secured, 'secureConnect', (error) => proxyUntrusted(proxy, host, error), limit)
    const refused = proxy.tls.verify(secured, proxy.hostname)
    socket = accepted(secured, refused && proxyUntrusted(proxy, host, refused))
  }
  await openTunnel(socket, proxy, target, limit)
  return socket
}

function accepted(socket: Socket, refusal: Error | undefined): Socket {
  if (refusal === undefined) return socket
  socket.destroy()
  throw refusal
}

/** Waits for `event`. What ends the socket or the wait before rejects, and the socket is destroyed. */
export function reached(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  explain: (error: Error) => Error,
  limit: CallSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      limit.removeEventListener('abort', onAbort)
      socket.removeListener('error', onError).removeListener('close', onClose)
      if (error === undefined) resolve(socket)
      else {
        socket.destroy()
        reject(error)
      }
    }
    const onAbort = (): void => settle(abortReason(limit))
    const onError = (error: Error): void => settle(explain(error))
    const onClose = (): void => onError(socketClosed())
    // Errors between the steps show in the next one; without a listener they would end the process.
    socket.on('error', () => undefined)
    socket.on('error', onError).on('close', onClose)
    socket.once(event, () => settle())
    if (limit.aborted) onAbort()
    else limit.addEventListener('abort', onAbort, { once: true })
  })
}

function timedOut(host: string, { stage, hint }: Progress, timeoutMs: number): TimeoutError {
  return new TimeoutError('ERR_WSMAN_CONNECT_TIMEOUT', `${stage} was not made within ${timeoutMs} ms.`, {
    host,
    timeoutMs,
    remote: 'notStarted',
    hint,
  })
}
