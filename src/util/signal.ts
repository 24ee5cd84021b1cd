/** What ends a call: an AbortSignal, or anything else with these members of one. */
export interface CallSignal {
  readonly aborted: boolean
  /** What it was aborted with. */
  readonly reason: unknown
  /** Calls the listener when it is aborted; one that comes afterwards is not called. */
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: true }): void
  /** Does not call the listener any more. */
  removeEventListener(type: 'abort', listener: () => void): void
}

/**
 * A signal of this package and its controller in one. A command needs some ten of them; as pairs of AbortController and
 * AbortSignal they were an eighth of what it costs. Where somebody else's code waits on one, `platformSignal` makes an
 * AbortSignal of it.
 */
export class OwnSignal implements CallSignal {
  #aborted = false
  #reason: unknown
  /** Most signals have one listener at a time. */
  #listener: (() => void) | undefined
  /** Those that came while there was another. */
  #others: Set<() => void> | undefined

  get aborted(): boolean {
    return this.#aborted
  }

  get reason(): unknown {
    return this.#reason
  }

  /** Only the first reason counts. */
  abort(reason: Error): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    this.#listener?.()
    // A listener that is taken away meanwhile is not called any more.
    for (const listener of this.#others ?? []) listener()
    this.#listener = this.#others = undefined
  }

  /** As with every AbortSignal, whoever comes too late is not called. */
  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#aborted || this.#listener === listener) return
    if (this.#listener === undefined && this.#others === undefined) this.#listener = listener
    else (this.#others ??= new Set()).add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.#listener === listener) this.#listener = undefined
    else if (this.#others?.delete(listener) === true && this.#others.size === 0) this.#others = undefined
  }
}

/** The same as an AbortSignal. It holds on to the other one for as long as that lives. */
export function platformSignal(signal: CallSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal
  const controller = new AbortController()
  if (signal.aborted) controller.abort(signal.reason)
  else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
  return controller.signal
}
