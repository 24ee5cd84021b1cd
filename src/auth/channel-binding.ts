import { createHash } from 'node:crypto'
import { context, DerReader, readOid, TAG, type DerElement } from './asn1.js'

/**
 * The application data of the channel binding `tls-server-end-point`: its name, a colon and the hash of the server's
 * certificate (RFC 5929, section 4). The hash is the one that the certificate is signed with, and SHA-256 where that
 * is MD5 or SHA-1. It is SHA-256 as well where the signature names no hash, as with Ed25519: RFC 5929 is silent about
 * that, and other clients of WinRM do it so.
 * @param certificate in DER
 * @throws ProtocolError when the certificate is not DER
 */
export function tlsServerEndPoint(certificate: Uint8Array): Uint8Array {
  const hash = signatureHash(certificate)
  const used = hash === undefined || hash === 'md5' || hash === 'sha1' ? 'sha256' : hash
  return Buffer.concat([Buffer.from('tls-server-end-point:'), createHash(used).update(certificate).digest()])
}

/** `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm, parameters }, signature }` */
function signatureHash(certificate: Uint8Array): string | undefined {
  const fields = within(new DerReader(certificate).expect(TAG.sequence))
  fields.expect(TAG.sequence)
  const algorithm = within(fields.expect(TAG.sequence))
  const oid = readOid(algorithm.expect(TAG.oid).contents)
  return oid === RSASSA_PSS ? pssHash(algorithm) : SIGNATURE_HASHES[oid]
}

/** `RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, ... }` (RFC 4055, 3.1) */
function pssHash(algorithm: DerReader): string | undefined {
  if (algorithm.atEnd) return 'sha1'
  const hash = within(algorithm.expect(TAG.sequence)).optional(context(0))
  if (!hash) return 'sha1'
  const oid = readOid(within(within(hash).expect(TAG.sequence)).expect(TAG.oid).contents)
  return HASHES[oid]
}

const within = ({ contents }: DerElement): DerReader => new DerReader(contents)

const RSASSA_PSS = '1.2.840.113549.1.1.10'

const HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.5': 'md5',
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.7': 'sha3-224',
  '2.16.840.1.101.3.4.2.8': 'sha3-256',
  '2.16.840.1.101.3.4.2.9': 'sha3-384',
  '2.16.840.1.101.3.4.2.10': 'sha3-512',
}

/** RFC 3279, RFC 4055, RFC 5758, and NIST's arcs for SHA-2 with DSA and for SHA-3. */
const SIGNATURE_HASHES: Readonly<Record<string, string>> = {
  // RSA
  '1.2.840.113549.1.1.4': 'md5',
  '1.2.840.113549.1.1.5': 'sha1',
  '1.3.14.3.2.29': 'sha1',
  '1.2.840.113549.1.1.14': 'sha224',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '2.16.840.1.101.3.4.3.13': 'sha3-224',
  '2.16.840.1.101.3.4.3.14': 'sha3-256',
  '2.16.840.1.101.3.4.3.15': 'sha3-384',
  '2.16.840.1.101.3.4.3.16': 'sha3-512',
  // ECDSA
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '2.16.840.1.101.3.4.3.9': 'sha3-224',
  '2.16.840.1.101.3.4.3.10': 'sha3-256',
  '2.16.840.1.101.3.4.3.11': 'sha3-384',
  '2.16.840.1.101.3.4.3.12': 'sha3-512',
  // DSA
  '1.2.840.10040.4.3': 'sha1',
  '2.16.840.1.101.3.4.3.1': 'sha224',
  '2.16.840.1.101.3.4.3.2': 'sha256',
  '2.16.840.1.101.3.4.3.3': 'sha384',
  '2.16.840.1.101.3.4.3.4': 'sha512',
}
