import { FLAG, has } from './flags.js'
import { MESSAGE_TYPE, MessageReader, MessageWriter, utf16 } from './message.js'

/**
 * AUTHENTICATE_MESSAGE, the client's proof: MS-NLMP 2.2.1.3.
 *
 *     0 signature, 8 type, 12 LM response, 20 NT response, 28 domain, 36 user, 44 workstation, 52 session key, 60 flags,
 *     64 version, 72 MIC, 88 payload; without a MIC the payload begins at 72
 */
export interface AuthenticateMessage {
  readonly flags: number
  readonly domain: string
  readonly user: string
  readonly workstation: string
  readonly lmResponse: Uint8Array
  readonly ntResponse: Uint8Array
  /** Empty where no key is exchanged. */
  readonly encryptedSessionKey: Uint8Array
}

const MIC_OFFSET = 72
const MIC_LENGTH = 16

/** @param withMic leaves room for a MIC, all zeros until `writeMic` fills it */
export function encodeAuthenticate(
  message: AuthenticateMessage,
  version: Uint8Array,
  withMic: boolean,
): Buffer {
  return new MessageWriter(MESSAGE_TYPE.authenticate, withMic ? MIC_OFFSET + MIC_LENGTH : MIC_OFFSET)
    .field(28, utf16(message.domain))
    .field(36, utf16(message.user))
    .field(44, utf16(message.workstation))
    .field(12, message.lmResponse)
    .field(20, message.ntResponse)
    .field(52, message.encryptedSessionKey)
    .uint32(60, message.flags)
    .octets(64, version)
    .finish()
}

/** Old clients send no version, and the oldest no flags; the latter are not served. */
export function decodeAuthenticate(token: Uint8Array): AuthenticateMessage {
  const reader = new MessageReader(token, MESSAGE_TYPE.authenticate, 64)
  const flags = reader.uint32(60)
  const text = (offset: number): string =>
    reader.field(offset).toString(has(flags, FLAG.unicode) ? 'utf16le' : 'latin1')
  return {
    flags,
    domain: text(28),
    user: text(36),
    workstation: text(44),
    lmResponse: reader.field(12),
    ntResponse: reader.field(20),
    encryptedSessionKey: reader.field(52),
  }
}

export function writeMic(token: Buffer, mic: Uint8Array): void {
  token.set(mic, MIC_OFFSET)
}

/** The MIC of a received message, and the message as it was when the MIC was made over it. */
export function splitMic(token: Uint8Array): { mic: Uint8Array; withoutMic: Uint8Array } {
  const mic = new MessageReader(token, MESSAGE_TYPE.authenticate, MIC_OFFSET).octets(MIC_OFFSET, MIC_LENGTH)
  const withoutMic = Buffer.from(token)
  withoutMic.fill(0, MIC_OFFSET, MIC_OFFSET + MIC_LENGTH)
  return { mic, withoutMic }
}
