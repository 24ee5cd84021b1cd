import { abortReason } from '../util/abortable.js'
import { timerDelay } from '../util/timer.js'
import type { Quotas } from './pool-limits.js'
import type { Shell } from './shell.js'
import type { CallSignal } from '../util/signal.js'

/** A place for one shell: being opened, lent, idle, or on its way out. */
export interface Seat {
  /** Later seats have higher ones. */
  readonly order: number
  /** Undefined until whoever got the seat has opened it. */
  shell: Shell | undefined
  /** Commands the shell was given: none of them is given back to the quota before the shell is deleted. */
  commands: number
  state: 'lent' | 'idle' | 'closing'
  idleTimer: NodeJS.Timeout | undefined
}

interface Waiter {
  readonly notBefore: number
  readonly grant: (seat: Seat) => void
}

export interface RosterOptions {
  /** Shells at the same time. */
  readonly max: number
  /** How long a shell that nobody uses is kept. */
  readonly idleMs: number
  /** Read whenever they matter. */
  readonly limits: Quotas
  /** Must delete the shell and then call `drop`. */
  readonly retire: (seat: Seat, reason: 'recycled' | 'idle') => void
}

/**
 * Who may use which shell, and when. First come, first served. Nothing here waits for the service, so what it decides
 * holds: a command is granted only where the quotas have room for it, and a shell whose commands fill them is retired.
 */
export class PoolRoster {
  readonly #options: RosterOptions
  readonly #seats = new Set<Seat>()
  #queue: Waiter[] = []
  #order = 0

  constructor(options: RosterOptions) {
    this.#options = options
  }

  get seats(): readonly Seat[] {
    return [...this.#seats]
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** What the shells and their commands count for in the quota of operations. */
  get operations(): number {
    let count = 0
    for (const { commands } of this.#seats) count += 1 + commands
    return count
  }

  /** The order of the next seat: a shell of a later one is opened after this moment. */
  get nextOrder(): number {
    return this.#order
  }

  /**
   * Waits for a shell, or for the right to open one, for one command.
   * @param notBefore no seat of a lower order
   * @param again for somebody who has waited already: before all others
   * @throws the reason of the signal
   */
  acquire(signal: CallSignal, notBefore: number, again: boolean): Promise<Seat> {
    if (signal.aborted) return Promise.reject(abortReason(signal))
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        notBefore,
        grant: (seat) => {
          signal.removeEventListener('abort', stop)
          resolve(seat)
        },
      }
      const stop = (): void => {
        this.#queue = this.#queue.filter((other) => other !== waiter)
        reject(abortReason(signal))
        this.#dispatch()
      }
      signal.addEventListener('abort', stop, { once: true })
      if (again) this.#queue.unshift(waiter)
      else this.#queue.push(waiter)
      this.#dispatch()
    })
  }

  /** Its command is over; the shell can be used again. */
  release(seat: Seat): void {
    if (seat.state === 'closing') return
    seat.state = 'idle'
    seat.idleTimer = setTimeout(() => this.retire(seat, 'idle'), timerDelay(this.#options.idleMs)).unref()
    this.#dispatch()
  }

  /** The same where the command was never started. */
  giveBack(seat: Seat): void {
    seat.commands--
    this.release(seat)
  }

  /** Nobody gets the seat any more; it counts until it is dropped. */
  close(seat: Seat): void {
    clearTimeout(seat.idleTimer)
    seat.state = 'closing'
  }

  /** There is no such shell any more. */
  drop(seat: Seat): void {
    clearTimeout(seat.idleTimer)
    this.#seats.delete(seat)
    this.#dispatch()
  }

  /** Has an idle shell deleted. */
  retire(seat: Seat, reason: 'recycled' | 'idle'): void {
    if (seat.state !== 'idle') return
    this.close(seat)
    this.#options.retire(seat, reason)
  }

  #dispatch(): void {
    for (let [first] = this.#queue; first; [first] = this.#queue) {
      const seat = this.#find(first.notBefore)
      if (!seat) return
      this.#queue.shift()
      clearTimeout(seat.idleTimer)
      seat.state = 'lent'
      seat.commands++
      first.grant(seat)
    }
  }

  #find(notBefore: number): Seat | undefined {
    const { max, limits } = this.#options
    const idle = this.seats.filter(({ state }) => state === 'idle')
    const { operations } = this
    const fits = (seat: Seat): boolean => seat.order >= notBefore && seat.commands < limits.commandsPerShell
    const fitting = idle.filter(fits).at(-1)
    if (fitting && operations + 1 <= limits.operations) return fitting
    if (this.#seats.size < Math.min(max, limits.shells) && operations + 2 <= limits.operations) {
      return this.#add()
    }
    this.#makeRoom(idle)
    return undefined
  }

  #add(): Seat {
    const seat: Seat = {
      order: this.#order++,
      shell: undefined,
      commands: 0,
      state: 'lent',
      idleTimer: undefined,
    }
    this.#seats.add(seat)
    return seat
  }

  /** Deletes the idle shell that gives the most back, unless enough are on their way out. */
  #makeRoom(idle: readonly Seat[]): void {
    const closing = this.seats.filter(({ state }) => state === 'closing').length
    if (closing >= this.#queue.length) return
    const [fullest] = idle.toSorted((one, other) => other.commands - one.commands)
    if (fullest) this.retire(fullest, 'recycled')
  }
}
