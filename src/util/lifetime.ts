import { AbortError, UsageError } from '../errors/errors.js'

/** Something that lives no longer than its owner. */
export interface Dependent {
  /** Gives up everything at once; the promise settles when the remote side was told. */
  end(reason: Error): Promise<void> | undefined
}

/** The life of a client or a shell: ending it ends all that depends on it. */
export class Lifetime {
  readonly #dependents = new Set<Dependent>()
  #endedBy: string | undefined

  get ended(): boolean {
    return this.#endedBy !== undefined
  }

  /** @throws UsageError when the owner was closed */
  assertAlive(): void {
    if (this.#endedBy !== undefined) throw new UsageError(this.#endedBy, { code: 'ERR_WSMAN_CLOSED' })
  }

  /**
   * @returns takes the dependent out again
   * @throws UsageError when the owner was closed
   */
  enroll(dependent: Dependent): () => void {
    this.assertAlive()
    this.#dependents.add(dependent)
    return () => {
      this.#dependents.delete(dependent)
    }
  }

  /** Ends every dependent; settles when all have told the remote side what they had to. Undefined where there is none. */
  end(message: string): Promise<unknown> | undefined {
    this.#endedBy ??= message
    if (this.#dependents.size === 0) return undefined
    const dependents = [...this.#dependents]
    this.#dependents.clear()
    return Promise.allSettled(
      dependents.map(async (dependent) => {
        // An error of its own for each: a call writes into it what the call was.
        await dependent.end(new AbortError(message, { cause: new Error(message) }))
      }),
    )
  }
}
