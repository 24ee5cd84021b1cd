import { ProtocolError, TransportError } from '../errors/errors.js'
import type { WsmanError } from '../errors/wsman-error.js'
import type { Target } from './target.js'

const CONNECT_HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'Nothing listens on that port. Is WinRM enabled (on the host: `winrm quickconfig`)? Its ports are 5985 for HTTP and 5986 for HTTPS.',
  ENOTFOUND: 'The name is not known to DNS: check its spelling, or use the full name or the address.',
  EAI_AGAIN: 'DNS did not answer: check the network, or use the address of the host.',
  ETIMEDOUT:
    'Nothing answered: does a firewall drop the packets (ports 5985 and 5986), and is the host running?',
  EHOSTUNREACH: 'There is no route to the host: check the network and the address.',
  ENETUNREACH: 'There is no route to that network: check the network and the address.',
  ECONNRESET: 'Something in between, such as a firewall or proxy, ended the connection.',
  EMFILE: 'This process has too many open files or sockets.',
}

/** An error before anything was sent. */
export function connectError(error: Error, target: Target): TransportError {
  const code = codeOf(error)
  const { hostname: host, port } = target
  const hint = CONNECT_HINTS[code ?? '']
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
    return "The port answers without TLS. HTTPS is port 5986; for HTTP (5985) set transport: 'http'."
  }
  if (code?.includes('PROTOCOL_VERSION') === true || code === 'ERR_SSL_UNSUPPORTED_PROTOCOL') {
    return 'Client and server share no version of TLS: see tls.minVersion and tls.maxVersion.'
  }
  if (code === 'ECONNRESET') {
    return 'The server hung up. The HTTPS listener may have no usable certificate: `winrm enumerate winrm/config/listener`.'
  }
  // A server that speaks TLS 1.2 says no more than that the handshake failed.
  if (/certificate|alert handshake failure/i.test(error.message)) {
    return 'Where the server wants a client certificate, give tls.cert and tls.key, or tls.pfx.'
  }
  return 'Check the certificate of the HTTPS listener and the options in tls.'
}

/** An error after bytes of the request may have left. */
export function exchangeError(error: Error, target: Target): WsmanError {
  const { hostname: host } = target
  const code = codeOf(error)
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new ProtocolError(`${host} sent more HTTP headers than are taken.`, {
      code: 'ERR_WSMAN_LIMIT',
      host,
      cause: error,
    })
  }
  if (code?.startsWith('HPE_') === true && code !== 'HPE_INVALID_EOF_STATE') {
    return new ProtocolError(`${host} sent something that is not HTTP: ${error.message}.`, {
      host,
      cause: error,
      hint: 'Is this the port of the WinRM service?',
    })
  }
  if (code?.startsWith('ERR_SSL_') === true) return handshakeError(error, target)
  return socketError(target, error)
}

/** The connection ended before the request was written, so that it may be sent over another one. */
export function endedUnused({ hostname: host, port }: Target): TransportError {
  return new TransportError(
    'ERR_WSMAN_CONNECT',
    `The connection to ${host} port ${port} ended before the request was sent.`,
    { host, hint: 'The service may have restarted, or something in between ended the connection.' },
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
