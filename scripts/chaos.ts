/**
 * Mixed operations against an endpoint that drops, delays, faults and restarts, and a ledger of what really happened.
 *
 *     npm run chaos -- --minutes 10
 *     npm run chaos -- --operations 100000 --seed 1
 *
 * The exit code is 1 where anything was lost, done twice or left over. The same seed draws the same operations and the
 * same mishaps; how they meet is up to the machine.
 */
import { parseArgs } from 'node:util'
import { chaos, type ChaosReport } from '../test/chaos/chaos.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    operations: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 0x100000000) },
  },
})

const seed = numberOf('seed', values.seed)
const minutes = values.minutes === undefined ? undefined : numberOf('minutes', values.minutes)
const operations = values.operations === undefined ? undefined : numberOf('operations', values.operations)
console.log(`seed ${seed}`)

const report = await chaos({
  seed,
  ...(minutes === undefined ? {} : { minutes }),
  ...(operations === undefined ? {} : { operations }),
  ...(minutes === undefined && operations === undefined ? { minutes: 1 } : {}),
  onRestart: ({ operations: done, restarts, heap, violations }) => {
    if (restarts % 20 === 0)
      console.log(
        `${done} operations, ${((heap.at(-1) ?? 0) / 1e6).toFixed(0)} MB in use, ${violations.length} findings`,
      )
  },
})
tell(report)
process.exitCode = report.violations.length > 0 ? 1 : 0

function tell({ operations: done, restarts, outcomes, codes, struck, heap, violations }: ChaosReport): void {
  console.log(`${done} operations, ${restarts} restarts`)
  for (const [name, { succeeded, failed }] of outcomes)
    console.log(`  ${name}: ${succeeded} succeeded, ${failed} failed`)
  console.log(`errors: ${listed(codes)}`)
  console.log(`connections: ${listed(struck)}`)
  const [first = 0, last = 0] = [heap[1], heap.at(-1)]
  console.log(
    `memory in use after the second restart and the last: ${(first / 1e6).toFixed(1)} and ${(last / 1e6).toFixed(1)} MB`,
  )
  for (const violation of violations.slice(0, 50)) console.log(`FOUND ${violation}`)
  console.log(
    violations.length === 0
      ? 'Nothing lost, nothing done twice, nothing left over.'
      : `${violations.length} findings`,
  )
}

function numberOf(name: string, text: string): number {
  const value = Number(text)
  if (!(value >= 0)) throw new Error(`--${name} must be a number; it is ${text}.`)
  return value
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
}
