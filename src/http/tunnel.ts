import { request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import { abortReason } from '../util/abortable.js'
import { OneSocketAgent } from './one-socket-agent.js'
import type { ProxyServer } from './proxy.js'
import { strangeAnswer, tunnelRefused } from './proxy-errors.js'
import { hostHeader, type Target } from './target.js'
import type { CallSignal } from '../util/signal.js'

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
      if (error === undefined) resolve()
      else {
        socket.destroy()
        reject(error)
      }
    }
    const onAbort = (): void => settle(abortReason(signal))
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const { authorization } = proxy
    const authority = hostHeader(target)
    const request = httpRequest({
      method: 'CONNECT',
      path: authority,
      headers: { Host: authority, ...(authorization && { 'Proxy-Authorization': authorization }) },
      agent: new OneSocketAgent(socket),
      maxHeaderSize: MAX_HEADER_BYTES,
    })
    request.on('error', (error) => settle(strangeAnswer(proxy, host, error)))
    request.on('connect', ({ statusCode = 0, headers }, _, rest) => {
      if (statusCode === 407) settle(proxy.refuse(host, headers['proxy-authenticate']))
      else if (statusCode < 200 || statusCode > 299) settle(tunnelRefused(proxy, host, statusCode))
      // The host speaks when it is spoken to and not before, so more than the head is not from there.
      else settle(rest.length > 0 ? strangeAnswer(proxy, host) : undefined)
    })
    request.end()
  })
}
