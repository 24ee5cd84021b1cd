import { describe, expect, it } from 'vitest'
import { BENCHES } from '../../bench/benches.js'
import { measure } from '../../bench/support/measure.js'
import { formatTable } from '../../bench/support/table.js'

// Small and once: that every contender still does its work. How long it takes is nobody's concern here.
describe.each(BENCHES)('the bench $name', (bench) => {
  it('has every contender do the whole work', async () => {
    for (const scenario of await bench.scenarios('smoke')) {
      const figures = await measure(scenario, 1)
      expect(figures.map(({ name }) => name)).toEqual(scenario.contenders.map(({ name }) => name))
      for (const { cpuMs, startMs, peakMb } of figures) {
        expect(Math.min(cpuMs, startMs, peakMb)).toBeGreaterThan(0)
      }
      expect(formatTable(figures).split('\n')).toHaveLength(2 + figures.length)
    }
  }, 300_000)
})
