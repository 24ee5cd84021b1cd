import { X509Certificate } from 'node:crypto'
import { fingerprintsOf, type EndpointTls } from '../certificate.js'

/** The certificates of the machine that have their key: what listeners may show. */
export class CertificateStore {
  readonly #byThumbprint = new Map<string, EndpointTls>()

  /**
   * @returns the thumbprint: SHA-1, 40 hexadecimal digits
   * @throws UsageError for what is no certificate, or does not go with the key
   */
  add(tls: EndpointTls): string {
    const { thumbprint } = fingerprintsOf(tls)
    this.#byThumbprint.set(thumbprint, tls)
    return thumbprint
  }

  /** @param thumbprint in any letter case, with or without blanks, as tools show it */
  find(thumbprint: string): EndpointTls | undefined {
    return this.#byThumbprint.get(canonicalThumbprint(thumbprint))
  }

  /** The thumbprint of a certificate whose common name is the name of a host. */
  forHostname(hostname: string): string | undefined {
    const found = [...this.#byThumbprint].find(([, tls]) => isNamed(tls, hostname))
    return found?.[0]
  }
}

export const canonicalThumbprint = (text: string): string => text.replace(/\s/g, '').toUpperCase()

/** Whether the common name of the certificate is that of the host (MS-WSMV 3.1.4.1.29.5). */
export function isNamed({ cert }: EndpointTls, hostname: string): boolean {
  const names = new X509Certificate(cert).subject.split('\n').map((part) => part.toLowerCase())
  return names.includes(`cn=${hostname.toLowerCase()}`)
}
