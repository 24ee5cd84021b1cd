import { MESSAGE_TYPE, MessageReader, MessageWriter } from './message.js'

/**
 * NEGOTIATE_MESSAGE, what the client can do: MS-NLMP 2.2.1.1.
 *
 *     0 signature, 8 type, 12 flags, 16 domain, 24 workstation, 32 version, 40 payload
 *
 * Domain and workstation would travel in the OEM character set; they stay empty, as they must where a version is sent.
 */
export interface NegotiateMessage {
  readonly flags: number
}

export function encodeNegotiate(message: NegotiateMessage, version: Uint8Array): Buffer {
  return new MessageWriter(MESSAGE_TYPE.negotiate, 40)
    .uint32(12, message.flags)
    .field(16, new Uint8Array())
    .field(24, new Uint8Array())
    .octets(32, version)
    .finish()
}

/** Old clients send the flags and nothing more. */
export function decodeNegotiate(token: Uint8Array): NegotiateMessage {
  return { flags: new MessageReader(token, MESSAGE_TYPE.negotiate, 16).uint32(12) }
}
