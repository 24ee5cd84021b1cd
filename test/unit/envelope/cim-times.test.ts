import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CimDateTime, isCimDateTime } from '../../../src/envelope/cim-datetime.js'
import { CimInterval, isCimInterval } from '../../../src/envelope/cim-interval.js'
import { UsageError } from '../../../src/errors/errors.js'

const two = (value: number): string => String(value).padStart(2, '0')

describe('a CIM datetime', () => {
  it('keeps microseconds, offset and everything else', () => {
    const time = new CimDateTime('20150226180025.123456+060')
    expect(time).toMatchObject({ year: 2015, month: 2, day: 26, hour: 18, minute: 0, second: 25 })
    expect([time.microsecond, time.offsetMinutes, time.isComplete]).toEqual([123456, 60, true])
    expect(time.toDate()).toEqual(new Date('2015-02-26T17:00:25.123Z'))
    expect(JSON.stringify({ time })).toBe('{"time":"2015-02-26T18:00:25.123456+01:00"}')
    expect(time.toString()).toBe('20150226180025.123456+060')
    expect(inspect(time)).toBe('CimDateTime 2015-02-26T18:00:25.123456+01:00')
    expect([isCimDateTime(time), isCimDateTime(new Date()), isCimInterval(time)]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('keeps what is unknown', () => {
    const time = new CimDateTime('2015**26******.******+***')
    expect([time.year, time.month, time.day, time.hour, time.microsecond, time.offsetMinutes]).toEqual([
      2015,
      undefined,
      26,
      undefined,
      undefined,
      undefined,
    ])
    expect([time.isComplete, time.toIso(), time.toJSON()]).toEqual([
      false,
      undefined,
      '2015**26******.******+***',
    ])
    expect(() => time.toDate()).toThrow(UsageError)
    expect(new CimDateTime('20150226180025.12****+000').microsecond).toBeUndefined()
  })

  it.each([
    ['2015-02-26T18:00:25Z', '20150226180025.000000+000', '2015-02-26T18:00:25.000000Z'],
    ['2015-02-26T18:00:25.5Z', '20150226180025.500000+000', '2015-02-26T18:00:25.500000Z'],
    ['2015-02-26T18:00:25.1234567-05:30', '20150226180025.123456-330', '2015-02-26T18:00:25.123456-05:30'],
    [' 2015-02-26T18:00:25 \n', '20150226180025.000000+***', '2015-02-26T18:00:25.000000'],
    ['2015-02-26', '20150226******.******+***', '20150226******.******+***'],
    ['2016-02-29T00:00:00+14:00', '20160229000000.000000+840', '2016-02-29T00:00:00.000000+14:00'],
    ['00010101000000.000000-000', '00010101000000.000000-000', '0001-01-01T00:00:00.000000Z'],
  ])('is read from %j', (text, dmtf, json) => {
    expect([new CimDateTime(text).toString(), new CimDateTime(text).toJSON()]).toEqual([dmtf, json])
  })

  it.each([
    '',
    'TIME_NA',
    '00000101000000',
    '2001-25-00',
    '2015-02-29T00:00:00Z',
    '20150230000000.000000+000',
    '20150226240000.000000+000',
    '20150226180060.000000+000',
    '2015-02-26T18:00:25+14:01',
    '2015022618002*.000000+000',
    '20150226180025.*****6+000',
    '00000001020304.000005:000',
    'P1D',
  ])('is not %j', (text) => {
    expect(CimDateTime.parse(text)).toBeUndefined()
    expect(() => new CimDateTime(text)).toThrow(UsageError)
  })

  it('is the same moment as the Date it is made from', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('0000-01-01'),
          max: new Date('9999-12-31T23:59:59.999Z'),
          noInvalidDate: true,
        }),
        fc.integer({ min: -999, max: 999 }),
        fc.integer({ min: 0, max: 999 }),
        (date, offset, micros) => {
          expect(CimDateTime.fromDate(date).toDate()).toEqual(date)
          const iso = date.toISOString()
          const sign = offset < 0 ? '-' : '+'
          const dmtf = `${iso.replace(/[-:TZ]/g, '')}${String(micros).padStart(3, '0')}${sign}${String(Math.abs(offset)).padStart(3, '0')}`
          const time = new CimDateTime(dmtf)
          expect(time.toString()).toBe(dmtf)
          expect(time.toDate().getTime()).toBe(date.getTime() - offset * 60_000)
          if (Math.abs(offset) <= 840) {
            const again = new CimDateTime(time.toJSON())
            expect(again.toString()).toBe(dmtf.replace(/-000$/, '+000'))
          }
        },
      ),
    )
    for (const date of [new Date(NaN), new Date(-1e15), new Date(8.64e15)])
      expect(() => CimDateTime.fromDate(date)).toThrow(UsageError)
  })
})

describe('a CIM interval', () => {
  it('keeps microseconds and what is unknown', () => {
    const interval = new CimInterval('00000012010203.000456:000')
    expect(interval).toMatchObject({ days: 12, hours: 1, minutes: 2, seconds: 3, microseconds: 456 })
    expect(interval.toMilliseconds()).toBe(((12 * 24 + 1) * 60 + 2) * 60_000 + 3000.456)
    expect(JSON.stringify([interval])).toBe('["P12DT1H2M3.000456S"]')
    expect(inspect(interval)).toBe('CimInterval P12DT1H2M3.000456S')
    const some = new CimInterval('********0102**.******:000')
    expect([some.days, some.hours, some.seconds, some.isComplete, some.toJSON()]).toEqual([
      undefined,
      1,
      undefined,
      false,
      '********0102**.******:000',
    ])
    expect(() => some.toMilliseconds()).toThrow(UsageError)
  })

  it.each([
    ['P365DT24H60M', '00000366010000.000000:000'],
    ['P0Y0M0DT0H2M0S', '00000000000200.000000:000'],
    ['PT0.0000019S', '00000000000000.000001:000'],
    ['P99999999DT23H59M59.999999S', '99999999235959.999999:000'],
  ])('is read from %j', (text, dmtf) => {
    expect(new CimInterval(text).toString()).toBe(dmtf)
  })

  it.each([
    '',
    '0',
    'P',
    'PT',
    'P1DT',
    'P1Y',
    'P1M',
    '-P1D',
    'P100000000D',
    '20150226180025.123456+060',
    '00000001240000.000000:000',
    '00000001000000.000000:001',
  ])('is not %j', (text) => {
    expect(CimInterval.parse(text)).toBeUndefined()
    expect(() => new CimInterval(text)).toThrow(UsageError)
  })

  it('is the same length in every form', () => {
    fc.assert(
      fc.property(
        fc.nat(99_999_999),
        fc.nat(23),
        fc.nat(59),
        fc.nat(59),
        fc.nat(999_999),
        (days, hours, minutes, seconds, micros) => {
          const dmtf = `${String(days).padStart(8, '0')}${[hours, minutes, seconds].map(two).join('')}.${String(micros).padStart(6, '0')}:000`
          const interval = new CimInterval(dmtf)
          expect(interval.toString()).toBe(dmtf)
          expect(new CimInterval(interval.toJSON()).toString()).toBe(dmtf)
        },
      ),
    )
    expect(CimInterval.fromMilliseconds(90_061_001.5).toString()).toBe('00000001010101.001500:000')
    for (const bad of [-1, NaN, Infinity, 1e30])
      expect(() => CimInterval.fromMilliseconds(bad)).toThrow(UsageError)
  })
})
