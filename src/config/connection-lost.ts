import type { WsmanErrorCode } from '../errors/codes.js'
import { isWsmanError } from '../errors/wsman-error.js'

/** The request went out and no reply came. */
const REPLY_LOST: ReadonlySet<WsmanErrorCode> = new Set([
  'ERR_WSMAN_SOCKET',
  'ERR_WSMAN_REPLY_TIMEOUT',
  'ERR_WSMAN_INACTIVITY',
])

/** What a service that is no longer there, or no longer takes this client, leads to. */
const SHUT_OUT: ReadonlySet<WsmanErrorCode> = new Set([
  'ERR_WSMAN_CONNECT',
  'ERR_WSMAN_CONNECT_TIMEOUT',
  'ERR_WSMAN_TLS',
  'ERR_WSMAN_HTTP_STATUS',
  'ERR_WSMAN_UNAUTHORIZED',
  'ERR_WSMAN_SCHEME_NOT_OFFERED',
])

/**
 * Whether a step failed because it, or the one before it, cut this connection off.
 * @param isCut whether a step before it was to cut the connection off
 */
export function isConnectionLost(error: unknown, isCut: boolean): boolean {
  return isWsmanError(error) && (REPLY_LOST.has(error.code) || (isCut && SHUT_OUT.has(error.code)))
}
