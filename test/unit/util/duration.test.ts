import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../../src/util/duration.js'

describe('formatDuration', () => {
  it.each([
    [60_000, 'PT60.000S'],
    [500, 'PT0.500S'],
    [0, 'PT0.000S'],
    [1, 'PT0.001S'],
    [4_294_967_295, 'PT4294967.295S'],
  ])('writes %d ms as Windows does: %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})

describe('parseDuration', () => {
  it.each([
    // What recorded shells and requests say.
    ['PT7200.000S', 7_200_000],
    ['P0DT0H0M0S', 0],
    ['P0DT2H14M36S', 8_076_000],
    ['PT60.000S', 60_000],
    ['PT20S', 20_000],
    ['PT0.5S', 500],
    ['P1D', 86_400_000],
    ['PT1H', 3_600_000],
    ['PT1M', 60_000],
    ['-PT1S', -1000],
    ['  PT1S\n', 1000],
    ['P1DT1H1M1.001S', 90_061_001],
    ['PT32.047S', 32_047],
    ['-PT32.047S', -32_047],
    ['PT0.0004S', 0],
    ['PT0.9996S', 1000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    '',
    'P',
    'PT',
    'P1DT',
    '-P',
    '60',
    'PT60',
    'T60S',
    'P1S',
    'PT1D',
    'P1Y',
    'P1M',
    'P1Y2M3DT4H',
    'PT.5S',
    'PT1.S',
    'PT1S2M',
    'PT-1S',
    'PT1,5S',
    'pt1s',
    '+PT1S',
    'PT1S PT1S',
  ])('takes %j for none', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_294_967_295 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      }),
    )
  })
})
