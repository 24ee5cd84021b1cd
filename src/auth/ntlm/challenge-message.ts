import { type AvPair, decodeAvPairs, encodeAvPairs } from './av-pairs.js'
import { FLAG, has } from './flags.js'
import { MESSAGE_TYPE, MessageReader, MessageWriter, utf16 } from './message.js'

/**
 * CHALLENGE_MESSAGE, what the server chose: MS-NLMP 2.2.1.2.
 *
 *     0 signature, 8 type, 12 target name, 20 flags, 24 challenge, 32 reserved, 40 target info, 48 version, 56 payload
 */
export interface ChallengeMessage {
  readonly flags: number
  /** 8 octets. */
  readonly serverChallenge: Uint8Array
  /** The server's domain, or its own name where it has none. */
  readonly targetName: string
  readonly targetInfo: readonly AvPair[]
}

export function encodeChallenge(message: ChallengeMessage, version: Uint8Array): Buffer {
  const text = has(message.flags, FLAG.unicode) ? utf16 : latin1
  return new MessageWriter(MESSAGE_TYPE.challenge, 56)
    .field(12, text(message.targetName))
    .uint32(20, message.flags)
    .octets(24, message.serverChallenge)
    .field(40, encodeAvPairs(message.targetInfo))
    .octets(48, version)
    .finish()
}

/** Without a version the payload may begin at 48. */
export function decodeChallenge(token: Uint8Array): ChallengeMessage {
  const reader = new MessageReader(token, MESSAGE_TYPE.challenge, 32)
  const flags = reader.uint32(20)
  return {
    flags,
    serverChallenge: Buffer.from(reader.octets(24, 8)),
    targetName: reader.field(12).toString(has(flags, FLAG.unicode) ? 'utf16le' : 'latin1'),
    targetInfo: has(flags, FLAG.targetInfo) ? decodeAvPairs(reader.field(40)) : [],
  }
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
