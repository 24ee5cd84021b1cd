import { isIP, type Socket } from 'node:net'
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls'
import { TransportError, UsageError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'

/** PEM text, or its bytes. */
export type Pem = string | Uint8Array

/** How the server proves itself over HTTPS, and the client to it. */
export interface TlsOptions {
  /** Certificate authorities to trust instead of those Node.js brings, in PEM. */
  readonly ca?: Pem | readonly Pem[] | undefined
  /** The client's certificate chain, in PEM. */
  readonly cert?: Pem | readonly Pem[] | undefined
  /** The client's private key, in PEM. */
  readonly key?: Pem | undefined
  /** The client's certificate and key as PKCS #12. */
  readonly pfx?: Uint8Array | undefined
  /** Opens `key` or `pfx`. */
  readonly passphrase?: string | undefined
  /** The name to ask for (SNI) and to expect in the certificate; default: the host. */
  readonly servername?: string | undefined
  /**
   * SHA-256 fingerprints of the certificates to accept, as hexadecimal digits with or without colons. Replaces the
   * checks of chain and name; any other certificate is refused.
   */
  readonly fingerprint256?: string | readonly string[] | undefined
  /** `false` accepts any certificate, which lets anyone in between read and change everything. Default `true`. */
  readonly rejectUnauthorized?: boolean | undefined
  /** Default `TLSv1.2`. */
  readonly minVersion?: SecureVersion | undefined
  /** Default: the newest there is; with the scheme `certificate` `TLSv1.2`. */
  readonly maxVersion?: SecureVersion | undefined
}

/** TLS options, checked once and shared by the connections of a client. */
export class TlsProfile {
  readonly #context: SecureContext
  readonly #servername: string | undefined
  readonly #pins: readonly string[]
  readonly #verify: boolean

  /** @throws UsageError when a certificate, key or fingerprint cannot be read */
  constructor(options: TlsOptions = {}) {
    this.#servername = options.servername
    this.#pins = [options.fingerprint256 ?? []].flat().map(normalizeFingerprint)
    this.#verify = options.rejectUnauthorized ?? true
    this.#context = secureContext(options)
  }

  /** Begins TLS to `hostname` over a connected socket. The caller runs `verify` on `secureConnect`. */
  connect(hostname: string, socket: Socket): TLSSocket {
    const name = this.#servername ?? hostname.replace(/%.*$/, '')
    return connect({
      socket,
      secureContext: this.#context,
      // An address is no server name (RFC 6066, 3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
      // Refused in `verify` instead, where the certificate can still be read and its fingerprint told.
      rejectUnauthorized: false,
    })
  }

  /** @returns why the server's certificate is not accepted */
  verify(socket: TLSSocket, host: string): TransportError | undefined {
    const actual = peerCertificate(socket)?.fingerprint256
    if (this.#pins.length > 0) {
      if (actual !== undefined && this.#pins.includes(actual)) return undefined
      return new TransportError(
        'ERR_WSMAN_TLS',
        actual === undefined
          ? `${host} sent no certificate; one with a pinned fingerprint is required.`
          : `The certificate of ${host} has the fingerprint ${actual}, which is not the pinned one.`,
        {
          host,
          hint: hintFor('pinMismatch'),
        },
      )
    }
    if (!this.#verify || socket.authorized) return undefined
    return refusal(socket, host, actual)
  }
}

/** Not through `getPeerX509Certificate`, which in Node.js 20 finds nothing when it is called again. */
export function peerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  // An empty object without a certificate, null without a connection: neither stands in the declaration.
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate> | null
  return certificate?.raw === undefined ? undefined : (certificate as PeerCertificate)
}

function refusal(socket: TLSSocket, host: string, fingerprint: string | undefined): TransportError {
  // Node.js declares an Error and hands out its code.
  const error: unknown = socket.authorizationError
  const code = error instanceof Error ? error.message : String(error)
  return new TransportError(
    'ERR_WSMAN_TLS',
    `The certificate of ${host} is not accepted: ${reasonOf(code)} (${code}).`,
    {
      host,
      hint: remedyOf(code, socket, fingerprint ?? ''),
    },
  )
}

function reasonOf(code: string): string {
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'it is self-signed'
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'no trusted authority vouches for it'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'it is for another name'
    case 'CERT_HAS_EXPIRED':
      return 'it has expired'
    case 'CERT_NOT_YET_VALID':
      return 'it is not valid yet'
    default:
      return 'its verification failed'
  }
}

function remedyOf(code: string, socket: TLSSocket, fingerprint: string): string {
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return hintFor('selfSigned', { fingerprint })
    case 'ERR_TLS_CERT_ALTNAME_INVALID': {
      const certificate = peerCertificate(socket)
      const names = certificate?.subjectaltname ?? [certificate?.subject.CN ?? []].flat().join(', ')
      return hintFor('certificateOfAnother', { names: names || 'nobody', fingerprint })
    }
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return hintFor('certificateOutOfDate', { fingerprint })
    default:
      return hintFor('authorityUnknown', { fingerprint })
  }
}

function normalizeFingerprint(text: string): string {
  const digits = text.replace(/[:\s]/g, '').toUpperCase()
  if (!/^[0-9A-F]{64}$/.test(digits)) {
    throw new UsageError('tls.fingerprint256 must be a SHA-256 fingerprint: 64 hexadecimal digits.', {
      hint: 'A SHA-1 thumbprint (40 digits), as Windows shows it, is not enough.',
    })
  }
  return digits.replace(/..(?!$)/g, '$&:')
}

function secureContext({
  ca,
  cert,
  key,
  pfx,
  passphrase,
  minVersion,
  maxVersion,
}: TlsOptions): SecureContext {
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca: pem(ca) }),
      ...(cert === undefined ? {} : { cert: pem(cert) }),
      ...(key === undefined ? {} : { key: pem(key) }),
      ...(pfx === undefined ? {} : { pfx: Buffer.from(pfx) }),
      ...(passphrase === undefined ? {} : { passphrase }),
      minVersion: minVersion ?? 'TLSv1.2',
      ...(maxVersion === undefined ? {} : { maxVersion }),
    })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`The options in tls cannot be used: ${message}`, { cause })
  }
}

function pem(value: Pem | readonly Pem[]): (string | Buffer)[] {
  const parts = typeof value === 'string' || value instanceof Uint8Array ? [value] : value
  return parts.map((part) => (typeof part === 'string' ? part : Buffer.from(part)))
}
