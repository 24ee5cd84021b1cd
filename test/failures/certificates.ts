import { X509Certificate } from 'node:crypto'
import { generate } from 'selfsigned'

export interface Pair {
  readonly cert: string
  readonly key: string
  readonly fingerprint: string
}

export type Certificate = 'selfSigned' | 'unknownAuthority' | 'expired' | 'notYetValid' | 'anotherName'

interface Wanted {
  readonly name?: string
  readonly ca?: Pair
  readonly from?: string
  readonly to?: string
  readonly authority?: boolean
}

async function make({ name = '127.0.0.1', ca, from, to, authority = false }: Wanted): Promise<Pair> {
  const own = name === '127.0.0.1' ? { type: 7 as const, ip: name } : { type: 2 as const, value: name }
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(ca && { ca }),
    ...(from !== undefined && { notBeforeDate: new Date(from) }),
    ...(to !== undefined && { notAfterDate: new Date(to) }),
    extensions: [
      { name: 'basicConstraints', cA: authority, critical: true },
      { name: 'subjectAltName', altNames: [own] },
    ],
  })
  return { cert: made.cert, key: made.private, fingerprint: new X509Certificate(made.cert).fingerprint256 }
}

async function makeAll(): Promise<Readonly<Record<Certificate | 'authority', Pair>>> {
  const authority = await make({ name: 'Authority', authority: true })
  return {
    authority,
    selfSigned: await make({}),
    unknownAuthority: await make({ ca: await make({ name: 'Nobody', authority: true }) }),
    expired: await make({ ca: authority, from: '2001-01-01', to: '2002-01-01' }),
    notYetValid: await make({ ca: authority, from: '2040-01-01', to: '2041-01-01' }),
    anotherName: await make({ ca: authority, name: 'server02.example.com' }),
  }
}

let made: ReturnType<typeof makeAll> | undefined

/** Certificates of a server at 127.0.0.1, made once. */
export const certificates = (): ReturnType<typeof makeAll> => (made ??= makeAll())
