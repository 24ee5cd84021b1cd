import { createHmac } from 'node:crypto'
import { der, derOid, TAG } from '../../../../src/auth/asn1.js'
import type { SealedMessage } from '../../../../src/auth/security-context.js'
import type { NegotiableContext } from '../../../../src/auth/spnego/mic-capable.js'
import { OID } from '../../../../src/auth/spnego/oids.js'
import { ProtocolError } from '../../../../src/errors/errors.js'
import { ascii } from '../hex.js'

/** A mechanism with the shape of Kerberos: one token each way, in the frame of RFC 2743, and signatures with a key. */
export class ToyKerberos implements NegotiableContext {
  readonly mechanism = 'Kerberos'
  readonly principal = 'alice@EXAMPLE.COM'
  complete = false
  disposed = false
  readonly #side: 'client' | 'server'
  #begun = false

  constructor(side: 'client' | 'server') {
    this.#side = side
  }

  step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#side === 'client' && !this.#begun) {
      this.#begun = true
      return Promise.resolve(AP_REQ)
    }
    const due = this.#side === 'client' ? AP_REP : AP_REQ
    if (!token || !Buffer.from(token).equals(due))
      throw new ProtocolError('This is not the token that is due.')
    this.complete = true
    return Promise.resolve(this.#side === 'client' ? undefined : AP_REP)
  }

  mic(data: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(sign(this.#side, data))
  }

  verifyMic(data: Uint8Array, mic: Uint8Array): Promise<void> {
    const expected = sign(this.#side === 'client' ? 'server' : 'client', data)
    if (!expected.equals(mic)) throw new ProtocolError('The signature is wrong.')
    return Promise.resolve()
  }

  seal(message: Uint8Array): Promise<SealedMessage> {
    return Promise.resolve({ signature: sign(this.#side, message), data: message, length: message.length })
  }

  unseal({ data }: Pick<SealedMessage, 'data'>): Promise<Uint8Array> {
    return Promise.resolve(data)
  }

  dispose(): void {
    this.disposed = true
  }
}

const sign = (side: string, data: Uint8Array): Buffer => createHmac('sha256', side).update(data).digest()

const framed = (text: string): Buffer => Buffer.from(der(TAG.application0, derOid(OID.kerberos), ascii(text)))

export const AP_REQ = framed('AP-REQ')
export const AP_REP = framed('AP-REP')
