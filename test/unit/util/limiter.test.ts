import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { createLimiter } from '../../../src/util/limiter.js'
import { gate, rejection, turns } from '../../support/scripted-service.js'
import { SignalSpy } from './signal-spy.js'

describe('a limiter', () => {
  it.each([0, -1, 1.5, NaN, Infinity])('has no %s places', (max) => {
    expect(() => createLimiter(max)).toThrow(UsageError)
  })

  it('lets so many through and the others wait in turn', async () => {
    const limiter = createLimiter(2)
    const first = await limiter.acquire()
    const second = await limiter.acquire()
    const order: number[] = []
    const waiting = [1, 2, 3].map(async (number) => {
      const release = await limiter.acquire()
      order.push(number)
      return release
    })
    await turns(1)
    expect([limiter.max, limiter.active, limiter.waiting]).toEqual([2, 2, 3])
    second()
    await turns(1)
    expect([order, limiter.active, limiter.waiting]).toEqual([[1], 2, 2])
    first()
    ;(await waiting[0])?.()
    for (const release of await Promise.all(waiting)) release()
    expect([order, limiter.active, limiter.waiting]).toEqual([[1, 2, 3], 0, 0])
  })

  it('takes a place back once', async () => {
    const limiter = createLimiter(1)
    const release = await limiter.acquire()
    release()
    release()
    expect(limiter.active).toBe(0)
    await limiter.acquire()
    release()
    expect(limiter.active).toBe(1)
  })

  it('forgets who gives up', async () => {
    const limiter = createLimiter(1)
    const release = await limiter.acquire()
    const spy = new SignalSpy()
    const waiting = rejection(limiter.acquire(spy.signal))
    const next = limiter.acquire()
    const reason = new Error('enough')
    spy.abort(reason)
    expect(await waiting).toBe(reason)
    expect([limiter.waiting, spy.listening]).toEqual([1, 0])
    release()
    ;(await next)()
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
    expect(await rejection(limiter.acquire(AbortSignal.abort(reason)))).toBe(reason)
    expect(limiter.active).toBe(0)
  })

  it('does not listen any more to whom it let through', async () => {
    const limiter = createLimiter(1)
    const release = await limiter.acquire()
    const spy = new SignalSpy()
    const next = limiter.acquire(spy.signal)
    release()
    ;(await next)()
    expect(spy.listening).toBe(0)
    spy.abort()
    expect(limiter.active).toBe(0)
  })
})

describe('run', () => {
  it('gives the place back however the task ends', async () => {
    const limiter = createLimiter(1)
    expect(await limiter.run(() => Promise.resolve(7))).toBe(7)
    const failure = new Error('no')
    expect(await rejection(limiter.run(() => Promise.reject(failure)))).toBe(failure)
    expect(limiter.active).toBe(0)
  })

  it('does not begin a task that was given up before', async () => {
    const limiter = createLimiter(1)
    const held = gate()
    const first = limiter.run(() => held.passed)
    const controller = new AbortController()
    let began = false
    const second = limiter.run(() => {
      began = true
      return Promise.resolve()
    }, controller.signal)
    const refused = rejection(second)
    controller.abort('enough')
    expect(await refused).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' })
    held.open()
    await first
    expect([began, limiter.active, limiter.waiting]).toEqual([false, 0, 0])
  })
})

it('never lets more through than it has places, and all in the end', async () => {
  const steps = fc.array(fc.record({ turns: fc.nat(3), abort: fc.boolean() }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), steps, async (max, tasks) => {
      const limiter = createLimiter(max)
      let active = 0
      let most = 0
      const outcomes = await Promise.allSettled(
        tasks.map(({ turns: count, abort }, index) => {
          const controller = new AbortController()
          const run = limiter.run(async () => {
            most = Math.max(most, ++active)
            await turns(count)
            active--
          }, controller.signal)
          if (abort && index % 2 === 0) controller.abort()
          return run
        }),
      )
      expect(most).toBeLessThanOrEqual(max)
      expect([active, limiter.active, limiter.waiting]).toEqual([0, 0, 0])
      expect(outcomes).toHaveLength(tasks.length)
    }),
    { numRuns: 50 },
  )
})
