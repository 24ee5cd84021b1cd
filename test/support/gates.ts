import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Waits until `condition` holds, one turn of the event loop after another. The test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

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
