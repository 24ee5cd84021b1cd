import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

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
