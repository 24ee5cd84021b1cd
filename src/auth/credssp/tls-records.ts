import { ProtocolError } from '../../errors/errors.js'

/** The most plaintext that one TLS record carries (RFC 8446, 5.1). */
export const MAX_PLAINTEXT = 16_384

/** Type, version and length (RFC 5246, 6.2.1). */
const HEADER_LENGTH = 5

/** What encryption may add to a record (RFC 5246, 6.2.3; RFC 8446 allows less). */
const MAX_EXPANSION = 2048

/** @throws ProtocolError unless the octets are TLS records, all of them whole */
export function requireWholeRecords(octets: Uint8Array): void {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  let offset = 0
  while (offset < octets.length) {
    if (octets.length - offset < HEADER_LENGTH) throw malformed('is cut off')
    if (view.getUint8(offset + 1) !== 3) throw malformed('is of no version of TLS')
    const length = view.getUint16(offset + 3)
    if (length > MAX_PLAINTEXT + MAX_EXPANSION) throw malformed('is too long')
    offset += HEADER_LENGTH + length
  }
  if (offset > octets.length) throw malformed('is cut off')
}

/**
 * The length of what follows the encrypted data in a record that carries `plaintextLength` octets, as SSPI's
 * `cbTrailer` counts it: authentication tag, MAC and padding, and the content type of TLS 1.3. Taken from the record,
 * because a MAC over the ciphertext (RFC 7366) changes the padding.
 * @param cipher the name in IANA's registry: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`
 */
export function trailerLength(record: Uint8Array, plaintextLength: number, cipher: string): number {
  return record.length - HEADER_LENGTH - explicitNonceLength(cipher) - plaintextLength
}

/** What TLS 1.2 puts in front of the encrypted data: nothing for ChaCha20 (RFC 7905), and nothing in TLS 1.3. */
function explicitNonceLength(cipher: string): number {
  if (cipher.includes('_CBC_')) return cipher.includes('3DES') ? 8 : 16
  // The names of TLS 1.3 do not tell the key exchange: TLS_AES_128_GCM_SHA256.
  return /_WITH_.*_[GC]CM/.test(cipher) ? 8 : 0
}

function malformed(what: string): ProtocolError {
  return new ProtocolError(`The peer sent a TLS record that ${what}.`)
}
