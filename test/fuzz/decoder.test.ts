import { beforeAll, describe, expect, it } from 'vitest'
import { fuzz, type FuzzReport } from './run.js'
import { hasCorpus } from './seeds.js'

/** A fixed seed finds what was found before, a fresh one what was not; scripts/fuzz-decoder.ts runs more of both. */
const FRESH = Date.now() % 0x100000000

describe.each([
  ['a fixed seed', 1],
  [`the seed ${FRESH}`, FRESH],
])('the decoder, fed with 10,000 changed messages of %s', (_, seed) => {
  let report: FuzzReport

  beforeAll(() => {
    report = fuzz({ inputs: 10_000, seed })
  }, 300_000)

  it('gives values, faults and errors of the package, the same however the input is cut', () => {
    const found = report.findings.map(({ what, decoding, input }) => [
      decoding,
      what,
      input.toString('base64'),
    ])
    expect(found).toEqual([])
  })

  it('is fed with messages that get far enough to matter', () => {
    const { seeds, outcomes } = report
    expect(seeds).toBeGreaterThan(hasCorpus() ? 800 : 80)
    expect(outcomes.body).toBeGreaterThan(500)
    expect(outcomes.fault).toBeGreaterThan(20)
    expect(outcomes.error).toBeGreaterThan(2000)
  })
})
