import { createHash, timingSafeEqual } from 'node:crypto'

/** The versions of the protocol (MS-CSSP 2.2.1). */
export type CredSspVersion = 2 | 3 | 4 | 5 | 6

export const NONCE_LENGTH = 32

/** From this version on a hash is bound to, with a nonce of the client's (CVE-2018-0886). */
export const FIRST_WITH_NONCE = 5

/** What the two sides seal in `pubKeyAuth` to prove which public key they see in TLS. */
export interface KeyBinding {
  readonly fromClient: Uint8Array
  readonly fromServer: Uint8Array
}

/** MS-CSSP 3.1.5, steps 3 and 4. */
export function keyBinding(version: number, publicKey: Uint8Array, nonce: Uint8Array): KeyBinding {
  if (version < FIRST_WITH_NONCE) return { fromClient: publicKey, fromServer: firstOctetRaised(publicKey) }
  const hash = (direction: string): Buffer =>
    createHash('sha256')
      .update(`CredSSP ${direction} Binding Hash\0`)
      .update(nonce)
      .update(publicKey)
      .digest()
  return { fromClient: hash('Client-To-Server'), fromServer: hash('Server-To-Client') }
}

function firstOctetRaised(publicKey: Uint8Array): Uint8Array {
  const raised = Uint8Array.from(publicKey)
  raised[0] = (raised[0] ?? 0) + 1
  return raised
}

export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
