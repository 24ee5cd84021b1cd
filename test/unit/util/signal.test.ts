import { describe, expect, it } from 'vitest'
import { OwnSignal, platformSignal, type CallSignal } from '../../../src/util/signal.js'

/** Either kind, so that ours is held to what the platform's does. */
const KINDS: readonly (readonly [
  name: string,
  make: () => readonly [CallSignal, (reason: Error) => void],
])[] = [
  [
    'OwnSignal',
    () => {
      const signal = new OwnSignal()
      return [signal, (reason) => signal.abort(reason)]
    },
  ],
  [
    'AbortSignal',
    () => {
      const controller = new AbortController()
      return [controller.signal, (reason) => controller.abort(reason)]
    },
  ],
]

const first = new Error('first')
const second = new Error('second')

describe.each(KINDS)('%s', (_name, make) => {
  it('is aborted once, with the first reason', () => {
    const [signal, abort] = make()
    const calls: unknown[] = []
    signal.addEventListener('abort', () => calls.push(signal.reason), { once: true })
    expect([signal.aborted, signal.reason]).toEqual([false, undefined])
    abort(first)
    abort(second)
    expect([signal.aborted, signal.reason, calls]).toEqual([true, first, [first]])
  })

  it('calls listeners in their order, each once however often it was added', () => {
    const [signal, abort] = make()
    const calls: string[] = []
    const a = (): void => void calls.push('a')
    const b = (): void => void calls.push('b')
    for (const listener of [a, b, a]) signal.addEventListener('abort', listener, { once: true })
    abort(first)
    expect(calls).toEqual(['a', 'b'])
  })

  it('does not call who was taken away, before or meanwhile, or who came meanwhile or afterwards', () => {
    const [signal, abort] = make()
    const calls: string[] = []
    const never = (): void => void calls.push('never')
    const taken = (): void => void calls.push('taken')
    signal.addEventListener('abort', taken, { once: true })
    signal.removeEventListener('abort', taken)
    signal.addEventListener(
      'abort',
      () => {
        calls.push('called')
        signal.removeEventListener('abort', never)
        signal.addEventListener('abort', taken, { once: true })
      },
      { once: true },
    )
    signal.addEventListener('abort', never, { once: true })
    abort(first)
    signal.addEventListener('abort', never, { once: true })
    expect(calls).toEqual(['called'])
  })

  it('becomes an AbortSignal with the same reason, before and after it is aborted', () => {
    const [signal, abort] = make()
    const early = platformSignal(signal)
    expect([early instanceof AbortSignal, early.aborted]).toEqual([true, false])
    abort(first)
    expect([early.aborted, early.reason]).toEqual([true, first])
    const late = platformSignal(signal)
    expect([late instanceof AbortSignal, late.aborted, late.reason]).toEqual([true, true, first])
  })
})
