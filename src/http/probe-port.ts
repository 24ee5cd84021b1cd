import { connect } from 'node:net'
import { codeOf } from './socket-errors.js'
import type { CallSignal } from '../util/signal.js'

/** What became of an attempt to connect that sends nothing. */
export type PortState =
  | { readonly state: 'open'; readonly address: string }
  /** `code` is that of the system, such as `ECONNREFUSED`; `TIMEOUT` where nothing answered in time. */
  | { readonly state: 'closed'; readonly code: string }

/**
 * Connects and hangs up. Never rejects.
 * @param signal ends the attempt, which then counts as closed
 */
export function probePort(
  hostname: string,
  port: number,
  timeoutMs: number,
  signal: CallSignal,
): Promise<PortState> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port })
    const settle = (state: PortState): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(state)
    }
    const onAbort = (): void => settle({ state: 'closed', code: 'ABORTED' })
    const timer = setTimeout(() => settle({ state: 'closed', code: 'TIMEOUT' }), timeoutMs)
    socket.once('connect', () => settle({ state: 'open', address: socket.remoteAddress ?? '' }))
    socket.on('error', (error) => settle({ state: 'closed', code: codeOf(error) ?? error.message }))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
