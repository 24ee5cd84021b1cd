import { context, DerReader, TAG } from '../asn1.js'
import { malformed, soleElement } from './der-fields.js'

/**
 * The contents of SubjectPublicKey, which CredSSP binds to: an RSAPublicKey, or a point of a curve, without the
 * algorithm in front (MS-CSSP 3.1.5).
 * @param certificate in DER
 * @throws ProtocolError when it is no certificate
 */
export function subjectPublicKey(certificate: Uint8Array): Uint8Array {
  const whole = new DerReader(soleElement(certificate, TAG.sequence).contents)
  const fields = new DerReader(whole.expect(TAG.sequence).contents)
  fields.optional(context(0)) // version
  fields.next() // serialNumber
  for (let skipped = 0; skipped < 4; skipped++) fields.expect(TAG.sequence) // signature, issuer, validity, subject
  const info = new DerReader(fields.expect(TAG.sequence).contents)
  info.expect(TAG.sequence) // algorithm
  const bits = info.expect(TAG.bitString).contents
  if (bits[0] !== 0 || bits.length === 1) throw malformed('holds a public key that is not whole octets')
  return bits.subarray(1)
}
