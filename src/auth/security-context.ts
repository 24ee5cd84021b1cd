/** A message as it goes into the encrypted part of a body: MS-WSMV 2.2.9.1. */
export interface SealedMessage {
  /** What stands before the data, its length in front of it: a signature, or the header of a wrap token. */
  readonly signature: Uint8Array
  readonly data: Uint8Array
  /** What `Length` of `OriginalContent` says: the plaintext in octets, with padding where the mechanism pads. */
  readonly length: number
}

/**
 * One side of an authentication, as a state machine without HTTP. Callers make one call at a time, in the order of the
 * wire: sequence numbers and key streams depend on it. Mechanisms of your own implement this as well.
 */
export interface SecurityContext {
  /** As diagnostics call it: `NTLM`, `Kerberos`, `CredSSP`. */
  readonly mechanism: string
  /** Whether the handshake is over and messages can be sealed. */
  readonly complete: boolean
  /** Who was authenticated (`alice@EXAMPLE.COM`), as far as it is known. */
  readonly principal: string | undefined
  /**
   * Takes the peer's token, none at first, and gives the next one to send; undefined where none is due.
   * @throws AuthenticationError when the peer refuses; ProtocolError when its token is not acceptable
   */
  step(token?: Uint8Array): Promise<Uint8Array | undefined>
  /** Encrypts and signs one message. */
  seal(message: Uint8Array): Promise<SealedMessage>
  /** @throws ProtocolError when the message was not sealed by the peer, or was changed, repeated or left out */
  unseal(sealed: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array>
  /** Forgets keys and frees what the mechanism holds outside of JavaScript. */
  dispose(): void
}

/** The service to authenticate to: `HTTP/server01.example.com`, and with a port where SPNs carry one. */
export interface ServicePrincipal {
  /** Default `HTTP`. */
  readonly service: string
  readonly host: string
  readonly port?: number | undefined
}

/** What a client's context is bound to. */
export interface InitiatorOptions {
  readonly target: ServicePrincipal
  /** Application data of the channel binding, `tls-server-end-point:` and the hash (RFC 5929); over HTTPS only. */
  readonly channelBinding?: Uint8Array | undefined
}
