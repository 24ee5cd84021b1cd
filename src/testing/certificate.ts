import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { UsageError } from '../errors/errors.js'

/** Certificate and key of an HTTPS listener, in PEM. */
export interface EndpointTls {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  /** Where the key is encrypted. */
  readonly passphrase?: string
  /** Who may have signed client certificates, in PEM. Default: anybody; the certificates themselves are told apart. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
}

export interface Fingerprints {
  /** SHA-256 in the form of `tls.fingerprint256`: pairs of hexadecimal digits with colons. */
  readonly fingerprint256: string
  /** SHA-1, 40 hexadecimal digits, as Windows shows thumbprints. */
  readonly thumbprint: string
}

/** Makes a certificate for the names and addresses of this machine's loopback, valid for a year. */
export async function makeCertificate(hostname: string): Promise<EndpointTls> {
  // Most endpoints listen on HTTP, and this takes longer to load than the rest of the endpoint.
  const { generate } = await import('selfsigned')
  const names = [...new Set(['localhost', hostname])]
  const made = await generate([{ name: 'commonName', value: hostname }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2, value }) as const),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  return { cert: made.cert, key: made.private }
}

/** What node:tls makes of it. */
export function secureContext({ ca, ...tls }: EndpointTls): SecureContextOptions {
  return ca === undefined ? tls : { ...tls, ca: [ca].flat() }
}

/** @throws UsageError for what is no certificate, or does not go with the key */
export function fingerprintsOf(tls: EndpointTls): Fingerprints {
  try {
    createSecureContext(secureContext(tls))
    const { fingerprint, fingerprint256 } = new X509Certificate(tls.cert)
    return { fingerprint256, thumbprint: fingerprint.replaceAll(':', '') }
  } catch (cause) {
    throw new UsageError('The tls.cert and tls.key of a listener must be a certificate and its key in PEM.', {
      cause,
    })
  }
}
