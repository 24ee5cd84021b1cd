import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDateTimes, fromDate, parseDmtf } from '../../../../src/testing/wql/dmtf-datetime.js'

describe('parseDmtf', () => {
  it.each([
    ['19700101000000.000000+000', 0n],
    ['19700101000000.000001+000', 1n],
    ['19700101010000.000000+060', 0n],
    ['19691231190000.000000-300', 0n],
    ['20240229120000.123456+000', 1_709_208_000_123_456n],
    ['00500101000000.000000+000', BigInt(Date.parse('0050-01-01T00:00:00Z')) * 1000n],
  ])('reads %s', (text, micros) => {
    expect(parseDmtf(text)?.micros).toBe(micros)
  })

  it.each(['00000004123030.000000:000', '2024**********.******+***', '202401********.******+000'])(
    'knows no moment for %s',
    (text) => {
      expect(parseDmtf(text)).toEqual({ text, micros: undefined })
    },
  )

  it.each(['', 'today', '2024-01-01', '20240101000000', '20240101000000.000000', '20240101000000.000000+00'])(
    'refuses %j',
    (text) => {
      expect(parseDmtf(text)).toBeUndefined()
    },
  )
})

describe('fromDate', () => {
  it('writes what parseDmtf reads', () => {
    const date = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') })
    fc.assert(
      fc.property(
        date.filter((value) => !Number.isNaN(value.getTime())),
        (value) => {
          const written = fromDate(value)
          expect(written?.micros).toBe(BigInt(value.getTime()) * 1000n)
          expect(parseDmtf(written?.text ?? '')).toEqual(written)
        },
      ),
    )
  })

  it('has no text for an invalid date', () => {
    expect(fromDate(new Date(Number.NaN))).toBeUndefined()
  })
})

describe('compareDateTimes', () => {
  it('orders moments by time and intervals by text', () => {
    const order = (a: string, b: string): number => {
      const [left, right] = [parseDmtf(a), parseDmtf(b)]
      if (left === undefined || right === undefined) throw new Error('not a datetime')
      return Math.sign(compareDateTimes(left, right))
    }
    expect(order('20240101000000.000000+000', '20240101003000.000000+060')).toBe(1)
    expect(order('20240101000000.000000+000', '20240101010000.000000+060')).toBe(0)
    expect(order('00000001000000.000000:000', '00000002000000.000000:000')).toBe(-1)
  })
})
