import { sealBody, type SealingProtocol } from '../auth/sealed-body.js'
import type { SecurityContext } from '../auth/security-context.js'
import type { WireResponse } from '../http/message.js'
import { RECONNECT, type Leg, type RoundTrip } from './authenticator.js'
import { openResponse } from './sealed-response.js'

/** What a handshake leaves on a connection. */
export interface Session {
  /** Whether the two sides no longer agree on what comes next, or the connection is gone. */
  readonly ended: boolean
  /** @returns `RECONNECT` where the connection ended before anything was sent; a 401 as it came; else the opened reply */
  exchange(message: Leg, roundTrip: RoundTrip): Promise<WireResponse | typeof RECONNECT>
  /** The connection is gone, or another handshake takes the place of this one. */
  end(): void
}

/** Over HTTPS, where TLS does the rest. */
export const PLAIN_SESSION: Session = {
  ended: false,
  exchange: (message, roundTrip) => roundTrip(message),
  end: () => undefined,
}

/** Seals what goes out and opens what comes in. Its keys live until the last message under way is opened. */
export class SealedSession implements Session {
  readonly #context: SecurityContext
  readonly #protocol: SealingProtocol
  #underway = 0
  #ended = false

  constructor(context: SecurityContext, protocol: SealingProtocol) {
    this.#context = context
    this.#protocol = protocol
  }

  get ended(): boolean {
    return this.#ended
  }

  async exchange(message: Leg, roundTrip: RoundTrip): Promise<WireResponse | typeof RECONNECT> {
    const done = this.#begin()
    try {
      const sealed = await sealBody(this.#context, this.#protocol, Buffer.from(message.body))
      if (this.#ended) {
        done(false)
        return RECONNECT
      }
      const response = await roundTrip({ ...message, ...sealed })
      if (response.status !== 401) return openResponse(this.#context, response, done)
      done(true)
      return response
    } catch (error) {
      // A sealed message that nobody received leaves the two sides at different places.
      done(false)
      throw error
    }
  }

  end(): void {
    this.#ended = true
    if (this.#underway === 0) this.#context.dispose()
  }

  /** @returns to be called when the reply was opened or given up: whether the two sides agree on what comes next */
  #begin(): (agree: boolean) => void {
    this.#underway++
    let isDone = false
    return (agree) => {
      if (isDone) return
      isDone = true
      this.#underway--
      this.#ended ||= !agree
      if (this.#ended && this.#underway === 0) this.#context.dispose()
    }
  }
}
