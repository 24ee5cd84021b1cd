import type { Socket } from 'node:net'
import { abortReason } from '../util/abortable.js'
import type { CallSignal } from '../util/signal.js'
import type { ProxyServer } from './proxy.js'
import { strangeAnswer, tunnelRefused } from './proxy-errors.js'
import { ReplyParser, type ReplyHead } from './reply-parser.js'
import { requestHead } from './request-head.js'
import { socketClosed } from './socket-errors.js'
import { hostHeader, type Target } from './target.js'

/** More than any proxy has to say before a tunnel. */
const MAX_HEADER_BYTES = 16_384

/**
 * Asks the proxy at the other end of `socket` for a tunnel to the target; what is written afterwards goes there.
 * @throws TransportError `ERR_WSMAN_PROXY`, or the signal's reason; the socket is destroyed then
 */
export function openTunnel(
  socket: Socket,
  proxy: ProxyServer,
  target: Target,
  signal: CallSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { hostname: host } = target
    const settle = (error?: Error): void => {
      signal.removeEventListener('abort', onAbort)
      socket.removeListener('data', onData).removeListener('error', onError).removeListener('close', onClose)
      if (error === undefined) resolve()
      else {
        socket.destroy()
        reject(error)
      }
    }
    let head: ReplyHead | undefined
    const parser = new ReplyParser(
      { onHead: (received) => (head = received), onBody: () => undefined, onEnd: () => undefined },
      { maxLineBytes: MAX_HEADER_BYTES, hasBody: false },
    )
    const onAbort = (): void => settle(abortReason(signal))
    const onError = (error: Error): void => settle(strangeAnswer(proxy, host, error))
    const onClose = (): void => onError(socketClosed())
    const onData = (bytes: Buffer): void => {
      let size: number
      try {
        size = parser.read(bytes)
      } catch (error) {
        onError(error as Error)
        return
      }
      if (head === undefined) return
      const { status, headers } = head
      // What follows is for TLS, or for the exchanges of HTTP.
      socket.pause()
      if (status === 407) settle(proxy.refuse(host, headers['proxy-authenticate']))
      else if (status < 200 || status > 299) settle(tunnelRefused(proxy, host, status))
      // The host speaks when it is spoken to and not before, so more than the head is not from there.
      else settle(size < bytes.length ? strangeAnswer(proxy, host) : undefined)
    }
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('data', onData).on('error', onError).on('close', onClose)
    const { authorization } = proxy
    const authority = hostHeader(target)
    const fields = { Host: authority, ...(authorization && { 'Proxy-Authorization': authorization }) }
    socket.write(requestHead('CONNECT', authority, fields), 'latin1')
  })
}
