import { ProtocolError, UsageError } from '../../errors/errors.js'
import type { SealedMessage } from '../security-context.js'
import { kerberosError } from './failures.js'
import { GssapiError } from './gssapi-status.js'
import { Gssapi } from './gssapi.js'
import type { NativeHandle } from './native-handle.js'
import { Turns } from './turns.js'

/** What both sides of a Kerberos context share: one call at a time, and the protection of messages. */
export abstract class GssapiSession {
  readonly mechanism = 'Kerberos'
  #complete = false
  #disposed = false
  #opened: { readonly gssapi: Gssapi; readonly context: NativeHandle } | undefined
  readonly #turns = new Turns()
  #principal: string | undefined

  get complete(): boolean {
    return this.#complete && !this.#disposed
  }

  get principal(): string | undefined {
    return this.#principal
  }

  /** A handshake that failed cannot be taken up again. */
  step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#inTurn(async () => {
      if (this.#complete) throw new UsageError('The Kerberos handshake is over.')
      try {
        const gssapi = await Gssapi.open()
        this.#assertNotDisposed()
        this.#opened ??= { gssapi, context: gssapi.createContext() }
        return await this.handshake(gssapi, this.#opened.context, token)
      } catch (error) {
        this.dispose()
        throw error
      }
    })
  }

  async seal(message: Uint8Array): Promise<SealedMessage> {
    try {
      return await this.#inContext((gssapi, context) => gssapi.wrap(context, message))
    } catch (error) {
      throw error instanceof GssapiError ? kerberosError(error, 'encrypting a message') : error
    }
  }

  async unseal(sealed: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array> {
    try {
      const opened = await this.#inContext((gssapi, context) => gssapi.unwrap(context, sealed))
      if (!opened.encrypted) throw new ProtocolError('The peer signed a message and did not encrypt it.')
      if (!opened.inSequence) throw outOfSequence()
      return opened.message
    } catch (error) {
      throw error instanceof GssapiError ? notThePeers('message', error) : error
    }
  }

  /** A signature over a message that is sent elsewhere, as SPNEGO does it: RFC 4178 5. */
  async mic(message: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#inContext((gssapi, context) => gssapi.mic(context, message))
    } catch (error) {
      throw error instanceof GssapiError ? kerberosError(error, 'signing a message') : error
    }
  }

  /** @throws ProtocolError when the peer did not sign this message, or not at this point */
  async verifyMic(message: Uint8Array, mic: Uint8Array): Promise<void> {
    try {
      const inSequence = await this.#inContext((gssapi, context) => gssapi.verifyMic(context, message, mic))
      if (!inSequence) throw outOfSequence()
    } catch (error) {
      throw error instanceof GssapiError ? notThePeers('signature', error) : error
    }
  }

  dispose(): void {
    this.#disposed = true
    this.#opened?.context.close()
  }

  /** One leg of the handshake. */
  protected abstract handshake(
    gssapi: Gssapi,
    context: NativeHandle,
    token: Uint8Array | undefined,
  ): Promise<Uint8Array | undefined>

  /** For {@link handshake} to say that it is over. */
  protected established(principal: string): void {
    this.#complete = true
    this.#principal = principal
  }

  #inContext<T>(call: (gssapi: Gssapi, context: NativeHandle) => Promise<T>): Promise<T> {
    return this.#inTurn(() => {
      if (this.#opened === undefined || !this.#complete)
        throw new UsageError('The Kerberos handshake is not over.')
      return call(this.#opened.gssapi, this.#opened.context)
    })
  }

  /** Sequence numbers follow the order of the calls, and GSSAPI does not allow two at a time on one context. */
  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      this.#assertNotDisposed()
      return call()
    })
  }

  #assertNotDisposed(): void {
    if (!this.#disposed) return
    throw new UsageError('The Kerberos context was disposed of.', { code: 'ERR_WSMAN_CLOSED' })
  }
}

function notThePeers(what: string, cause: GssapiError): ProtocolError {
  return new ProtocolError(`The ${what} is not the peer's, or was changed on its way (${cause.message}).`, {
    cause,
  })
}

function outOfSequence(): ProtocolError {
  return new ProtocolError('The peer repeated a message, or left one out.')
}
