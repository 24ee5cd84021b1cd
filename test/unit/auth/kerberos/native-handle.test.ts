import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { NativeHandle } from '../../../../src/auth/kerberos/native-handle.js'

/** A handle to pointer 7, and what was freed. */
async function handleTo7(): Promise<{ handle: NativeHandle; freed: (bigint | null)[] }> {
  const freed: (bigint | null)[] = []
  const handle = new NativeHandle((cell) => freed.push(cell[0]))
  await handle.use((cell) => {
    cell[0] = 7n
  })
  return { handle, freed }
}

describe('NativeHandle', () => {
  it('frees once, however often it is closed', async () => {
    const { handle, freed } = await handleTo7()
    handle.close()
    handle.close()
    expect(freed).toEqual([7n])
  })

  it('frees nothing where nothing was made', () => {
    const freed: unknown[] = []
    new NativeHandle((cell) => freed.push(cell)).close()
    expect(freed).toEqual([])
  })

  it('waits for the calls that use it, also for those that fail', async () => {
    const { handle, freed } = await handleTo7()
    let finish: () => void = () => undefined
    const failing = handle.use(() => new Promise((_, reject) => (finish = () => reject(new Error('no')))))
    const other = handle.use(([pointer]) => Promise.resolve(pointer))
    handle.close()
    await expect(other).resolves.toBe(7n)
    expect(freed).toEqual([])
    finish()
    await expect(failing).rejects.toThrow('no')
    expect(freed).toEqual([7n])
  })

  it('frees what a call made while the handle was closed', async () => {
    const freed: unknown[] = []
    const handle = new NativeHandle((cell) => freed.push(cell[0]))
    const making = handle.use(async (cell) => {
      await Promise.resolve()
      cell[0] = 9n
    })
    handle.close()
    await making
    expect(freed).toEqual([9n])
  })

  it('is not used after it was closed', async () => {
    const { handle } = await handleTo7()
    handle.close()
    await expect(handle.use(() => 1)).rejects.toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
  })

  it('frees what was forgotten when it is collected, and what was closed not again', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const forgotten: unknown[] = []
    const closed: unknown[] = []
    await (async () => {
      for (const [freed, close] of [
        [forgotten, false],
        [closed, true],
      ] as const) {
        const handle = new NativeHandle((cell) => freed.push(cell[0]))
        await handle.use((cell) => {
          cell[0] = 7n
        })
        if (close) handle.close()
      }
    })()
    await expect
      .poll(() => {
        collect()
        return forgotten
      })
      .toEqual([7n])
    expect(closed).toEqual([7n])
  })
})
