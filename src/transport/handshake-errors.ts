import type { WsmanErrorCode } from '../errors/codes.js'
import { AuthenticationError, TransportError, type TimeoutError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'

/** The service let the client in without proving that it knows the other half of the secret. */
export function notProven(host: string): AuthenticationError {
  return new AuthenticationError(
    'ERR_WSMAN_UNAUTHORIZED',
    `${host} ended the handshake before it had proved who it is.`,
    { host, hint: hintFor('serverNotProven') },
  )
}

/** The service goes on although no mechanism has that much to say. */
export function endless(host: string): AuthenticationError {
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${host} never ends the handshake.`, {
    host,
    hint: hintFor('endlessHandshake'),
  })
}

/** A 401 for the first message of a connection that was authenticated a moment ago, twice. */
export function notLetIn(host: string, offered: readonly string[]): AuthenticationError {
  return new AuthenticationError(
    'ERR_WSMAN_UNAUTHORIZED',
    `${host} accepts the credential, and then refuses the messages on that connection.`,
    { host, offered, hint: hintFor('connectionSplit') },
  )
}

/** The service ends the connection although it waits for another token. */
export function brokenOff(host: string): TransportError {
  return new TransportError(
    'ERR_WSMAN_HTTP_STATUS',
    `${host} ends the connection in the middle of the handshake.`,
    {
      host,
      status: 401,
      hint: hintFor('handshakeBroken'),
    },
  )
}

/** An HTTP status that is no answer to a token. */
export function unexpectedStatus(host: string, status: number, statusText: string): TransportError {
  const words = statusText === '' ? '' : ` ${statusText}`
  return new TransportError(
    'ERR_WSMAN_HTTP_STATUS',
    `${host} answered the handshake with HTTP status ${status}${words}.`,
    { host, status, retryable: status === 503 },
  )
}

/** Before the leg was written, or after it. */
const LOST: ReadonlySet<string> = new Set<WsmanErrorCode>(['ERR_WSMAN_CONNECT', 'ERR_WSMAN_SOCKET'])

/**
 * The error for a leg that found no answer: a lost connection, or whatever else it was. The message itself was not sent.
 * @param isSafe whether beginning again does no harm: a refused password that is sent again may lock the account
 */
export function lostUnderway(error: unknown, host: string, isSafe: boolean): unknown {
  if (!(error instanceof TransportError) || !LOST.has(error.code)) return error
  return new TransportError('ERR_WSMAN_CONNECT', `The connection to ${host} ended during the handshake.`, {
    host,
    cause: error,
    retryable: isSafe,
    hint: hintFor('lostDuringHandshake'),
  })
}

/** The handshake that others waited for came to no answer, and doing it again could lock the account. */
export function firstFailed(host: string, first: TransportError | TimeoutError): TransportError {
  return new TransportError(
    'ERR_WSMAN_CONNECT',
    `Nobody knows whether ${host} takes the credential: ${first.message}`,
    {
      host,
      cause: first,
      retryable: false,
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    },
  )
}
