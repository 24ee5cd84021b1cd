import { expect, it } from 'vitest'
import { chaos } from './chaos.js'

/** Another one for every run is drawn by `npm run chaos`. */
const SEED = 20_240_229

it('nothing is lost, done twice or left over, whatever fails meanwhile', async () => {
  const report = await chaos({ seed: SEED, operations: 240, restartEvery: 60 })
  expect(report.violations).toEqual([])
  expect(report.operations).toBeGreaterThanOrEqual(240)
  expect(report.restarts).toBe(4)
  // Each operation was tried, and most of them came through and failed both: else nothing was shown.
  const outcomes = [...report.outcomes.values()]
  expect(outcomes.every(({ succeeded, failed }) => succeeded + failed > 0)).toBe(true)
  expect(outcomes.filter(({ succeeded }) => succeeded > 0).length).toBeGreaterThan(8)
  expect(outcomes.filter(({ failed }) => failed > 0).length).toBeGreaterThan(6)
  expect(report.struck.size).toBeGreaterThan(3)
  const [before = 0, after = Infinity] = [report.heap[0], report.heap.at(-1)]
  expect(after - before).toBeLessThan(16 * 1024 * 1024)
})
