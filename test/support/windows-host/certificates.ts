import { X509Certificate } from 'node:crypto'
import { generate } from 'selfsigned'
import type { FakeRegistry } from './registry.js'

export interface Issued {
  readonly cert: string
  readonly key: string
  readonly thumbprint: string
  /** Who signed it, unless it is self-signed. */
  readonly authority: string
}

interface Facts {
  readonly name: string
  readonly serverAuth?: boolean
  readonly from?: Date
  readonly until?: Date
  /** Default: signed by an authority of its own. */
  readonly selfSigned?: boolean
  readonly alternativeName?: string
}

const COMMON = { keyType: 'ec', algorithm: 'sha256' } as const

/** A certificate as an authority makes it for a server. */
export async function issue(facts: Facts): Promise<Issued> {
  const { name, serverAuth = true, from, until, selfSigned = false, alternativeName = name } = facts
  const authority = await generate([{ name: 'commonName', value: 'Authority' }], {
    ...COMMON,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  const made = await generate([{ name: 'commonName', value: name }], {
    ...COMMON,
    ...(from ? { notBeforeDate: from } : {}),
    ...(until ? { notAfterDate: until } : {}),
    ...(selfSigned ? {} : { ca: { key: authority.private, cert: authority.cert } }),
    extensions: [
      { name: 'extKeyUsage', serverAuth, clientAuth: !serverAuth },
      { name: 'subjectAltName', altNames: [{ type: 2, value: alternativeName }] },
    ],
  })
  return {
    cert: made.cert,
    key: made.private,
    thumbprint: thumbprintOf(made.cert),
    authority: authority.cert,
  }
}

export const thumbprintOf = (cert: string): string =>
  new X509Certificate(cert).fingerprint.replaceAll(':', '')

/** Puts a certificate where Windows keeps those of the machine, in the form of CertSerializeCertificateStoreElement. */
export function store(registry: FakeRegistry, { cert, thumbprint }: Issued, hasKey = true): void {
  const property = (id: number, value: Buffer): Buffer => {
    const header = Buffer.alloc(12)
    header.writeUInt32LE(id)
    header.writeUInt32LE(1, 4)
    header.writeUInt32LE(value.length, 8)
    return Buffer.concat([header, value])
  }
  const blob = Buffer.concat([
    property(3, Buffer.from(thumbprint, 'hex')),
    ...(hasKey ? [property(2, Buffer.from('container', 'utf16le'))] : []),
    property(32, new X509Certificate(cert).raw),
  ])
  registry.set(
    String.raw`SOFTWARE\Microsoft\SystemCertificates\MY\Certificates` + `\\${thumbprint}`,
    'Blob',
    blob,
  )
}
