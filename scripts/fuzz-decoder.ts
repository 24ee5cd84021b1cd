/**
 * Feeds changed messages to the decoder and tells what should not have happened.
 *
 *     npx tsx scripts/fuzz-decoder.ts --inputs 1000000 --seed 1
 *
 * Recorded messages are taken from the folder that WSMAN_CORPUS names; without it there are generated ones only.
 * The exit code is 1 where anything was found; `--save FOLDER` keeps the inputs it was found with.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { fuzz, type Finding } from '../test/fuzz/run.js'

/** CPU time no input of at most 256 kB may take. */
const LIMIT_MS = 2000

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 0x100000000) },
    save: { type: 'string' },
  },
})

const inputs = wholeNumber('inputs', values.inputs)
const seed = wholeNumber('seed', values.seed)
console.log(`${inputs} inputs, seed ${seed}`)

const started = process.cpuUsage()
const report = fuzz({
  inputs,
  seed,
  limitMs: LIMIT_MS,
  onProgress: (done, findings) => {
    if (done % 100_000 === 0) console.log(`${done} inputs, ${findings} findings, ${memory()} MB in use`)
  },
})
const { user, system } = process.cpuUsage(started)

const { body, fault, error } = report.outcomes
console.log(
  `${report.seeds} seeds, ${(report.bytes / 1e6).toFixed(0)} MB, ${((user + system) / 1e6).toFixed(0)} s of CPU`,
)
console.log(
  `${body} values, ${fault} faults, ${error} refused; slowest input ${report.slowestMs.toFixed(0)} ms`,
)
console.log(`${report.findings.length} findings, at most ${peak()} MB resident`)
report.findings.slice(0, 20).forEach(show)
process.exitCode = report.findings.length > 0 ? 1 : 0

function show({ what, decoding, input }: Finding, index: number): void {
  console.log(`\n#${index} ${decoding}, ${input.length} bytes: ${what.slice(0, 2000)}`)
  if (values.save === undefined) return
  mkdirSync(values.save, { recursive: true })
  writeFileSync(path.join(values.save, `${seed}-${index}.bin`), input)
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${name} must be a whole number; it is ${text}.`)
  return value
}

function memory(): string {
  return (process.memoryUsage().heapUsed / 1e6).toFixed(0)
}

function peak(): string {
  return (process.resourceUsage().maxRSS / 1e3).toFixed(0)
}
