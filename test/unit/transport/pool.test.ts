import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { ConnectionPool, type Pooled } from '../../../src/transport/pool.js'
import type { Lane } from '../../../src/transport/types.js'

/** A connection without a socket. */
class Fake implements Pooled {
  usable = true
  busy = false
  destroyedWith: Error | undefined

  constructor(readonly id: number) {}

  take(): void {
    expect(this.busy).toBe(false)
    this.busy = true
  }

  release(): void {
    this.busy = false
  }

  destroy(reason?: Error): void {
    this.usable = false
    this.destroyedWith ??= reason
  }
}

function makePool(max: number): { pool: ConnectionPool<Fake>; made: Fake[] } {
  const made: Fake[] = []
  const pool = new ConnectionPool<Fake>(max, () => {
    const fake = new Fake(made.length)
    made.push(fake)
    return Promise.resolve(fake)
  })
  return { pool, made }
}

const never = new AbortController().signal

/** Follows one `acquire`: `got` is filled once it has been granted. */
function ask(
  pool: ConnectionPool<Fake>,
  lane: Lane,
  signal = new AbortController().signal,
): { got?: Fake; error?: unknown } {
  const state: { got?: Fake; error?: unknown } = {}
  Promise.resolve(pool.acquire(lane, signal)).then(
    (connection) => (state.got = connection),
    (error: unknown) => (state.error = error),
  )
  return state
}

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('ConnectionPool', () => {
  it('opens no more connections than it needs, and takes the one used last', async () => {
    const { pool, made } = makePool(4)
    const first = await pool.acquire('call', never)
    const second = await pool.acquire('call', never)
    pool.release(first)
    pool.release(second)
    expect(await pool.acquire('call', never)).toBe(second)
    expect(made).toHaveLength(2)
  })

  it('serves those who wait in their order', async () => {
    const { pool } = makePool(1)
    const order: number[] = []
    const holder = await pool.acquire('call', never)
    const waits = [0, 1, 2, 3].map((name) =>
      Promise.resolve(pool.acquire('call', never)).then((connection) => {
        order.push(name)
        pool.release(connection)
      }),
    )
    await settle()
    expect(order).toEqual([])
    pool.release(holder)
    await Promise.all(waits)
    expect(order).toEqual([0, 1, 2, 3])
  })

  it('lets nobody who comes later go before one who waits in the same lane', async () => {
    const { pool } = makePool(2)
    const [one, two] = [await pool.acquire('call', never), await pool.acquire('call', never)]
    const early = ask(pool, 'call')
    pool.release(one)
    const late = ask(pool, 'call')
    await settle()
    expect([early.got, late.got]).toEqual([one, undefined])
    pool.release(two)
    await settle()
    expect(late.got).toBe(two)
  })

  it('never lets polls hold the last connection', async () => {
    const { pool, made } = makePool(4)
    const polls = Array.from({ length: 10 }, () => ask(pool, 'poll'))
    await settle()
    expect(polls.filter(({ got }) => got !== undefined)).toHaveLength(3)
    const call = ask(pool, 'call')
    await settle()
    expect(call.got).toBe(made[3])
  })

  it('takes a call past polls that wait for their turn', async () => {
    const { pool } = makePool(2)
    const [first, second] = [ask(pool, 'poll'), ask(pool, 'poll')]
    const call = ask(pool, 'call')
    await settle()
    expect([first.got?.id, second.got, call.got?.id]).toEqual([0, undefined, 1])
  })

  it('serves calls and polls in the order they came', async () => {
    const { pool } = makePool(3)
    const held = [ask(pool, 'call'), ask(pool, 'call'), ask(pool, 'call')]
    const waiting = [ask(pool, 'poll'), ask(pool, 'call'), ask(pool, 'poll')]
    const served: number[] = []
    for (const { got } of await settle().then(() => held)) {
      if (got) pool.release(got)
      await settle()
      served.push(waiting.filter((waiter) => waiter.got !== undefined).length)
      expect(waiting.slice(0, served.length).every((waiter) => waiter.got !== undefined)).toBe(true)
    }
    expect(served).toEqual([1, 2, 3])
  })

  it('opens one more for control when all are taken, and keeps it for the next time', async () => {
    const { pool, made } = makePool(2)
    const taken = [ask(pool, 'poll'), ask(pool, 'call')]
    const control = ask(pool, 'control')
    const another = ask(pool, 'control')
    await settle()
    expect(taken.every(({ got }) => got !== undefined)).toBe(true)
    expect([control.got?.id, another.got]).toEqual([2, undefined])
    if (control.got) pool.release(control.got)
    await settle()
    expect(another.got).toBe(made[2])
    expect(made).toHaveLength(3)
  })

  it('lets a control request that waits go before a poll that came first', async () => {
    const { pool } = makePool(2)
    const [call, poll, control] = [ask(pool, 'call'), ask(pool, 'poll'), ask(pool, 'control')]
    await settle()
    const waitingPoll = ask(pool, 'poll')
    const waitingControl = ask(pool, 'control')
    if (poll.got) pool.release(poll.got)
    await settle()
    expect([call.got, control.got].includes(undefined)).toBe(false)
    expect(waitingControl.got).toBeDefined()
    expect(waitingPoll.got).toBeUndefined()
  })

  it('with one connection lets a call run beside a poll, and only beside a poll', async () => {
    const { pool } = makePool(1)
    const poll = ask(pool, 'poll')
    const call = ask(pool, 'call')
    const second = ask(pool, 'call')
    await settle()
    expect([poll.got?.id, call.got?.id, second.got]).toEqual([0, 1, undefined])

    const other = makePool(1).pool
    const calls = [ask(other, 'call'), ask(other, 'call'), ask(other, 'poll')]
    await settle()
    expect(calls.map(({ got }) => got?.id)).toEqual([0, undefined, undefined])
  })

  it('replaces a connection that broke', async () => {
    const { pool, made } = makePool(2)
    const broken = await pool.acquire('call', never)
    broken.usable = false
    pool.release(broken)
    expect((await pool.acquire('call', never)).id).toBe(1)
    expect(made).toHaveLength(2)
  })

  it('does not hand out a connection that died while idle', async () => {
    const { pool } = makePool(2)
    const first = await pool.acquire('call', never)
    const second = await pool.acquire('call', never)
    pool.release(first)
    pool.release(second)
    second.usable = false
    expect(await pool.acquire('call', never)).toBe(first)
    expect((await pool.acquire('call', never)).id).toBe(2)
  })

  it('ends a wait on its signal, and serves the next one', async () => {
    const { pool } = makePool(1)
    const holder = await pool.acquire('call', never)
    const controller = new AbortController()
    const reason = new Error('enough')
    const given = ask(pool, 'call', controller.signal)
    const next = ask(pool, 'call')
    controller.abort(reason)
    await settle()
    expect(given.error).toBe(reason)
    pool.release(holder)
    await settle()
    expect(next.got).toBe(holder)
    await expect(pool.acquire('call', controller.signal)).rejects.toBe(reason)
  })

  it('passes on why no connection could be opened, and frees the place', async () => {
    const failure = new Error('refused')
    let attempts = 0
    const pool = new ConnectionPool<Fake>(1, () =>
      ++attempts === 1 ? Promise.reject(failure) : Promise.resolve(new Fake(attempts)),
    )
    const [first, second] = [ask(pool, 'call'), ask(pool, 'call')]
    await settle()
    expect(first.error).toBe(failure)
    expect(second.got?.id).toBe(2)
  })

  it('aborts an opening whose request was given up', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    const seen: unknown[] = []
    const pool = new ConnectionPool<Fake>(1, (signal) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          seen.push(signal.reason)
          reject(reason)
        })
      })
    })
    const given = ask(pool, 'call', controller.signal)
    controller.abort(reason)
    await settle()
    expect([given.error, seen]).toEqual([reason, [reason]])
  })

  it('ends everything on close', async () => {
    const reason = new Error('closed')
    const { pool, made } = makePool(2)
    const idle = await pool.acquire('call', never)
    const busy = await pool.acquire('call', never)
    pool.release(idle)
    const polls = [ask(pool, 'poll'), ask(pool, 'poll')]
    await settle()
    pool.close(() => reason)
    await settle()
    expect(made.map(({ usable }) => usable)).toEqual([false, false])
    expect(made[1]?.destroyedWith).toBe(reason)
    expect(polls.map(({ error }) => error)).toEqual([undefined, reason])
    pool.release(busy)
    await expect(pool.acquire('control', never)).rejects.toBe(reason)
  })

  it('ends an opening on close, and destroys what comes of it nevertheless', async () => {
    const reason = new Error('closed')
    const late = new Fake(0)
    let finish: (fake: Fake) => void = () => undefined
    const pool = new ConnectionPool<Fake>(1, () => new Promise((resolve) => (finish = resolve)))
    const asked = ask(pool, 'call')
    pool.close(() => reason)
    finish(late)
    await settle()
    expect(asked.error).toBe(reason)
    expect(late.usable).toBe(false)
  })

  it('keeps its promises whatever comes in whatever order', async () => {
    const lane = fc.constantFrom<Lane>('call', 'poll', 'control')
    const step = fc.oneof(
      fc.record({ ask: lane }),
      fc.record({ release: fc.nat(20), broken: fc.boolean() }),
      fc.record({ abort: fc.nat(20) }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 60 }),
        async (max, steps) => {
          const { pool, made } = makePool(max)
          const held: { lane: Lane; connection: Fake }[] = []
          const waiting: { lane: Lane; controller: AbortController; done: boolean }[] = []
          for (const each of steps) {
            if ('ask' in each) {
              const entry = { lane: each.ask, controller: new AbortController(), done: false }
              waiting.push(entry)
              Promise.resolve(pool.acquire(each.ask, entry.controller.signal)).then(
                (connection) => {
                  entry.done = true
                  held.push({ lane: each.ask, connection })
                },
                () => (entry.done = true),
              )
            } else if ('release' in each) {
              const [one] = held.splice(each.release % Math.max(1, held.length), 1)
              if (one) {
                one.connection.usable = !each.broken
                pool.release(one.connection)
              }
            } else {
              waiting.filter(({ done }) => !done)[each.abort]?.controller.abort(new Error('given up'))
            }
            await settle()
            const polls = held.filter((entry) => entry.lane === 'poll').length
            const alive = made.filter(({ usable }) => usable).length
            expect(held.length).toBeLessThanOrEqual(max + 1)
            expect(alive).toBeLessThanOrEqual(max + 1)
            expect(polls).toBeLessThanOrEqual(Math.max(1, max - 1))
            // Nobody waits while there is room.
            const stuck = waiting.filter(({ done }) => !done)
            if (held.length < max) expect(stuck.filter((entry) => entry.lane !== 'poll')).toEqual([])
            if (held.length <= max) expect(stuck.filter((entry) => entry.lane === 'control')).toEqual([])
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})
