import type { SecurityContext } from '../security-context.js'
import { malformed } from './der-fields.js'

/** The authentication inside of CredSSP. */
export interface InnerContext extends SecurityContext {
  /**
   * Whether it can seal although the peer's last word is still due. A client that binds to the public key sends that
   * with its last token, whatever the peer answers to it (MS-CSSP 3.1.5, step 2). Default: `complete`.
   */
  readonly sealable?: boolean
}

/** `pubKeyAuth` and `authInfo` carry the signature and then the encrypted data (MS-CSSP 2.2.1). */
export interface SealedOctets {
  readonly octets: Uint8Array
  readonly signatureLength: number
}

export async function sealOctets(inner: SecurityContext, octets: Uint8Array): Promise<SealedOctets> {
  const { signature, data } = await inner.seal(octets)
  return { octets: Buffer.concat([signature, data]), signatureLength: signature.length }
}

/**
 * @param signatureLength the same for every message of both sides
 * @throws ProtocolError when the peer did not seal it
 */
export async function unsealOctets(
  inner: SecurityContext,
  sealed: Uint8Array,
  signatureLength: number,
): Promise<Uint8Array> {
  if (signatureLength < 0 || signatureLength > sealed.length)
    throw malformed('holds sealed data that is too short')
  return inner.unseal({
    signature: sealed.subarray(0, signatureLength),
    data: sealed.subarray(signatureLength),
  })
}
