import type { KoffiFunc } from 'koffi'
import { describe, expect, it, vi } from 'vitest'
import type { Argument, NativeFunction } from '../../../../src/auth/kerberos/gssapi-library.js'
import { callInThread } from '../../../../src/auth/kerberos/native-calls.js'

vi.hoisted(() => {
  process.env.UV_THREADPOOL_SIZE = '4' // libuv's default, read when the module is loaded
})

type Callback = (error: unknown, status: number) => void

/** A native function whose calls end when the test says so. */
function heldFunction(): { native: NativeFunction; held: { args: unknown[]; done: Callback }[] } {
  const held: { args: unknown[]; done: Callback }[] = []
  const native = Object.assign(() => 0, {
    async: (...args: unknown[]) => {
      const done = args.pop() as Callback
      held.push({ args, done })
    },
    info: {},
  }) as unknown as KoffiFunc<(...args: Argument[]) => number>
  return { native, held }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('callInThread', () => {
  it("keeps half of libuv's threads free, and lets the others wait in their order", async () => {
    const { native, held } = heldFunction()
    const results: number[] = []
    const calls = [0, 1, 2, 3, 4].map((number) =>
      callInThread(native, number).then((status) => results.push(status)),
    )
    await settled()
    expect(held.map(({ args }) => args)).toEqual([[0], [1]])
    held[1]?.done(null, 11)
    await settled()
    expect(held.map(({ args }) => args)).toEqual([[0], [1], [2]])
    for (let next = 0; next < 5; next++) {
      if (next !== 1) held[next]?.done(null, next + 10)
      await settled()
    }
    await Promise.all(calls)
    expect(results).toEqual([11, 10, 12, 13, 14])
  })

  it('gives the place on after a failure', async () => {
    const { native, held } = heldFunction()
    const failing = [callInThread(native, 1), callInThread(native, 2)]
    const waiting = callInThread(native, 3)
    await settled()
    for (const { done } of held) done(new Error('koffi could not'), 0)
    for (const call of failing) await expect(call).rejects.toThrow('koffi could not')
    await settled()
    held[2]?.done(null, 5)
    await expect(waiting).resolves.toBe(5)
  })
})
