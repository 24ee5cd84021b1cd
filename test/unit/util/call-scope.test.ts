import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AbortError, ProtocolError, TimeoutError, UsageError } from '../../../src/errors/errors.js'
import { CallScope } from '../../../src/util/call-scope.js'
import { Lifetime } from '../../../src/util/lifetime.js'
import { SignalSpy } from './signal-spy.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe("the caller's signal", () => {
  it('ends the scope with an AbortError that tells its reason', () => {
    const spy = new SignalSpy()
    const scope = new CallScope({ signal: spy.signal })
    expect(scope.signal.aborted).toBe(false)
    const reason = { why: 'changed my mind' }
    spy.abort(reason)
    expect(scope.signal.reason).toBeInstanceOf(AbortError)
    expect(scope.signal.reason).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: reason })
  })

  it('ends the scope from the start when it is aborted already', () => {
    const scope = new CallScope({ signal: AbortSignal.abort('early'), timeoutMs: 1000 })
    expect(scope.signal.reason).toMatchObject({ name: 'AbortError', cause: 'early' })
  })

  it('is not listened to any more after dispose', () => {
    const spy = new SignalSpy()
    const scopes = Array.from({ length: 8 }, () => new CallScope({ signal: spy.signal, timeoutMs: 1000 }))
    expect(spy.listening).toBe(8)
    for (const scope of scopes) scope.dispose()
    expect(spy.listening).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
    spy.abort()
    expect(scopes.some((scope) => scope.signal.aborted)).toBe(false)
  })

  it('may be of another make than the platform', () => {
    const listeners = new Set<() => void>()
    const signal = {
      aborted: false,
      reason: 'enough',
      addEventListener: (_type: 'abort', listener: () => void) => void listeners.add(listener),
      removeEventListener: (_type: 'abort', listener: () => void) => void listeners.delete(listener),
    }
    const [ended, disposed] = [new CallScope({ signal }), new CallScope({ signal })]
    disposed.dispose()
    for (const listener of listeners) listener()
    expect(ended.signal.reason).toMatchObject({ name: 'AbortError', cause: 'enough' })
    expect([disposed.signal.aborted, listeners.size]).toEqual([false, 0])
  })

  it('of another scope passes on the error of that one', () => {
    const outer = new CallScope({ timeoutMs: 10 })
    const inner = new CallScope({ signal: outer.signal })
    vi.advanceTimersByTime(10)
    expect(outer.signal.reason).toBeInstanceOf(TimeoutError)
    expect(inner.signal.reason).toBe(outer.signal.reason)
  })

  it('aborted with an error of this package is still an abort by the caller', () => {
    // Whoever runs many calls and gives the rest up at the first failure aborts with that failure.
    const failure = new ProtocolError('the first call failed')
    const controller = new AbortController()
    const before = new CallScope({ signal: controller.signal })
    controller.abort(failure)
    const after = new CallScope({ signal: controller.signal })
    for (const { signal } of [before, after]) {
      expect(signal.reason).toMatchObject({ name: 'AbortError', cause: failure })
    }
  })
})

describe('the deadline', () => {
  it('ends the scope with a TimeoutError when it has passed, and not before', () => {
    const scope = new CallScope({ timeoutMs: 500 })
    vi.advanceTimersByTime(499)
    expect(scope.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(scope.signal.reason).toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_WSMAN_TIMEOUT',
      timeoutMs: 500,
    })
  })

  it('takes the listener away when it has passed', () => {
    const spy = new SignalSpy()
    const scope = new CallScope({ signal: spy.signal, timeoutMs: 500 })
    vi.advanceTimersByTime(500)
    expect(spy.listening).toBe(0)
    const { reason } = scope.signal as { reason: unknown }
    spy.abort('later')
    expect(scope.signal.reason).toBe(reason)
  })

  it.each([2 ** 31, 2 ** 32 - 1, Infinity])('of %d ms is not the shortest one', (timeoutMs) => {
    const scope = new CallScope({ timeoutMs })
    vi.advanceTimersByTime(24 * 3_600_000)
    expect(scope.signal.aborted).toBe(false)
    scope.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the lifetime', () => {
  it('ends the scope when it ends', async () => {
    const lifetime = new Lifetime()
    const scope = new CallScope({ lifetime, timeoutMs: 1000 })
    await lifetime.end('The client was closed.')
    expect(scope.signal.reason).toMatchObject({ name: 'AbortError', message: 'The client was closed.' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('knows no scope any more after dispose', async () => {
    const lifetime = new Lifetime()
    const scope = new CallScope({ lifetime })
    scope.dispose()
    await lifetime.end('closed')
    expect(scope.signal.aborted).toBe(false)
  })

  it('admits none when it is over, and nothing is left behind', async () => {
    const lifetime = new Lifetime()
    await lifetime.end('The client was closed.')
    const spy = new SignalSpy()
    expect(() => new CallScope({ lifetime, signal: spy.signal, timeoutMs: 1000 })).toThrow(UsageError)
    expect(spy.listening).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

it('the first end counts', () => {
  const spy = new SignalSpy()
  const scope = new CallScope({ signal: spy.signal, timeoutMs: 100 })
  const reason = new Error('mine')
  scope.end(reason)
  spy.abort()
  vi.advanceTimersByTime(200)
  expect(scope.signal.reason).toBe(reason)
  expect(spy.listening).toBe(0)
})
