/** An aborting signal that counts who listens to it. */
export class SignalSpy {
  readonly signal: AbortSignal
  readonly #controller = new AbortController()
  readonly #listeners = new Set<unknown>()
  /** How many ever listened. */
  added = 0

  constructor() {
    this.signal = this.#controller.signal
    const add = this.signal.addEventListener.bind(this.signal)
    const remove = this.signal.removeEventListener.bind(this.signal)
    this.signal.addEventListener = (...args: Parameters<typeof add>): void => {
      this.added += 1
      this.#listeners.add(args[1])
      add(...args)
    }
    this.signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
      this.#listeners.delete(args[1])
      remove(...args)
    }
  }

  /** Who would still be told. */
  get listening(): number {
    return this.#listeners.size
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason)
    // Listeners are told once and are gone then.
    this.#listeners.clear()
  }
}
