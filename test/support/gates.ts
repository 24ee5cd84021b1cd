import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { onTestFinished, vi } from 'vitest'

/** Waits until `condition` holds, one turn of the event loop after another. The test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/**
 * Timers go on as they do, and a test can move them on besides. For limits that must not pass by themselves while a
 * loaded machine takes its time: make them long, wait for what must come before, and move the time on.
 */
export function followTheClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
  onTestFinished(() => void vi.useRealTimers())
}

/** Longer than a test takes, and shorter than a service may take for an operation by default. */
export const LONG_MS = 50_000

/** Whether a process with this id exists, zombies included. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of the heap that are still in use after a collection. */
export function usedHeap(): number {
  collect()
  return process.memoryUsage().heapUsed
}
