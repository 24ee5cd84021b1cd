import { MAX_TIMER_MS } from '../deadline.js'

/** Lets many wait until something they look at has changed enough. */
export class Changes {
  readonly #waiting = new Set<() => void>()

  /** Call after every change: whoever waits looks again. */
  notify(): void {
    for (const look of [...this.#waiting]) look()
  }

  /**
   * Waits until the condition holds, for `timeoutMs` at the most, or until the signal is aborted.
   * @returns whether the condition holds
   */
  until(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (condition() || signal.aborted || timeoutMs <= 0) return Promise.resolve(condition())
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', finish)
        this.#waiting.delete(look)
        resolve(condition())
      }
      const look = (): void => {
        if (condition()) finish()
      }
      const timer = setTimeout(finish, Math.min(timeoutMs, MAX_TIMER_MS))
      signal.addEventListener('abort', finish, { once: true })
      this.#waiting.add(look)
    })
  }
}
