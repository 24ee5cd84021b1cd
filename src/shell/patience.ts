import { sleep } from '../util/abortable.js'
import type { CallSignal } from '../util/signal.js'

const FIRST_MS = 250
const LONGEST_MS = 4000
/** In all some twenty seconds: a service that restarts is back by then. */
const TRIES = 8

/** Pauses before something that surely did not happen is tried again: longer each time, and not for ever. */
export class Patience {
  #tries = 0

  /** It went well: the next trouble is a new one. */
  reset(): void {
    this.#tries = 0
  }

  /**
   * Waits until it is time to try again.
   * @throws `error` when it has been tried often enough; the signal's reason
   */
  async pause(error: unknown, signal: CallSignal): Promise<void> {
    if (this.#tries >= TRIES) throw error
    const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#tries)
    this.#tries++
    // Commands that were held up by the same trouble do not come back all at once.
    await sleep(full * (1 - Math.random() / 2), signal)
  }
}
