import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { abortable, abortReason, sleep, within } from '../../../src/util/abortable.js'
import { SignalSpy } from './signal-spy.js'

describe('abortReason', () => {
  it('is the error that was given', () => {
    const reason = new RangeError('why')
    expect(abortReason(AbortSignal.abort(reason))).toBe(reason)
  })

  it('is an error also where something else was given', () => {
    const error = abortReason(AbortSignal.abort('text'))
    expect(error).toBeInstanceOf(Error)
    expect(error.cause).toBe('text')
  })
})

describe('within', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('settles like the promise where that is in time, and leaves no timer', async () => {
    await expect(within(Promise.resolve(7), 100, 0)).resolves.toBe(7)
    await expect(within(Promise.reject(new Error('mine')), 100, 0)).rejects.toThrow('mine')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('resolves to the other value when the time is over, whatever the promise does later', async () => {
    let fail: (error: Error) => void = () => undefined
    const late = new Promise<number>((_, reject) => {
      fail = reject
    })
    const result = within(late, 100, 0)
    vi.advanceTimersByTime(100)
    await expect(result).resolves.toBe(0)
    fail(new Error('too late'))
    await expect(late).rejects.toThrow('too late')
  })
})

describe('abortable', () => {
  it('settles like the promise and stops listening', async () => {
    const spy = new SignalSpy()
    await expect(abortable(Promise.resolve(7), spy.signal)).resolves.toBe(7)
    await expect(abortable(Promise.reject(new Error('mine')), spy.signal)).rejects.toThrow('mine')
    expect(spy.added).toBe(2)
    expect(spy.listening).toBe(0)
  })

  it('rejects at once when the signal is aborted, whatever the promise does later', async () => {
    const spy = new SignalSpy()
    const reason = new Error('enough')
    let fail: (error: Error) => void = () => undefined
    const endless = new Promise<number>((_, reject) => {
      fail = reject
    })
    const waiting = abortable(endless, spy.signal)
    spy.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    fail(new Error('too late'))
    await expect(waiting).rejects.toBe(reason)
  })

  it('takes the failure of a promise nobody waits for any more as handled', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      await expect(
        abortable(Promise.reject(new Error('unseen')), AbortSignal.abort(new Error('before'))),
      ).rejects.toThrow('before')
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})

describe('sleep', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('ends when the time has passed, and not before', async () => {
    const spy = new SignalSpy()
    const woken = vi.fn()
    const sleeping = sleep(1000, spy.signal).then(woken)
    await vi.advanceTimersByTimeAsync(999)
    expect(woken).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await sleeping
    expect(woken).toHaveBeenCalledOnce()
    expect(spy.listening).toBe(0)
  })

  it('ends with the reason when it is disturbed, and leaves no timer', async () => {
    const spy = new SignalSpy()
    const reason = new Error('wake up')
    const sleeping = sleep(1000, spy.signal)
    spy.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not begin when the signal is aborted already', async () => {
    const reason = new Error('no')
    await expect(sleep(1000, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
  })
})
