import { X509Certificate } from 'node:crypto'
import { UsageError } from '../../errors/errors.js'

type Pem = string | Buffer

/** The authorities that the machine trusts to sign client certificates. */
export class CertificateAuthorities {
  readonly #byThumbprint: ReadonlyMap<string, X509Certificate>

  /**
   * @param given certificates in PEM, of which one text may hold several
   * @throws UsageError for what is no certificate
   */
  constructor(given: readonly Pem[]) {
    const all = given.flatMap(certificatesIn)
    this.#byThumbprint = new Map(all.map((one) => [thumbprintOf(one), one]))
  }

  /** @param thumbprint SHA-1, 40 hexadecimal digits in upper case */
  has(thumbprint: string): boolean {
    return this.#byThumbprint.has(thumbprint)
  }

  /** The thumbprint of the authority that signed a certificate which is valid now. */
  issuerOf(certificate: X509Certificate): string | undefined {
    const now = Date.now()
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) return undefined
    const found = [...this.#byThumbprint].find(
      ([, authority]) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    )
    return found?.[0]
  }
}

const thumbprintOf = ({ fingerprint }: X509Certificate): string => fingerprint.replaceAll(':', '')

function certificatesIn(pem: Pem): readonly X509Certificate[] {
  const blocks = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
  const found = String(pem).match(blocks) ?? []
  try {
    if (found.length === 0) throw new Error('There is no certificate in it.')
    return found.map((block) => new X509Certificate(block))
  } catch (cause) {
    throw new UsageError('The authorities of the endpoint must be certificates in PEM.', { cause })
  }
}

/**
 * What a certificate is called in mappings: its user principal names and DNS names, and the common names of its subject
 * (MS-WSMV 3.1.4.1.29.3, and `winrm help certmapping`).
 */
export function subjectsOf({ subject, subjectAltName = '' }: X509Certificate): readonly string[] {
  const common = subject.split('\n').flatMap((line) => (line.startsWith('CN=') ? [line.slice(3)] : []))
  const alternatives = [...subjectAltName.matchAll(ALTERNATIVE_NAME)].flatMap(([, kind = '', text = '']) => {
    const value = text.startsWith('"') ? String(JSON.parse(text)) : text
    if (kind === 'DNS') return [value]
    return kind === 'othername' && value.startsWith('UPN:') ? [value.slice(4)] : []
  })
  return [...alternatives, ...common]
}

/** As Node writes them, values in quotation marks where they hold anything that could be taken for another name. */
const ALTERNATIVE_NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g
