import { ProtocolError } from '../../errors/errors.js'
import type { NegotiableContext } from './mic-capable.js'

/**
 * The list of mechanisms and the signatures that protect it, one of each side: without them somebody in between could
 * strike out the stronger mechanisms (RFC 4178, section 5).
 */
export class MechList {
  readonly #der: Uint8Array
  #due: boolean
  #sent = false
  #verified = false

  /**
   * @param der the element `mechTypes`
   * @param due whether signatures are due whatever the mechanism says: another one than the preferred was chosen
   */
  constructor(der: Uint8Array, due: boolean) {
    this.#der = der
    this.#due = due
  }

  /** The peer asks for signatures, or has sent its own. */
  demand(): void {
    this.#due = true
  }

  /** Whether nothing is missing from the peer. */
  isSettled(inner: NegotiableContext): boolean {
    return this.#verified || !this.#isDue(inner)
  }

  /** Our signature, where it is due and was not sent before. */
  async sign(inner: NegotiableContext): Promise<Uint8Array | undefined> {
    if (this.#sent || !inner.complete || !this.#isDue(inner)) return undefined
    this.#sent = true
    return inner.mic(this.#der)
  }

  /** @throws ProtocolError when the signature is wrong, or comes before there is a key to check it with */
  async verify(inner: NegotiableContext, mic: Uint8Array): Promise<void> {
    if (!inner.complete) throw new ProtocolError('The peer signed the list of mechanisms too early.')
    await inner.verifyMic(this.#der, mic)
    this.#due = true
    this.#verified = true
  }

  #isDue(inner: NegotiableContext): boolean {
    return this.#due || inner.needsMechListMic === true
  }
}
