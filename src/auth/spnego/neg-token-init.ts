import { context, der, DerReader, derOid, readOid, TAG } from '../asn1.js'
import { OID } from './oids.js'

/**
 * The initiator's first token: RFC 4178, section 4.2.1, in the frame of RFC 2743, section 3.1.
 *
 *     NegTokenInit ::= SEQUENCE {
 *       mechTypes [0] SEQUENCE OF OBJECT IDENTIFIER, reqFlags [1] BIT STRING OPTIONAL,
 *       mechToken [2] OCTET STRING OPTIONAL, mechListMIC [3] OCTET STRING OPTIONAL }
 */
export interface NegTokenInit {
  /** Object identifiers, the preferred one first. */
  readonly mechTypes: readonly string[]
  /** The element `mechTypes` as it is on the wire, which is what a mechListMIC is made over. */
  readonly mechTypesDer: Uint8Array
  /** The first token of the preferred mechanism. */
  readonly mechToken: Uint8Array | undefined
}

export function encodeMechTypes(oids: readonly string[]): Uint8Array {
  return der(TAG.sequence, ...oids.map(derOid))
}

export function encodeNegTokenInit({ mechTypesDer, mechToken }: Omit<NegTokenInit, 'mechTypes'>): Uint8Array {
  const fields = [der(context(0), mechTypesDer)]
  if (mechToken) fields.push(der(context(2), der(TAG.octetString, mechToken)))
  return der(TAG.application0, derOid(OID.spnego), der(context(0), der(TAG.sequence, ...fields)))
}

/** The mechanism that an initial token in the frame of RFC 2743 is for, undefined for another kind of token. */
export function framedMechanism(token: Uint8Array): string | undefined {
  if (token[0] !== TAG.application0) return undefined
  const frame = new DerReader(new DerReader(token).expect(TAG.application0).contents)
  return readOid(frame.expect(TAG.oid).contents)
}

/**
 * What follows the token is not read: a signature cannot be there yet, and hints of old servers mean nothing.
 * @throws ProtocolError
 */
export function decodeNegTokenInit(token: Uint8Array): NegTokenInit {
  const frame = new DerReader(new DerReader(token).expect(TAG.application0).contents)
  frame.expect(TAG.oid)
  const choice = new DerReader(frame.expect(context(0)).contents)
  const fields = new DerReader(choice.expect(TAG.sequence).contents)
  const list = new DerReader(fields.expect(context(0)).contents).expect(TAG.sequence)
  fields.optional(context(1))
  const mechToken = fields.optional(context(2))
  return {
    mechTypes: readMechTypes(list.contents),
    mechTypesDer: list.whole,
    mechToken: mechToken && new DerReader(mechToken.contents).expect(TAG.octetString).contents,
  }
}

function readMechTypes(contents: Uint8Array): string[] {
  const reader = new DerReader(contents)
  const oids: string[] = []
  while (!reader.atEnd) oids.push(readOid(reader.expect(TAG.oid).contents))
  return oids
}
