import { abortReason } from '../util/abortable.js'
import type { Lane } from './types.js'
import { type CallSignal, OwnSignal } from '../util/signal.js'

/** What the pool must know of a connection. */
export interface Pooled {
  /** Whether the next request may be written to it. */
  readonly usable: boolean
  take(): void
  release(): void
  destroy(reason?: Error): void
}

interface Waiter<C> {
  readonly order: number
  readonly lane: Lane
  readonly signal: CallSignal
  readonly grant: (connection: C | Promise<C>) => void
  readonly refuse: (error: Error) => void
}

/**
 * Connections to one host, each with one request at a time. Polls never hold all of them, and beyond `max` there is
 * one more for `control` requests, opened when one finds all others taken. Otherwise who came first is served first.
 */
export class ConnectionPool<C extends Pooled> {
  readonly #max: number
  readonly #maxPolls: number
  readonly #open: (signal: CallSignal) => Promise<C>
  readonly #idle: C[] = []
  readonly #leased = new Map<C, Lane>()
  readonly #opening = new Set<OwnSignal>()
  readonly #queues: Record<Lane, Set<Waiter<C>>> = { control: new Set(), call: new Set(), poll: new Set() }
  readonly #active: Record<Lane, number> = { control: 0, call: 0, poll: 0 }
  #arrivals = 0
  #closedBy: (() => Error) | undefined

  /**
   * @param max connections in use at the same time, the reserved one not counted
   * @param open makes a connection; rejects with the signal's reason when it is aborted
   */
  constructor(max: number, open: (signal: CallSignal) => Promise<C>) {
    this.#max = max
    this.#maxPolls = Math.max(1, max - 1)
    this.#open = open
  }

  /**
   * Waits for a connection and takes it. Every one that is given out must come back through `release`.
   * @throws whatever opening throws, the signal's reason, or the reason of `close`
   */
  acquire(lane: Lane, signal: CallSignal): Promise<C> | C {
    if (this.#closedBy !== undefined) return Promise.reject(this.#closedBy())
    if (signal.aborted) return Promise.reject(abortReason(signal))
    // Where there is room nobody waits for it: whoever makes room serves those who do.
    if (this.#mayStart(lane)) return this.#start(lane, signal)
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#queues[lane].delete(waiter)
        reject(abortReason(signal))
      }
      const waiter: Waiter<C> = {
        order: this.#arrivals++,
        lane,
        signal,
        grant: (connection) => {
          signal.removeEventListener('abort', stop)
          resolve(connection)
        },
        refuse: (error) => {
          signal.removeEventListener('abort', stop)
          reject(error)
        },
      }
      signal.addEventListener('abort', stop, { once: true })
      this.#queues[lane].add(waiter)
    })
  }

  /** Gives a connection back; one that is no longer usable is dropped. */
  release(connection: C): void {
    const lane = this.#leased.get(connection)
    if (lane === undefined) return
    this.#leased.delete(connection)
    this.#active[lane]--
    if (connection.usable) {
      connection.release()
      this.#idle.push(connection)
    } else connection.destroy()
    this.#serve()
  }

  /** Ends everything: who waits is refused with the reason, and connections in use are destroyed with it. */
  close(reason: () => Error): void {
    if (this.#closedBy !== undefined) return
    this.#closedBy = reason
    for (const queue of Object.values(this.#queues)) {
      for (const waiter of queue) waiter.refuse(reason())
      queue.clear()
    }
    for (const opening of this.#opening) opening.abort(reason())
    for (const connection of this.#leased.keys()) connection.destroy(reason())
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  #mayStart(lane: Lane): boolean {
    const { control, call, poll } = this.#active
    const active = control + call + poll
    switch (lane) {
      case 'poll':
        return active < this.#max && poll < this.#maxPolls
      case 'call':
        // A pool of one connection would otherwise stand still for as long as a poll waits.
        return active < this.#max || (this.#max === 1 && active === 1 && poll === 1)
      case 'control':
        return active <= this.#max
    }
  }

  #start(lane: Lane, signal: CallSignal): Promise<C> | C {
    this.#active[lane]++
    const idle = this.#takeIdle()
    return idle ? this.#lease(idle, lane) : this.#openFor(lane, signal)
  }

  async #openFor(lane: Lane, signal: CallSignal): Promise<C> {
    try {
      return this.#lease(await this.#openLinked(signal), lane)
    } catch (error) {
      this.#active[lane]--
      this.#serve()
      throw error
    }
  }

  #lease(connection: C, lane: Lane): C {
    this.#leased.set(connection, lane)
    connection.take()
    return connection
  }

  /** The one used last is the one most likely to be alive. */
  #takeIdle(): C | undefined {
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (connection.usable) return connection
      connection.destroy()
    }
    return undefined
  }

  async #openLinked(signal: CallSignal): Promise<C> {
    const opening = new OwnSignal()
    const stop = (): void => opening.abort(abortReason(signal))
    signal.addEventListener('abort', stop, { once: true })
    this.#opening.add(opening)
    try {
      const connection = await this.#open(opening)
      if (opening.aborted) {
        connection.destroy()
        throw abortReason(opening)
      }
      return connection
    } finally {
      this.#opening.delete(opening)
      signal.removeEventListener('abort', stop)
    }
  }

  #serve(): void {
    const { control, call, poll } = this.#queues
    if (control.size + call.size + poll.size === 0) return
    for (let waiter = this.#next(); waiter; waiter = this.#next()) {
      this.#queues[waiter.lane].delete(waiter)
      waiter.grant(this.#start(waiter.lane, waiter.signal))
    }
  }

  /** A `control` request first, so that a poll that came before it does not hold it up; then by arrival. */
  #next(): Waiter<C> | undefined {
    const [control] = this.#mayStart('control') ? this.#queues.control : []
    if (control) return control
    const [call] = this.#mayStart('call') ? this.#queues.call : []
    const [poll] = this.#mayStart('poll') ? this.#queues.poll : []
    if (call && poll) return call.order < poll.order ? call : poll
    return call ?? poll
  }
}
