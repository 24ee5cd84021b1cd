import { ProtocolError, TransportError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { WsmanError } from '../errors/wsman-error.js'
import { MalformedReply } from './reply-parser.js'
import type { Target } from './target.js'

const CONNECT_HINTS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', hintFor('portClosed')],
  ['ENOTFOUND', hintFor('nameUnknown')],
  ['EAI_AGAIN', hintFor('dnsSilent')],
  ['ETIMEDOUT', hintFor('nothingAnswers')],
  ['EHOSTUNREACH', hintFor('noRouteToHost')],
  ['ENETUNREACH', hintFor('noRouteToNetwork')],
  ['ECONNRESET', hintFor('connectionReset')],
  ['EMFILE', hintFor('tooManyFiles')],
])

/** An error before anything was sent. */
export function connectError(error: Error, target: Target): TransportError {
  const code = codeOf(error)
  const { hostname: host, port } = target
  const hint = CONNECT_HINTS.get(code ?? '')
  return new TransportError(
    'ERR_WSMAN_CONNECT',
    `No connection to ${host} port ${port}: ${code ?? error.message}.`,
    {
      host,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    },
  )
}

/** An error while TLS was being set up: the socket is connected, but nothing was sent. */
export function handshakeError(error: Error, { hostname: host, port }: Target): TransportError {
  const code = codeOf(error)
  const detail = opensslReason(error) ?? code ?? error.message
  return new TransportError(
    'ERR_WSMAN_TLS',
    `The TLS handshake with ${host} port ${port} failed: ${detail}.`,
    {
      host,
      cause: error,
      hint: handshakeHint(error, code),
    },
  )
}

function handshakeHint(error: Error, code: string | undefined): string {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return hintFor('noTlsThere')
  }
  if (code?.includes('PROTOCOL_VERSION') === true || code === 'ERR_SSL_UNSUPPORTED_PROTOCOL') {
    return hintFor('noSharedTlsVersion')
  }
  if (code === 'ECONNRESET') return hintFor('tlsHungUp')
  // A server that speaks TLS 1.2 says no more than that the handshake failed.
  if (/certificate|alert handshake failure/i.test(error.message)) {
    return hintFor('clientCertificateWanted')
  }
  return hintFor('tlsFailed')
}

/** An error after bytes of the request may have left. */
export function exchangeError(error: Error, target: Target): WsmanError {
  const { hostname: host } = target
  if (error instanceof MalformedReply) {
    return error.isTooLong
      ? new ProtocolError(`${host} sent more HTTP headers than are taken.`, {
          code: 'ERR_WSMAN_LIMIT',
          host,
          cause: error,
        })
      : new ProtocolError(`${host} sent something that is not HTTP: ${error.message}.`, {
          host,
          cause: error,
          hint: hintFor('noHttpThere'),
        })
  }
  if (codeOf(error)?.startsWith('ERR_SSL_') === true) return handshakeError(error, target)
  return socketError(target, error)
}

/** The connection ended before the request was written, so that it may be sent over another one. */
export function endedUnused({ hostname: host, port }: Target): TransportError {
  return new TransportError(
    'ERR_WSMAN_CONNECT',
    `The connection to ${host} port ${port} ended before the request was sent.`,
    { host, hint: hintFor('endedUnused') },
  )
}

/** The connection ended before the reply was whole. */
export function socketError({ hostname: host, port }: Target, cause?: Error): TransportError {
  const detail = cause === undefined ? '' : ` (${codeOf(cause) ?? cause.message})`
  return new TransportError(
    'ERR_WSMAN_SOCKET',
    `The connection to ${host} port ${port} ended before the whole reply had arrived${detail}.`,
    { host, ...(cause === undefined ? {} : { cause }) },
  )
}

/** The error for a socket that was closed where no error says why. */
export function socketClosed(): Error {
  return Object.assign(new Error('socket closed'), { code: 'ECONNRESET' })
}

/** The code of an error, such as `ECONNREFUSED`. */
export function codeOf(error: Error): string | undefined {
  // Trying several addresses ends in an AggregateError; the first address is the one to speak of.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0])
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' ? code : undefined
}

function opensslReason(error: Error): string | undefined {
  const reason = (error as { reason?: unknown }).reason
  return typeof reason === 'string' ? reason : undefined
}
