import type { WireResponse } from '../http/message.js'
import { authenticationDemanded, offeredBy, RECONNECT, type Mechanism } from './authenticator.js'
import type { Channel, Variation } from './channel.js'
import type { ConnectionPool } from './pool.js'
import type { TransportRequest } from './types.js'

/** What tells that Identify comes without credentials: to Windows a header (MS-WSMV 3.1.4.1.23), to openwsman the path. */
const FORMS: readonly Variation[] = [
  { headers: { WSMANIDENTIFY: 'unauthenticated' } },
  { path: '/wsman-anon/identify' },
]

/** No credentials, and every answer is the caller's. */
export const ANONYMOUS: Mechanism = {
  scheme: 'none',
  sealed: false,
  provesHost: false,
  ready: () => undefined,
  bind: () => ({ exchange: (message, roundTrip) => roundTrip(message) }),
}

/**
 * Sends Identify without credentials, in the second form where the first is refused.
 * @param pool connections that never carried credentials
 * @throws AuthenticationError when neither is let in
 */
export async function sendAnonymously<T>(
  pool: ConnectionPool<Channel>,
  request: TransportRequest,
  host: string,
  receive: (response: WireResponse) => Promise<T>,
): Promise<T> {
  let offered: string[] | undefined
  for (const form of FORMS) {
    const channel = await pool.acquire(request.lane, request.signal)
    try {
      const response = await channel.send(request, form)
      if (response === RECONNECT) continue
      if (response.status === 401) offered ??= offeredBy(response)
      const isLast = form === FORMS.at(-1)
      const isRefused = response.status === 401 || response.status === 404
      if (offered === undefined ? isLast || !isRefused : response.status === 200) {
        return await receive(response)
      }
      await response.discard()
    } finally {
      pool.release(channel)
    }
  }
  throw authenticationDemanded(host, offered ?? [])
}
