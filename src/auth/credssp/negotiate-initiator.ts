import type { SealedMessage } from '../security-context.js'
import { SpnegoInitiator } from '../spnego/initiator.js'
import type { InnerContext } from './inner-sealing.js'

/**
 * Negotiate as CredSSP has it: the binding to the public key goes with the last token, and with NTLM the server's
 * signature over the list of mechanisms comes only after that. What is sealed so early says nothing that is secret.
 */
export class CredSspNegotiate extends SpnegoInitiator implements InnerContext {
  get sealable(): boolean {
    return this.inner.complete
  }

  override async seal(message: Uint8Array): Promise<SealedMessage> {
    return this.inner.seal(message)
  }
}
