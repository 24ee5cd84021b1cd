import { createHash, createHmac } from 'node:crypto'
import { md4 } from '../crypto/md4.js'
import { type AvPair, decodeAvPairs, encodeAvPairs } from './av-pairs.js'
import { malformed, utf16 } from './message.js'
import { upperCase } from './upper-case.js'

/** What both sides know of one exchange, besides the key. */
export interface ChallengePair {
  readonly serverChallenge: Uint8Array
  readonly clientChallenge: Uint8Array
}

/** The hash that stands for the password: NTOWFv1 of MS-NLMP 3.3.1. */
export function ntHash(password: string): Uint8Array {
  const text = utf16(password)
  const hash = md4(text)
  text.fill(0)
  return hash
}

/** The key the responses are made with: NTOWFv2 of MS-NLMP 3.3.2. */
export function responseKey(hash: Uint8Array, user: string, domain: string): Buffer {
  return hmacMd5(hash, utf16(upperCase(user) + domain))
}

/** NTLMv2_CLIENT_CHALLENGE, `temp` in MS-NLMP 3.3.2: what the client adds to the server's challenge. */
export function encodeClientChallenge(
  clientChallenge: Uint8Array,
  time: Uint8Array,
  pairs: readonly AvPair[],
): Buffer {
  const version = Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0)
  const zeros = new Uint8Array(4)
  return Buffer.concat([version, time, clientChallenge, zeros, encodeAvPairs(pairs), zeros])
}

/** The proof: NTProofStr of MS-NLMP 3.3.2. */
export function ntProof(key: Uint8Array, serverChallenge: Uint8Array, temp: Uint8Array): Buffer {
  return hmacMd5(key, serverChallenge, temp)
}

/** The key both sides have once the proof is known to be right. */
export const sessionBaseKey = (key: Uint8Array, proof: Uint8Array): Buffer => hmacMd5(key, proof)

/** LMv2_RESPONSE, for servers that send no timestamp. */
export function lmResponse(key: Uint8Array, { serverChallenge, clientChallenge }: ChallengePair): Buffer {
  return Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge])
}

export interface Ntlmv2Response {
  readonly proof: Uint8Array
  /** What the proof was made over, behind the server's challenge. */
  readonly temp: Uint8Array
  readonly pairs: readonly AvPair[]
}

/**
 * NTLMv2_RESPONSE: MS-NLMP 2.2.2.8.
 * @returns undefined for the responses of older versions, which have 24 octets, or none
 */
export function decodeNtlmv2Response(octets: Uint8Array): Ntlmv2Response | undefined {
  if (octets.length <= 24) return undefined
  const temp = octets.subarray(16)
  if (temp.length < 28 || temp[0] !== 1 || temp[1] !== 1) throw malformed('holds no NTLMv2 response')
  return { proof: octets.subarray(0, 16), temp, pairs: decodeAvPairs(Buffer.from(temp.subarray(28))) }
}

/** The integrity code over all three messages, the last with zeros in its place: MS-NLMP 3.1.5.1.2. */
export function messageIntegrityCode(exportedSessionKey: Uint8Array, ...messages: Uint8Array[]): Buffer {
  return hmacMd5(exportedSessionKey, ...messages)
}

/**
 * Value of the pair of channel bindings: MD5 over a gss_channel_bindings_struct without addresses, which is 16 zero
 * octets, the length and the application data (RFC 4121, 4.1.1.2).
 */
export function channelBindingsHash(applicationData: Uint8Array): Buffer {
  const head = Buffer.alloc(20)
  head.writeUInt32LE(applicationData.length, 16)
  return createHash('md5').update(head).update(applicationData).digest()
}

/** 100 ns since 1601, in 8 octets. */
export function fileTime(milliseconds: number): Buffer {
  const octets = Buffer.alloc(8)
  octets.writeBigUInt64LE(BigInt(milliseconds) * 10_000n + 116_444_736_000_000_000n)
  return octets
}

export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('md5', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}
