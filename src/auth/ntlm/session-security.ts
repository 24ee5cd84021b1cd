import { createHash, timingSafeEqual } from 'node:crypto'
import { ProtocolError } from '../../errors/errors.js'
import { Rc4 } from '../crypto/rc4.js'
import type { SealedMessage } from '../security-context.js'
import { hmacMd5 } from './ntlmv2.js'

export type Side = 'client' | 'server'

const OTHER: Readonly<Record<Side, Side>> = { client: 'server', server: 'client' }

/** SIGNKEY and SEALKEY of MS-NLMP 3.4.5, for extended session security with 128 bits. */
export function sessionKey(exportedKey: Uint8Array, from: Side, purpose: 'signing' | 'sealing'): Buffer {
  const text = `session key to ${from}-to-${OTHER[from]} ${purpose} key magic constant\0`
  return createHash('md5').update(exportedKey).update(text, 'latin1').digest()
}

/**
 * Signing and sealing after the handshake, with extended session security and 128 bits: MS-NLMP 3.4. Each direction has
 * its keys, key stream and count of messages.
 */
export class SessionSecurity {
  readonly #outgoing: Direction
  readonly #incoming: Direction

  /** @param keyExchange whether a key was exchanged, because checksums are encrypted only then */
  constructor(exportedKey: Uint8Array, side: Side, keyExchange: boolean) {
    this.#outgoing = new Direction(exportedKey, side, keyExchange)
    this.#incoming = new Direction(exportedKey, OTHER[side], keyExchange)
  }

  seal(message: Uint8Array): SealedMessage {
    const data = this.#outgoing.crypt(message)
    return { signature: this.#outgoing.sign(message), data, length: message.length }
  }

  /** @throws ProtocolError when the signature is wrong or the message not the next one; nothing can be opened after that */
  unseal({ signature, data }: Pick<SealedMessage, 'signature' | 'data'>): Uint8Array {
    const message = this.#incoming.crypt(data)
    this.#incoming.verify(message, signature)
    return message
  }

  /** The key stream stays where it is, because the first sealed message uses that part again (MS-SPNG 3.3.5.1). */
  mic(data: Uint8Array): Uint8Array {
    return this.#outgoing.rewinding(() => this.#outgoing.sign(data))
  }

  /** @throws ProtocolError when the signature is wrong */
  verifyMic(data: Uint8Array, mic: Uint8Array): void {
    this.#incoming.rewinding(() => this.#incoming.verify(data, mic))
  }

  dispose(): void {
    this.#outgoing.dispose()
    this.#incoming.dispose()
  }
}

/** NTLMSSP_MESSAGE_SIGNATURE: version 1, checksum, number of the message (MS-NLMP 2.2.2.9.2). */
const SIGNATURE_LENGTH = 16

class Direction {
  readonly #signingKey: Buffer
  readonly #keyExchange: boolean
  #stream: Rc4
  #sequence = 0
  #broken = false

  constructor(exportedKey: Uint8Array, from: Side, keyExchange: boolean) {
    this.#signingKey = sessionKey(exportedKey, from, 'signing')
    const sealingKey = sessionKey(exportedKey, from, 'sealing')
    this.#stream = new Rc4(sealingKey)
    sealingKey.fill(0)
    this.#keyExchange = keyExchange
  }

  crypt(octets: Uint8Array): Uint8Array {
    return this.#stream.apply(octets)
  }

  /** MAC of MS-NLMP 3.4.4.2. */
  sign(message: Uint8Array): Buffer {
    const signature = Buffer.alloc(SIGNATURE_LENGTH)
    signature.writeUInt32LE(1, 0)
    signature.writeUInt32LE(this.#sequence, 12)
    const checksum = hmacMd5(this.#signingKey, signature.subarray(12), message).subarray(0, 8)
    signature.set(this.#keyExchange ? this.#stream.apply(checksum) : checksum, 4)
    this.#sequence = (this.#sequence + 1) >>> 0
    return signature
  }

  /** After a failure the key streams of the two sides have parted, so that nothing more can be read. */
  verify(message: Uint8Array, signature: Uint8Array): void {
    const expected = this.sign(message)
    this.#broken ||= signature.length !== expected.length || !timingSafeEqual(signature, expected)
    if (this.#broken) {
      throw new ProtocolError('A message of the peer does not carry its signature, or is not the next one.', {
        hint: 'Something between the two sides changed, repeated or dropped a message; a new connection starts over.',
      })
    }
  }

  rewinding<T>(action: () => T): T {
    const stream = this.#stream
    this.#stream = stream.clone()
    try {
      return action()
    } finally {
      this.#stream.dispose()
      this.#stream = stream
    }
  }

  dispose(): void {
    this.#signingKey.fill(0)
    this.#stream.dispose()
  }
}
