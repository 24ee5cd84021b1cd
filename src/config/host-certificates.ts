import { createHash, X509Certificate } from 'node:crypto'
import type { RemoteRegistry } from './registry.js'

/** The store of the machine's own certificates, as the registry keeps it. */
const STORE = String.raw`SOFTWARE\Microsoft\SystemCertificates\MY\Certificates`

/** Properties of a serialized certificate (wincrypt.h): where its private key is, and itself. */
const KEY_PROV_INFO = 2
const CERTIFICATE = 32
/** Id, a number that is always 1, and the length of what follows; all little-endian. */
const PROPERTY_HEADER = 12

const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1'

/** A certificate of the host, and why `winrm quickconfig` would not take it. */
export interface HostCertificate {
  /** SHA-1, 40 hexadecimal digits in capitals. */
  readonly thumbprint: string
  readonly subject: string
  /** The name a listener must have that shows it (MS-WSMV 3.1.4.1.29.5); empty for none. */
  readonly commonName: string
  readonly validTo: Date
  /**
   * What is wrong with it; empty for one that fits. Whether it was revoked, and whether the service may use its key,
   * cannot be told from here.
   */
  readonly complaints: readonly string[]
}

/** The complaint that nobody has about a certificate that was named. */
export const SELF_SIGNED = 'it is self-signed'

/**
 * The certificates in the store of the local machine, those first that will be valid longest.
 * @param hostname the name clients use, which the certificate must be for
 */
export async function readCertificates(
  registry: RemoteRegistry,
  hostname: string,
  now: Date,
): Promise<readonly HostCertificate[]> {
  const found: HostCertificate[] = []
  for (const name of await registry.keyNames(STORE)) {
    const blob = await registry.bytes(`${STORE}\\${name}`, 'Blob')
    const stored = blob && parseStored(blob)
    if (stored) found.push(judge(stored, hostname, now))
  }
  return found.sort((one, other) => other.validTo.getTime() - one.validTo.getTime())
}

interface Stored {
  readonly der: Buffer
  readonly hasKey: boolean
}

/** A sequence of properties, the certificate being one of them. @returns undefined for anything else */
export function parseStored(blob: Buffer): Stored | undefined {
  let der: Buffer | undefined
  let hasKey = false
  for (let offset = 0; offset + PROPERTY_HEADER <= blob.length;) {
    const id = blob.readUInt32LE(offset)
    const start = offset + PROPERTY_HEADER
    const end = start + blob.readUInt32LE(offset + 8)
    if (end > blob.length) return undefined
    if (id === CERTIFICATE) der = blob.subarray(start, end)
    if (id === KEY_PROV_INFO) hasKey = true
    offset = end
  }
  return der && { der, hasKey }
}

function judge({ der, hasKey }: Stored, hostname: string, now: Date): HostCertificate {
  const thumbprint = createHash('sha1').update(der).digest('hex').toUpperCase()
  const unreadable = { thumbprint, subject: '', commonName: '', validTo: new Date(0) }
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(der)
  } catch {
    return { ...unreadable, complaints: ['it cannot be read'] }
  }
  const validFrom = new Date(certificate.validFrom)
  const validTo = new Date(certificate.validTo)
  // No subject at all is undefined, whatever its type says.
  const parts = ((certificate.subject as string | undefined) ?? '').split('\n')
  const commonName = parts.find((part) => part.startsWith('CN='))?.slice(3) ?? ''
  // Undefined, whatever its type says, for a certificate that is for any use.
  const usages = certificate.keyUsage as readonly string[] | undefined
  const complaints = [
    ...(hasKey ? [] : ['it has no private key']),
    ...(validTo > now ? [] : [`it expired on ${day(validTo)}`]),
    ...(validFrom <= now ? [] : [`it is not valid before ${day(validFrom)}`]),
    ...((usages?.includes(SERVER_AUTHENTICATION) ?? true) ? [] : ['it is not for server authentication']),
    ...(certificate.checkIssued(certificate) ? [SELF_SIGNED] : []),
    ...(commonName.toLowerCase() === hostname.toLowerCase() ? [] : [`its common name is not ${hostname}`]),
    // Clients go by the alternative names, where there are some.
    ...(certificate.checkHost(hostname) === undefined ? [`it is not for the name ${hostname}`] : []),
  ]
  return { thumbprint, subject: parts.join(', '), commonName, validTo, complaints }
}

const day = (date: Date): string => date.toISOString().slice(0, 10)
