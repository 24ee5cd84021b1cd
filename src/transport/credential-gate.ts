import { abortReason } from '../util/abortable.js'
import type { CallSignal } from '../util/signal.js'

/** Says how the one request ended that was let through; the first word counts. */
export type GatePass = (proven: boolean) => void

/**
 * Lets requests with an unproven credential through one at a time, so that a wrong password is sent once and not once
 * for every socket. When the service has accepted the credential the gate stands open.
 */
export class CredentialGate {
  #proven = false
  #occupied = false
  readonly #waiting = new Set<() => void>()

  /** @returns undefined where the gate is open, else a promise of the pass whose holder must call it */
  enter(signal: CallSignal): Promise<GatePass | undefined> | undefined {
    if (this.#proven) return undefined
    if (!this.#occupied) return Promise.resolve(this.#occupy())
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#waiting.delete(go)
        reject(abortReason(signal))
      }
      const go = (): void => {
        signal.removeEventListener('abort', stop)
        resolve(this.#proven ? undefined : this.#occupy())
      }
      if (signal.aborted) {
        stop()
        return
      }
      signal.addEventListener('abort', stop, { once: true })
      this.#waiting.add(go)
    })
  }

  /** Closes the gate again, after a credential that had been accepted was refused. */
  close(): void {
    this.#proven = false
  }

  #occupy(): GatePass {
    this.#occupied = true
    let told = false
    return (proven) => {
      if (told) return
      told = true
      this.#proven = proven
      this.#occupied = false
      for (const go of this.#waiting) {
        this.#waiting.delete(go)
        go()
        if (!proven) return
      }
    }
  }
}
