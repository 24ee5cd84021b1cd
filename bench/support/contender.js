import { readFileSync } from 'node:fs'
import { lastArgument } from './last-argument.js'

/**
 * The body of a contender that is a program of Node.js.
 * @template Parameters
 * @param {(parameters: Parameters) => Promise<number | null>} work resolves to how much was done; null where the
 *   program does not know
 */
export async function contend(work) {
  const parameters = /** @type {Parameters & { idle?: boolean }} */ (lastArgument())
  const done = parameters.idle === true ? 0 : await work(parameters)
  process.stdout.write(JSON.stringify({ ...usage(), work: done }))
}

/** The whole process from its start. */
function usage() {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  return { cpuMs: (userCPUTime + systemCPUTime) / 1000, peakKb: ownPeakKb() ?? maxRSS }
}

/** On Linux `maxRSS` begins with what the process that forked this one had, so the kernel's own mark is better. */
function ownPeakKb() {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    return kilobytes === undefined ? undefined : Number(kilobytes)
  } catch {
    return undefined
  }
}

/**
 * Runs `task` for every number below `count`, so many at a time.
 * @param {number} count
 * @param {number} parallel
 * @param {(index: number) => Promise<void>} task
 */
export async function inParallel(count, parallel, task) {
  let next = 0
  const worker = async () => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: parallel }, worker))
}
