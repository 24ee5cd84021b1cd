import { ProtocolError } from '../../errors/errors.js'
import { context, der, DerReader, TAG, type DerElement } from '../asn1.js'

/**
 * CredSSP's structures are sequences whose fields each have a tag of their own around the element (MS-CSSP 2.2.1):
 * `SEQUENCE { version [0] INTEGER, … }`.
 */

const TAG_INTEGER = 0x02

/** Makes one element from its tag and contents. */
export type Encode = (tag: number, ...contents: readonly Uint8Array[]) => Uint8Array

export function octetsField(number: number, octets: Uint8Array, encode: Encode = der): Uint8Array {
  return encode(context(number), encode(TAG.octetString, octets))
}

/** @param value of 32 bits, with or without sign: it travels as a signed number, as NTSTATUS codes do */
export function integerField(number: number, value: number): Uint8Array {
  const octets = Buffer.alloc(4)
  octets.writeInt32BE(value | 0)
  let start = 0
  while (start < 3 && saysNoMore(octets[start], octets[start + 1])) start++
  return der(context(number), der(TAG_INTEGER, octets.subarray(start)))
}

/** DER leaves out an octet that only repeats the sign of the next one. */
const saysNoMore = (octet = 0, next = 0): boolean => octet === (next < 0x80 ? 0x00 : 0xff)

/** The one element that the octets consist of. @throws ProtocolError for anything else, as everything here does */
export function soleElement(octets: Uint8Array, tag: number): DerElement {
  const reader = new DerReader(octets)
  const element = reader.expect(tag)
  if (!reader.atEnd) throw malformed('goes on behind its end')
  return element
}

export function optionalField(fields: DerReader, number: number, tag: number): Uint8Array | undefined {
  const field = fields.optional(context(number))
  return field && soleElement(field.contents, tag).contents
}

export function optionalOctets(fields: DerReader, number: number): Uint8Array | undefined {
  return optionalField(fields, number, TAG.octetString)
}

export function requiredOctets(fields: DerReader, number: number): Uint8Array {
  return required(optionalOctets(fields, number), number)
}

/** The value modulo 2^32, because NTSTATUS codes come with a sign as well as with an octet of zeros in front. */
export function optionalInteger(fields: DerReader, number: number): number | undefined {
  const contents = optionalField(fields, number, TAG_INTEGER)
  if (!contents) return undefined
  const [first, ...others] = contents
  if (first === undefined) throw malformed('holds a number without digits')
  if (contents.length > 5 || (contents.length === 5 && first !== 0))
    throw malformed('holds a number too large')
  const signed = first < 0x80 ? first : first - 0x100
  return others.reduce((value, octet) => (value << 8) | octet, signed) >>> 0
}

export function requiredInteger(fields: DerReader, number: number): number {
  return required(optionalInteger(fields, number), number)
}

function required<T>(value: T | undefined, number: number): T {
  if (value === undefined) throw malformed(`lacks its field [${number}]`)
  return value
}

/** A structure of CredSSP that is not as it must be. */
export function malformed(what: string): ProtocolError {
  return new ProtocolError(`The peer sent a message of CredSSP that ${what}.`)
}
