import { der, DerReader, TAG } from '../asn1.js'
import {
  integerField,
  malformed,
  octetsField,
  requiredInteger,
  requiredOctets,
  soleElement,
} from './der-fields.js'

/** What TSPasswordCreds says (MS-CSSP 2.2.1.2.1), text in UTF-16LE. */
export interface PasswordCredential {
  readonly domain: Uint8Array
  readonly user: Uint8Array
  readonly password: Uint8Array
}

const CRED_TYPE_PASSWORD = 1

/**
 * `TSCredentials ::= SEQUENCE { credType [0] INTEGER, credentials [1] OCTET STRING }`, and in the latter
 * `TSPasswordCreds ::= SEQUENCE { domainName [0] OCTET STRING, userName [1] OCTET STRING, password [2] OCTET STRING }`.
 * The caller overwrites what is returned once it is sealed.
 */
export function encodePasswordCredential({ domain, user, password }: PasswordCredential): Uint8Array {
  const credential = derOverwriting(
    TAG.sequence,
    octetsField(0, domain),
    octetsField(1, user),
    // A copy, so that the caller's is not overwritten.
    octetsField(2, Uint8Array.from(password), derOverwriting),
  )
  return derOverwriting(
    TAG.sequence,
    integerField(0, CRED_TYPE_PASSWORD),
    octetsField(1, credential, derOverwriting),
  )
}

/**
 * The fields are views of the octets given.
 * @throws ProtocolError for what is malformed, and for smart cards and Remote Guard
 */
export function decodePasswordCredential(octets: Uint8Array): PasswordCredential {
  const outer = new DerReader(soleElement(octets, TAG.sequence).contents)
  const type = requiredInteger(outer, 0)
  if (type !== CRED_TYPE_PASSWORD)
    throw malformed(`delegates credentials of type ${type} instead of a password`)
  const fields = new DerReader(soleElement(requiredOctets(outer, 1), TAG.sequence).contents)
  return {
    domain: requiredOctets(fields, 0),
    user: requiredOctets(fields, 1),
    password: requiredOctets(fields, 2),
  }
}

/** Each element is made from copies; here the contents do not outlive that. */
function derOverwriting(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const element = der(tag, ...contents)
  for (const part of contents) part.fill(0)
  return element
}
