import { abortReason } from '../util/abortable.js'
import type { CallSignal } from '../util/signal.js'

/** How long a poll may wait for output where others may want its connection, in milliseconds. */
const SHORT_MS = 1000

/** The right to send one Receive. */
export interface Turn {
  /** The service may take this long to answer, in milliseconds; infinite where nobody is kept waiting. */
  readonly limitMs: number
  /** Gives the turn back. */
  end(): void
}

/**
 * Shares the connections that may wait for output among the commands that run.
 *
 * A Receive cannot be called back: the output in its reply would be lost. So a poll of a quiet command keeps its
 * connection until its operation timeout, and with as many quiet commands as connections all others would wait that
 * long for their output. Therefore one of these connections is never given to a long poll: the poll on it ends after a
 * second, and whoever waits comes next, first come, first served. While anybody waits every new poll is as short, so
 * that the others become free one by one. A command is then asked for its output at the latest after as many seconds
 * as commands wait; while there are fewer commands than connections each has its own and waits as long as it may.
 */
export class ReceiveTurns {
  readonly #slots: number
  #active = 0
  #long = 0
  readonly #queue = new Set<() => void>()

  /** @param slots connections that may wait for output at the same time */
  constructor(slots: number) {
    this.#slots = Math.max(1, slots)
  }

  /** @throws the reason of the signal */
  take(signal: CallSignal): Promise<Turn> {
    if (signal.aborted) return Promise.reject(abortReason(signal))
    if (this.#active < this.#slots) return Promise.resolve(this.#start())
    return new Promise((resolve, reject) => {
      const go = (): void => {
        this.#queue.delete(go)
        signal.removeEventListener('abort', stop)
        resolve(this.#start())
      }
      const stop = (): void => {
        this.#queue.delete(go)
        reject(abortReason(signal))
      }
      signal.addEventListener('abort', stop, { once: true })
      this.#queue.add(go)
    })
  }

  #start(): Turn {
    const long = this.#queue.size === 0 && this.#long < this.#slots - 1
    this.#active++
    if (long) this.#long++
    let over = false
    return {
      limitMs: long ? Infinity : SHORT_MS,
      end: () => {
        if (over) return
        over = true
        this.#active--
        if (long) this.#long--
        const [next] = this.#queue
        next?.()
      },
    }
  }
}
