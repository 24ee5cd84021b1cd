import { ProtocolError } from '../errors/errors.js'

/** Tags of X.690 as whole octets: class, constructed bit and number. */
export const TAG = {
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  sequence: 0x30,
  /** `[APPLICATION 0]`, constructed: the frame of an initial GSSAPI token (RFC 2743, 3.1). */
  application0: 0x60,
} as const

/** `[number]`, constructed. */
export const context = (number: number): number => 0xa0 | number

export interface DerElement {
  readonly tag: number
  readonly contents: Uint8Array
  /** The element with its tag and length, as it came. */
  readonly whole: Uint8Array
}

/** Reads the elements that stand side by side in some octets. Nothing is allocated by what a length claims. */
export class DerReader {
  readonly #octets: Uint8Array
  #position = 0

  constructor(octets: Uint8Array) {
    this.#octets = octets
  }

  get atEnd(): boolean {
    return this.#position >= this.#octets.length
  }

  /** @throws ProtocolError when no whole element follows, as everything here does */
  next(): DerElement {
    const start = this.#position
    const tag = this.#octet()
    if ((tag & 0x1f) === 0x1f) throw malformed('has a tag of several octets')
    const length = this.#length()
    const end = this.#position + length
    if (end > this.#octets.length) throw malformed('is cut off')
    const contents = this.#octets.subarray(this.#position, end)
    this.#position = end
    return { tag, contents, whole: this.#octets.subarray(start, end) }
  }

  expect(tag: number): DerElement {
    const element = this.next()
    if (element.tag !== tag) {
      throw malformed(`holds tag 0x${element.tag.toString(16)} where 0x${tag.toString(16)} is due`)
    }
    return element
  }

  /** The next element where it has this tag. */
  optional(tag: number): DerElement | undefined {
    return this.#octets[this.#position] === tag ? this.next() : undefined
  }

  #octet(): number {
    const octet = this.#octets[this.#position++]
    if (octet === undefined) throw malformed('is cut off')
    return octet
  }

  /** Long forms that DER would write shorter are taken: some peers reserve four octets for every length. */
  #length(): number {
    const first = this.#octet()
    if (first < 0x80) return first
    const count = first & 0x7f
    if (count === 0 || count > 4) throw malformed('has a length that is indefinite or too long')
    let length = 0
    for (let index = 0; index < count; index++) length = length * 256 + this.#octet()
    return length
  }
}

/** One element from its tag and contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Uint8Array.of(tag, ...lengthOctets(length)), ...contents])
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff)
  return [0x80 | octets.length, ...octets]
}

/** An object identifier as an element. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  return der(TAG.oid, Uint8Array.from([first * 40 + second, ...others].flatMap(base128)))
}

/** The contents of an object identifier as dotted text. */
export function readOid(contents: Uint8Array): string {
  const arcs: number[] = []
  let arc = 0
  for (const [index, octet] of contents.entries()) {
    arc = arc * 128 + (octet & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER) throw malformed('holds an object identifier with a number too large')
    if (octet < 0x80) {
      arcs.push(arc)
      arc = 0
    } else if (index === contents.length - 1) throw malformed('holds an object identifier that is cut off')
  }
  const [head, ...others] = arcs
  if (head === undefined) throw malformed('holds an empty object identifier')
  const first = Math.min(Math.floor(head / 40), 2)
  return [first, head - first * 40, ...others].join('.')
}

function base128(arc: number): number[] {
  const octets = [arc & 0x7f]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift(0x80 | (rest & 0x7f))
  }
  return octets
}

function malformed(what: string): ProtocolError {
  return new ProtocolError(`The peer sent ASN.1 that ${what}.`)
}
