import type { SecurityContext } from '../security-context.js'

/** What SPNEGO needs of a mechanism besides its tokens: signatures over the list of mechanisms (RFC 4178, section 5). */
export interface MicCapable {
  /**
   * Whether the exchange of signatures is due even where the preferred mechanism was taken: NTLM with a MIC wants it
   * (MS-SPNG, note 8). Default `false`.
   */
  readonly needsMechListMic?: boolean
  /** A signature over `data`. It counts as a message where the mechanism numbers its messages. */
  mic(data: Uint8Array): Promise<Uint8Array>
  /** @throws ProtocolError when the peer did not make `mic` over `data` */
  verifyMic(data: Uint8Array, mic: Uint8Array): Promise<void>
}

/** A mechanism that SPNEGO can choose. */
export type NegotiableContext = SecurityContext & MicCapable
