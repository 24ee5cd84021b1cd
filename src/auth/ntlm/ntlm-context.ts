import { UsageError } from '../../errors/errors.js'
import type { SealedMessage } from '../security-context.js'
import type { NegotiableContext } from '../spnego/mic-capable.js'
import type { SessionSecurity } from './session-security.js'

/** How a handshake ends. */
export interface Conclusion {
  /** The last token to send, where one is due. */
  readonly token: Uint8Array | undefined
  /** Undefined where the two sides agreed neither to sign nor to seal. */
  readonly session: SessionSecurity | undefined
}

/** What both sides of NTLM share: the steps of the handshake in their order, and the session after it. */
export abstract class NtlmContext implements NegotiableContext {
  readonly mechanism = 'NTLM'
  #phase: 'first' | 'second' | 'complete' | 'over' = 'first'
  #session: SessionSecurity | undefined
  #disposed = false

  abstract readonly principal: string | undefined
  abstract readonly needsMechListMic: boolean

  get complete(): boolean {
    return this.#phase === 'complete'
  }

  /** The first token this side gives. */
  protected abstract begin(token: Uint8Array | undefined): Uint8Array
  /** Takes the peer's last token. */
  protected abstract conclude(token: Uint8Array | undefined): Conclusion | Promise<Conclusion>
  /** Forgets the secrets that only the handshake needs. */
  protected forget?(): void

  /** A handshake that failed cannot be taken up again. */
  async step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    const phase = this.#phase
    if (phase !== 'first' && phase !== 'second') throw new UsageError('The NTLM handshake is over.')
    this.#phase = 'over'
    try {
      if (phase === 'first') {
        const reply = this.begin(token)
        this.#phase = 'second'
        return reply
      }
      const { token: reply, session } = await this.conclude(token)
      if (this.#disposed) {
        session?.dispose()
        throw new UsageError('The NTLM handshake was given up.')
      }
      this.#session = session
      this.#phase = 'complete'
      return reply
    } finally {
      if (this.#phase !== 'second') this.forget?.()
    }
  }

  seal(message: Uint8Array): Promise<SealedMessage> {
    return this.#withSession((session) => session.seal(message))
  }

  unseal(sealed: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array> {
    return this.#withSession((session) => session.unseal(sealed))
  }

  mic(data: Uint8Array): Promise<Uint8Array> {
    return this.#withSession((session) => session.mic(data))
  }

  verifyMic(data: Uint8Array, mic: Uint8Array): Promise<void> {
    return this.#withSession((session) => session.verifyMic(data, mic))
  }

  dispose(): void {
    this.#disposed = true
    this.#phase = 'over'
    this.forget?.()
    this.#session?.dispose()
    this.#session = undefined
  }

  /** The work is done before this returns, so that messages keep the order of the calls. */
  #withSession<T>(action: (session: SessionSecurity) => T): Promise<T> {
    return new Promise((resolve) => {
      if (!this.#session) throw new UsageError('No keys to sign and seal with were agreed on.')
      resolve(action(this.#session))
    })
  }
}
