import { UsageError } from '../../errors/errors.js'
import type { SealedMessage, SecurityContext } from '../security-context.js'
import type { NegotiableContext } from './mic-capable.js'

/** What both sides of SPNEGO share: a mechanism inside that, once chosen, does all the rest. */
export abstract class SpnegoContext implements SecurityContext {
  #inner: NegotiableContext | undefined
  #phase: 'first' | 'later' | 'complete' | 'over' = 'first'

  protected abstract first(token: Uint8Array | undefined): Promise<Uint8Array | undefined>
  protected abstract later(token: Uint8Array | undefined): Promise<Uint8Array | undefined>

  /** The mechanism that was chosen, `Negotiate` until then. */
  get mechanism(): string {
    return this.#inner?.mechanism ?? 'Negotiate'
  }

  get complete(): boolean {
    return this.#phase === 'complete'
  }

  get principal(): string | undefined {
    return this.complete ? this.#inner?.principal : undefined
  }

  /** A handshake that failed cannot be taken up again. */
  async step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    const phase = this.#phase
    if (phase === 'complete' || phase === 'over') throw new UsageError('The handshake is over.')
    try {
      const reply = await (phase === 'first' ? this.first(token) : this.later(token))
      if (this.#phase === 'first') this.#phase = 'later'
      return reply
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  async seal(message: Uint8Array): Promise<SealedMessage> {
    return this.#established().seal(message)
  }

  async unseal(sealed: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array> {
    return this.#established().unseal(sealed)
  }

  dispose(): void {
    this.#phase = 'over'
    this.#inner?.dispose()
  }

  protected get inner(): NegotiableContext {
    if (!this.#inner) throw new UsageError('The handshake has not begun.')
    return this.#inner
  }

  /** Takes `inner` as the mechanism, instead of what was taken before. */
  protected adopt(inner: NegotiableContext): void {
    this.#inner?.dispose()
    this.#inner = inner
    if (this.#phase === 'over') inner.dispose()
  }

  /** The handshake of SPNEGO itself is over. */
  protected finish(): void {
    if (this.#phase !== 'over') this.#phase = 'complete'
  }

  /** A token of the mechanism without SPNEGO around it. */
  protected async stepRaw(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const reply = await this.inner.step(token)
    if (this.inner.complete) this.finish()
    return reply
  }

  #established(): NegotiableContext {
    if (!this.complete) throw new UsageError('The handshake is not over.')
    return this.inner
  }
}
