import { setMaxListeners } from 'node:events'
import { UsageError } from '../errors/errors.js'
import { abortReason } from './abortable.js'
import { CallScope } from './call-scope.js'
import { OwnSignal, type CallSignal } from './signal.js'

/** Gives a place back. Without effect the second time. */
export type Release = () => void

/**
 * Lets no more than so many operations be under way at a time; whoever comes when all places are taken waits, first
 * come, first served. The clients of a fleet share one (option `limiter` of WsmanClient).
 *
 * What takes a place, and for how long:
 *
 * - `client.run`, `shell.run`, `pool.run` and their PowerShell forms: one place from their first request to their end.
 *   The polls for output, input, signals and the deletion of a shell ride on it.
 * - `openShell` and `spawn`: while the shell or command is being started. A spawned command may run for days, so while
 *   it runs it takes none.
 * - everything else: each request while it is under way, retries included; an enumeration between two pages takes none.
 *
 * Nothing that ends something waits for a place, so an abort or `close` always gets through, and gives the place back.
 */
export interface Limiter {
  /** How many places there are. */
  readonly max: number
  /** How many are taken. */
  readonly active: number
  /** How many wait for one. */
  readonly waiting: number
  /**
   * Waits for a place and takes it.
   * @returns gives the place back; must be called
   * @throws the reason of the signal
   */
  acquire(signal?: AbortSignal): Promise<Release>
  /**
   * Runs a task in a place of its own, for work that is not a client's.
   * @throws AbortError where the signal is aborted before there is a place; else what the task rejects with
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/**
 * Makes a limiter for the option `limiter`.
 * @param max how many operations may be under way at a time
 * @throws UsageError for anything but a positive whole number
 */
export function createLimiter(max: number): Limiter {
  if (Number.isInteger(max) && max > 0) return new FifoLimiter(max)
  throw new UsageError(`A limiter needs a positive whole number; it got ${String(max)}.`)
}

class FifoLimiter implements Limiter {
  readonly max: number
  #active = 0
  readonly #queue = new Set<() => void>()

  constructor(max: number) {
    this.max = max
  }

  get active(): number {
    return this.#active
  }

  get waiting(): number {
    return this.#queue.size
  }

  acquire(signal: CallSignal = new OwnSignal()): Promise<Release> {
    if (signal.aborted) return Promise.reject(abortReason(signal))
    if (this.#active < this.max) return Promise.resolve(this.#take())
    return new Promise((resolve, reject) => {
      const go = (): void => {
        this.#queue.delete(go)
        signal.removeEventListener('abort', stop)
        resolve(this.#take())
      }
      const stop = (): void => {
        this.#queue.delete(go)
        reject(abortReason(signal))
      }
      // One signal may be that of a whole fleet.
      if (signal instanceof EventTarget) setMaxListeners(0, signal)
      signal.addEventListener('abort', stop, { once: true })
      this.#queue.add(go)
    })
  }

  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const scope = new CallScope({ signal })
    const release = await this.acquire(scope.signal).finally(() => scope.dispose())
    try {
      return await task()
    } finally {
      release()
    }
  }

  #take(): Release {
    this.#active++
    let taken = true
    return () => {
      if (!taken) return
      taken = false
      this.#active--
      const [next] = this.#queue
      next?.()
    }
  }
}
