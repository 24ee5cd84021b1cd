import type { Challenge } from './www-authenticate.js'

/** A Digest challenge that can be answered (RFC 7616, 3.3). Text is as it came, one character for each byte. */
export interface DigestChallenge {
  readonly realm: string
  readonly nonce: string
  readonly opaque: string | undefined
  /** As the server wrote it; absent in the form of RFC 2069, where it means MD5. */
  readonly algorithm: string | undefined
  readonly hash: DigestHash
  /** Whether the first nonces go into the key (`-sess`). */
  readonly session: boolean
  /** Absent in the form of RFC 2069. */
  readonly qop: 'auth' | 'auth-int' | undefined
  /** Whether the user name may be sent hashed. */
  readonly userhash: boolean
  /** Whether names that are not ASCII are UTF-8 (RFC 7616, 4). */
  readonly utf8: boolean
  /** The credential may be right, and the nonce was too old. */
  readonly stale: boolean
}

/** Names of node:crypto. */
export type DigestHash = 'sha256' | 'sha512-256' | 'md5'

/** Strongest first; what every implementation must have goes before its longer relative. */
const HASHES: readonly (readonly [name: string, hash: DigestHash])[] = [
  ['SHA-256', 'sha256'],
  ['SHA-512-256', 'sha512-256'],
  ['MD5', 'md5'],
]

/** The strongest challenge of Digest that this package can answer. */
export function selectDigest(challenges: readonly Challenge[]): DigestChallenge | undefined {
  const known = challenges.flatMap((challenge) => readDigest(challenge) ?? [])
  const rank = ({ hash }: DigestChallenge): number => HASHES.findIndex(([, name]) => name === hash)
  return known.sort((one, other) => rank(one) - rank(other))[0]
}

function readDigest({ scheme, parameters }: Challenge): DigestChallenge | undefined {
  if (scheme.toLowerCase() !== 'digest') return undefined
  const [realm, nonce] = [parameters.get('realm'), parameters.get('nonce')]
  const algorithm = parameters.get('algorithm')
  const [, name = '', suffix] = /^(.*?)(-sess)?$/i.exec(algorithm ?? 'MD5') ?? []
  const hash = HASHES.find(([known]) => known === name.toUpperCase())?.[1]
  const qops = parameters
    .get('qop')
    ?.toLowerCase()
    .split(/[\s,]+/)
  // Those who could change a body could change the challenge as well, so the one that is widely implemented is better.
  const qop = (['auth', 'auth-int'] as const).find((known) => qops?.includes(known))
  if (realm === undefined || nonce === undefined || hash === undefined) return undefined
  if (qop === undefined && (qops !== undefined || suffix !== undefined)) return undefined
  // What cannot be in a header cannot be said back.
  if (/[^\t\x20-\x7e\x80-\xff]/.test(`${realm}${nonce}${parameters.get('opaque') ?? ''}`)) return undefined
  return {
    realm,
    nonce,
    opaque: parameters.get('opaque'),
    algorithm,
    hash,
    session: suffix !== undefined,
    qop,
    userhash: isTrue(parameters.get('userhash')),
    utf8: parameters.get('charset')?.toUpperCase() === 'UTF-8',
    stale: isTrue(parameters.get('stale')),
  }
}

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true'
}
