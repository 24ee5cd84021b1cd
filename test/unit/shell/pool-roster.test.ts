import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PoolLimits, type Quotas } from '../../../src/shell/pool-limits.js'
import { PoolRoster, type Seat } from '../../../src/shell/pool-roster.js'
import { rejection, turns } from '../../support/scripted-service.js'
import { SignalSpy } from '../util/signal-spy.js'

const unending = (): AbortSignal => new AbortController().signal
const NO_LIMITS: Quotas = { shells: Infinity, operations: Infinity, commandsPerShell: Infinity }

function roster(options: { max?: number; idleMs?: number; limits?: Partial<Quotas> }) {
  const retired: [order: number, reason: string][] = []
  const all: PoolRoster = new PoolRoster({
    max: options.max ?? 5,
    idleMs: options.idleMs ?? 1000,
    limits: { ...NO_LIMITS, ...options.limits },
    retire: (seat, reason) => retired.push([seat.order, reason]),
  })
  const acquire = (notBefore = 0, again = false): Promise<Seat> => all.acquire(unending(), notBefore, again)
  return { all, acquire, retired }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('seats', () => {
  it('are used again, the last one first, before there are new ones', async () => {
    const { all, acquire } = roster({})
    const [one, two] = [await acquire(), await acquire()]
    all.release(one)
    all.release(two)
    expect((await acquire()).order).toBe(two.order)
    expect((await acquire()).order).toBe(one.order)
    expect((await acquire()).order).toBe(2)
    expect(all.operations).toBe(3 + 5)
  })

  it('are as many as are allowed', async () => {
    for (const { max, limits } of [
      { max: 2, limits: {} },
      { max: 9, limits: { shells: 2 } },
    ]) {
      const { all, acquire } = roster({ max, limits })
      await acquire()
      const second = await acquire()
      const third = acquire()
      expect(all.waiting).toBe(1)
      all.release(second)
      expect((await third).order).toBe(second.order)
    }
  })

  it('go to who came first, unless somebody comes again', async () => {
    const { all, acquire } = roster({ max: 1 })
    const seat = await acquire()
    const order: string[] = []
    const take = async (name: string, again = false): Promise<void> => {
      const got = await acquire(0, again)
      order.push(name)
      all.release(got)
    }
    const all3 = [take('first'), take('second'), take('again', true)]
    all.release(seat)
    await Promise.all(all3)
    expect(order).toEqual(['again', 'first', 'second'])
  })

  it('are not kept for who gave up', async () => {
    const { all, acquire } = roster({ max: 1 })
    const seat = await acquire()
    const spy = new SignalSpy()
    const given = rejection(all.acquire(spy.signal, 0, false))
    const next = acquire()
    spy.abort(new Error('enough'))
    expect(await given).toMatchObject({ message: 'enough' })
    all.release(seat)
    expect(await next).toBe(seat)
    expect([all.waiting, spy.listening]).toEqual([0, 0])
  })

  it('are newer than asked for', async () => {
    const { all, acquire, retired } = roster({ max: 2 })
    const [one, two] = [await acquire(), await acquire()]
    all.release(one)
    all.release(two)
    const fresh = acquire(all.nextOrder)
    await turns(1)
    expect(retired).toHaveLength(1)
    all.drop(retired[0]?.[0] === one.order ? one : two)
    expect((await fresh).order).toBe(2)
  })

  it('that nobody uses are retired after a while', async () => {
    const { all, acquire, retired } = roster({ idleMs: 500 })
    const seat = await acquire()
    all.release(seat)
    vi.advanceTimersByTime(499)
    expect(await acquire()).toBe(seat)
    vi.advanceTimersByTime(10_000)
    expect(retired).toEqual([])
    all.release(seat)
    vi.advanceTimersByTime(500)
    expect(retired).toEqual([[seat.order, 'idle']])
    // It is still there for the service.
    expect(all.seats).toHaveLength(1)
    all.release(seat)
    expect(seat.state).toBe('closing')
    all.drop(seat)
    expect([all.seats.length, vi.getTimerCount()]).toEqual([0, 0])
  })
})

describe('quotas', () => {
  it('of operations: the shell whose commands fill it goes before the next command', async () => {
    const { all, acquire, retired } = roster({ limits: { operations: 4 } })
    for (let count = 0; count < 3; count++) all.release(await acquire())
    expect(all.operations).toBe(4)
    const next = acquire()
    expect(retired).toEqual([[0, 'recycled']])
    expect(all.waiting).toBe(1)
    const [full] = all.seats
    if (full) all.drop(full)
    expect(await next).toMatchObject({ order: 1, commands: 1 })
  })

  it('of operations: of several the fullest goes, one at a time', async () => {
    const { all, acquire, retired } = roster({ max: 3, limits: { operations: 9 } })
    const seats = [await acquire(), await acquire(), await acquire()]
    for (const seat of seats) all.release(seat)
    for (let count = 0; count < 3; count++) all.release(await acquire())
    expect(all.operations).toBe(9)
    const next = acquire()
    expect(retired).toEqual([[2, 'recycled']])
    if (seats[2]) all.drop(seats[2])
    // What it gave back is enough for a shell that is there.
    expect((await next).order).toBe(1)
  })

  it('of commands: a shell takes no more', async () => {
    const { all, acquire, retired } = roster({ max: 1, limits: { commandsPerShell: 2 } })
    all.release(await acquire())
    all.release(await acquire())
    const next = acquire()
    expect(retired).toEqual([[0, 'recycled']])
    const [full] = all.seats
    if (full) all.drop(full)
    expect((await next).order).toBe(1)
  })

  it('of commands: one that was not started does not count', async () => {
    const { all, acquire } = roster({ max: 1, limits: { commandsPerShell: 1 } })
    all.giveBack(await acquire())
    expect(await acquire()).toMatchObject({ order: 0, commands: 1 })
  })

  it('are kept, and everybody is served, whatever happens', async () => {
    const limits = fc.record({
      shells: fc.integer({ min: 1, max: 4 }),
      operations: fc.integer({ min: 2, max: 12 }),
      commandsPerShell: fc.integer({ min: 1, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(
        limits,
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(5), { maxLength: 40 }),
        async (quotas, max, jobs) => {
          const closing: Seat[] = []
          const all: PoolRoster = new PoolRoster({
            max,
            idleMs: 1000,
            limits: quotas,
            retire: (seat) => closing.push(seat),
          })
          const check = (): void => {
            expect(all.seats.length).toBeLessThanOrEqual(Math.min(max, quotas.shells))
            expect(all.operations).toBeLessThanOrEqual(quotas.operations)
            for (const { commands } of all.seats)
              expect(commands).toBeLessThanOrEqual(quotas.commandsPerShell)
          }
          let served = 0
          const running = jobs.map(async (length) => {
            const seat = await all.acquire(unending(), 0, false)
            check()
            await turns(length)
            served++
            all.release(seat)
          })
          // The service takes its time to delete.
          const everybody = Promise.all(running)
          while (served < jobs.length) {
            await turns(1)
            const seat = closing.shift()
            if (seat) all.drop(seat)
          }
          await everybody
          expect(served).toBe(jobs.length)
          for (const seat of all.seats) all.drop(seat)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('limits', () => {
  const config = (winrs: Record<string, string>, operations: string) => ({
    MaxEnvelopeSizekb: '500',
    Winrs: winrs,
    Service: { MaxConcurrentOperationsPerUser: operations },
  })

  it('are none until something is known', () => {
    const limits = new PoolLimits()
    expect([limits.shells, limits.operations, limits.commandsPerShell]).toEqual([
      Infinity,
      Infinity,
      Infinity,
    ])
  })

  it('are those of the configuration, where 0 is none', () => {
    const limits = new PoolLimits()
    limits.readConfig(config({ MaxShellsPerUser: '30', MaxProcessesPerShell: '0' }, '1500'))
    expect([limits.shells, limits.operations, limits.commandsPerShell]).toEqual([30, 1500, Infinity])
  })

  it('of a configuration without shells are none', () => {
    const limits = new PoolLimits()
    limits.readConfig({ MaxEnvelopeSizekb: '500', Winrs: '' })
    expect([limits.shells, limits.operations]).toEqual([Infinity, Infinity])
  })

  it('are learnt for a minute, and never below what a pool needs', () => {
    let now = 0
    const limits = new PoolLimits(() => now)
    limits.readConfig(config({ MaxShellsPerUser: '30' }, '15'))
    limits.learn('shells', 3)
    limits.learn('operations', 0)
    limits.learn('commandsPerShell', 0)
    expect([limits.shells, limits.operations, limits.commandsPerShell]).toEqual([3, 2, 1])
    now = 59_999
    expect(limits.shells).toBe(3)
    now = 60_000
    expect([limits.shells, limits.operations, limits.commandsPerShell]).toEqual([30, 15, Infinity])
  })
})
