import { AuthenticationError, TimeoutError, TransportError } from '../errors/errors.js'
import { CredentialGate } from './credential-gate.js'
import { firstFailed } from './handshake-errors.js'
import type { CallSignal } from '../util/signal.js'

/** For how long an accepted credential counts as good, in milliseconds: passwords change while connections live on. */
const PROVEN_FOR_MS = 60_000

/** One handshake, for those who decide about the next one. */
export interface Turn {
  /** Whether the credential was accepted lately, so that using it again cannot lock an account out. */
  readonly isProven: boolean
  /** Set once the service has got what it can accept or refuse. */
  wasTried: boolean
  /** Set when the service has accepted it. */
  wasAccepted: boolean
}

/**
 * The handshakes with one host that share a credential. Where it is not proven they take turns, so that a wrong
 * password is sent once and not once for every socket.
 */
export class HandshakeTurns {
  readonly #gate = new CredentialGate()
  #provenAt = -Infinity
  #unknown: { readonly since: number; readonly error: TransportError | TimeoutError } | undefined

  /**
   * Waits for its turn.
   * @throws TransportError where the handshake it waited for came to no answer; the signal's reason; what `handshake` throws
   */
  async take<T>(host: string, signal: CallSignal, handshake: (turn: Turn) => Promise<T>): Promise<T> {
    const asked = performance.now()
    if (asked - this.#provenAt > PROVEN_FOR_MS) this.doubt()
    const pass = await this.#gate.enter(signal)
    const turn = { isProven: pass === undefined, wasTried: false, wasAccepted: false }
    try {
      // The service may have counted a failed logon. Those who come later may try once more.
      if (this.#unknown !== undefined && this.#unknown.since >= asked) {
        throw firstFailed(host, this.#unknown.error)
      }
      return await handshake(turn)
    } catch (error) {
      if (error instanceof AuthenticationError) this.doubt()
      const isUnknown = error instanceof TransportError || error instanceof TimeoutError
      if (isUnknown && turn.wasTried && !turn.isProven) this.#unknown = { since: performance.now(), error }
      throw error
    } finally {
      if (turn.wasAccepted) this.#provenAt = performance.now()
      pass?.(turn.wasAccepted)
    }
  }

  /** What was accepted before may be wrong by now: the next handshake has the others wait. */
  doubt(): void {
    this.#gate.close()
  }
}
