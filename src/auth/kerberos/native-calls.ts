import type { Argument, NativeFunction } from './gssapi-library.js'

/**
 * Calls that may wait, for a KDC or a disk, occupy threads of libuv's pool, which DNS and the file system need as well: at
 * most half of them. They cannot be interrupted: a process ends only when the library has given up, after half a minute
 * where a KDC is silent.
 */
const MAX_WAITING_CALLS = Math.max(1, Math.floor((Number(process.env.UV_THREADPOOL_SIZE) || 4) / 2))

let running = 0
const queue: (() => void)[] = []

/** Runs a call off the event loop. The octets its arguments point to stay where they are until it has returned. */
export async function callInThread(native: NativeFunction, ...args: Argument[]): Promise<number> {
  if (running >= MAX_WAITING_CALLS) await new Promise<void>((resolve) => queue.push(resolve))
  else running++
  try {
    return await new Promise<number>((resolve, reject) => {
      native.async(...args, (error: unknown, status: number) => {
        if (error instanceof Error) reject(error)
        else resolve(keepUntilNow(args, status))
      })
    })
  } finally {
    const next = queue.shift() // the place goes to the one that waits the longest
    if (next === undefined) running--
    else next()
  }
}

/** A callback that mentions the arguments keeps them from being collected while C uses them. */
function keepUntilNow<T>(_args: readonly Argument[], result: T): T {
  return result
}
