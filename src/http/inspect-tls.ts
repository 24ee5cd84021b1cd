import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { TransportError } from '../errors/errors.js'
import { openSocket, reached, type ConnectOptions } from './open-socket.js'
import { handshakeError } from './socket-errors.js'
import type { TlsProfile } from './tls.js'
import type { CallSignal } from '../util/signal.js'

/** One certificate, as people compare it. */
export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  /** ISO 8601. */
  readonly validFrom: string
  readonly validTo: string
  /** SHA-256, hexadecimal with colons. */
  readonly fingerprint256: string
}

/** What a server's TLS is like, whether it is accepted or not. */
export interface TlsFacts {
  /** `TLSv1.3` */
  readonly version: string
  readonly cipher: string
  /** The server's own first; what it did not send is completed from the authorities that are trusted. */
  readonly chain: readonly CertificateFacts[]
  /** Why the certificate is not accepted. */
  readonly refusal: TransportError | undefined
}

/**
 * Makes a TLS connection, looks at it and hangs up.
 * @throws TransportError where there is none, TimeoutError, or the signal's reason
 */
export async function inspectTls(
  options: ConnectOptions & { readonly tls: TlsProfile },
  signal: CallSignal,
): Promise<TlsFacts> {
  const { target, tls } = options
  const socket = await openSocket({ ...options, target: { ...target, secure: false } }, signal)
  const secured = tls.connect(target.hostname, socket)
  try {
    await reached(secured, 'secureConnect', (error) => handshakeError(error, target), signal)
    return {
      version: secured.getProtocol() ?? '',
      cipher: secured.getCipher().name,
      chain: chainOf(secured),
      refusal: tls.verify(secured, target.hostname),
    }
  } finally {
    secured.destroy()
  }
}

function chainOf(socket: TLSSocket): CertificateFacts[] {
  const chain: CertificateFacts[] = []
  const seen = new Set<string>()
  // The chain ends with a certificate that is its own issuer, or whose issuer is not known.
  let next: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true)
  while (next?.fingerprint256 !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256)
    chain.push({
      subject: nameOf(next.subject),
      issuer: nameOf(next.issuer),
      validFrom: isoTime(next.valid_from),
      validTo: isoTime(next.valid_to),
      fingerprint256: next.fingerprint256,
    })
    next = next.issuerCertificate
  }
  return chain
}

function nameOf(name: object = {}): string {
  return Object.entries(name)
    .map(([key, value]) => `${key}=${[value].flat().join('+')}`)
    .join(', ')
}

function isoTime(text = ''): string {
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? text : time.toISOString()
}
