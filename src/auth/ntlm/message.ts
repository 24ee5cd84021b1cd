import { ProtocolError } from '../../errors/errors.js'

/** `NTLMSSP` and a zero octet: what every message begins with. */
export const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1')

export const MESSAGE_TYPE = { negotiate: 1, challenge: 2, authenticate: 3 } as const

type MessageType = (typeof MESSAGE_TYPE)[keyof typeof MESSAGE_TYPE]

/** Whether a token is a message of NTLM, without a frame around it. */
export function isNtlmMessage(token: Uint8Array): boolean {
  return token.length >= SIGNATURE.length && SIGNATURE.equals(token.subarray(0, SIGNATURE.length))
}

/** Reads a message with checked bounds. Offsets are those of MS-NLMP 2.2.1. */
export class MessageReader {
  readonly #message: Buffer

  /** @throws ProtocolError when it is not a message of this type, or shorter than its header, as everything here does */
  constructor(message: Uint8Array, type: MessageType, headerLength: number) {
    this.#message = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
    if (!isNtlmMessage(message) || message.length < headerLength || this.uint32(8) !== type) {
      throw malformed(`is not an NTLM message of type ${type}`)
    }
  }

  get length(): number {
    return this.#message.length
  }

  uint32(offset: number): number {
    return this.octets(offset, 4).readUInt32LE()
  }

  octets(offset: number, length: number): Buffer {
    if (offset + length > this.#message.length) throw malformed('is cut off')
    return this.#message.subarray(offset, offset + length)
  }

  /** What the length and offset at `offset` point to. The offset of an empty field means nothing. */
  field(offset: number): Buffer {
    const length = this.octets(offset, 2).readUInt16LE()
    return length === 0 ? Buffer.alloc(0) : this.octets(this.uint32(offset + 4), length)
  }
}

/** Writes a message: its header in any order, then the payload in the order of the calls. */
export class MessageWriter {
  readonly #header: Buffer
  readonly #payload: Uint8Array[] = []
  #length: number

  constructor(type: MessageType, headerLength: number) {
    this.#header = Buffer.alloc(headerLength)
    this.#length = headerLength
    this.octets(0, SIGNATURE).uint32(8, type)
  }

  uint32(offset: number, value: number): this {
    this.#header.writeUInt32LE(value, offset)
    return this
  }

  octets(offset: number, octets: Uint8Array): this {
    this.#header.set(octets, offset)
    return this
  }

  /** Appends to the payload and writes its length and offset at `offset`. */
  field(offset: number, octets: Uint8Array): this {
    this.#header.writeUInt16LE(octets.length, offset)
    this.#header.writeUInt16LE(octets.length, offset + 2)
    this.#header.writeUInt32LE(this.#length, offset + 4)
    this.#payload.push(octets)
    this.#length += octets.length
    return this
  }

  finish(): Buffer {
    return Buffer.concat([this.#header, ...this.#payload])
  }
}

/**
 * VERSION (MS-NLMP 2.2.2.10) is for people who debug and changes nothing. Revision 15 is the only one there is.
 */
export const VERSION: Uint8Array = Uint8Array.of(10, 0, 0, 0, 0, 0, 0, 15)

/** Text as NTLM's messages and hashes carry it. */
export const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')

export function malformed(what: string): ProtocolError {
  return new ProtocolError(`The NTLM token of the peer ${what}.`)
}
