/** What an entry costs besides its characters. */
const ENTRY = 128

/** How much is remembered of what peers send. A peer decides what is worth remembering, so it must not decide how much. */
export class Budget {
  #left: number

  /** @param size in characters */
  constructor(size = 1024 * 1024) {
    this.#left = size
  }

  get isSpent(): boolean {
    return this.#left <= 0
  }

  /** Whether something of so many characters may be remembered; it is counted then. */
  spend(characters: number): boolean {
    if (this.isSpent) return false
    this.#left -= characters + ENTRY
    return true
  }
}
