import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AddressFilter } from '../../../src/settings/address-filter.js'
import { validateSettings } from '../../../src/settings/validate.js'

const dotted = (value: number): string => [24, 16, 8, 0].map((bits) => (value >>> bits) & 255).join('.')
const grouped = (value: bigint): string =>
  Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16)).join(
    ':',
  )

describe('AddressFilter (MS-WSMV 2.2.4.36)', () => {
  it.each([
    ['', 'IPv4', '10.0.0.1', false],
    [' ', 'IPv4', '10.0.0.1', false],
    ['*', 'IPv4', '10.0.0.1', true],
    ['*', 'IPv4', '::1', false],
    ['*', 'IPv6', '::1', true],
    ['*', 'IPv6', '10.0.0.1', false],
    ['10.0.0.2-10.0.0.9', 'IPv4', '10.0.0.1', false],
    ['10.0.0.2-10.0.0.9', 'IPv4', '10.0.0.2', true],
    ['10.0.0.2-10.0.0.9', 'IPv4', '10.0.0.9', true],
    ['10.0.0.2-10.0.0.9', 'IPv4', '10.0.0.10', false],
    ['10.0.0.2-10.0.0.9', 'IPv4', '::ffff:10.0.0.5', true],
    ['1.1.1.1-1.1.1.1, 9.9.9.9 - 9.9.9.9', 'IPv4', '9.9.9.9', true],
    ['2001:db8::1-2001:db8::ff', 'IPv6', '2001:DB8:0::0010', true],
    ['2001:db8::1-2001:db8::ff', 'IPv6', '[2001:db8::10%eth0]', true],
    ['2001:db8::1-2001:db8::ff', 'IPv6', '2001:db8::100', false],
    ['*', 'IPv4', 'server01', false],
  ] as const)('%j of %s on %s: %s', (text, family, address, expected) => {
    expect(new AddressFilter(text, family).matches(address)).toBe(expected)
  })

  it.each([
    ['10.0.0.1', 'IPv4', '"10.0.0.1" is no pair of addresses with a hyphen between'],
    [
      '10.0.0.1-10.0.0.2-10.0.0.3',
      'IPv4',
      '"10.0.0.1-10.0.0.2-10.0.0.3" is no pair of addresses with a hyphen between',
    ],
    ['10.0.0.1-', 'IPv4', '"10.0.0.1-" lacks an address'],
    ['10.0.0.1-10.0.0.2,', 'IPv4', '"" is no pair of addresses with a hyphen between'],
    ['10.0.0.1-10.0.0.2,*', 'IPv4', '"*" stands alone or not at all'],
    ['10.0.0.256-10.0.1.0', 'IPv4', '"10.0.0.256-10.0.1.0" has "10.0.0.256", which is no IPv4 address'],
    ['::1-::2', 'IPv4', '"::1-::2" has "::1", which is no IPv4 address'],
    ['10.0.0.1-10.0.0.2', 'IPv6', '"10.0.0.1-10.0.0.2" has "10.0.0.1", which is no IPv6 address'],
    ['fe80::1%eth0-fe80::2', 'IPv6', '"fe80::1%eth0-fe80::2" has "fe80::1%eth0", which is no IPv6 address'],
    ['10.0.0.2-10.0.0.1', 'IPv4', '"10.0.0.2-10.0.0.1" ends before it begins'],
  ] as const)('refuses %j for %s', (text, family, why) => {
    expect(() => new AddressFilter(text, family)).toThrow(
      expect.objectContaining({
        code: 'ERR_WSMAN_USAGE',
        message: `The ${family} filter has a range that is not valid: ${why}.`,
      }),
    )
  })

  it('holds exactly what lies in one of its ranges, IPv4', () => {
    const address = fc.nat(0xffff_ffff)
    const range = fc.tuple(address, address).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 4 }), fc.array(address), (ranges, probes) => {
        const filter = new AddressFilter(ranges.map((ends) => ends.map(dotted).join('-')).join(','), 'IPv4')
        for (const probe of [...probes, ...ranges.flat()]) {
          const inside = ranges.some(([first, last]) => first <= probe && probe <= last)
          expect(filter.matches(dotted(probe))).toBe(inside)
        }
      }),
    )
  })

  it('holds exactly what lies in one of its ranges, IPv6', () => {
    const address = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })
    fc.assert(
      fc.property(address, address, address, (a, b, probe) => {
        const [first, last] = a < b ? [a, b] : [b, a]
        // Addresses that hold an IPv4 address are of the other family.
        fc.pre([first, last, probe].every((one) => one >> 32n !== 0xffffn))
        const filter = new AddressFilter(`${grouped(first)}-${grouped(last)}`, 'IPv6')
        expect(filter.matches(grouped(probe))).toBe(first <= probe && probe <= last)
        expect(filter.matches(grouped(first)) && filter.matches(grouped(last))).toBe(true)
      }),
    )
  })

  it('gives its text back', () => {
    expect(String(new AddressFilter(' 10.0.0.1-10.0.0.2 ', 'IPv4'))).toBe('10.0.0.1-10.0.0.2')
  })

  it('is asked by validateSettings', () => {
    const service = { ipv4Filter: '10.0.0.1', ipv6Filter: '::2-::1' }
    expect(validateSettings({ service })).toEqual([
      {
        path: 'service.ipv4Filter',
        message:
          'service.ipv4Filter: The IPv4 filter has a range that is not valid: "10.0.0.1" is no pair of addresses with a hyphen between.',
        severity: 'error',
      },
      {
        path: 'service.ipv6Filter',
        message:
          'service.ipv6Filter: The IPv6 filter has a range that is not valid: "::2-::1" ends before it begins.',
        severity: 'error',
      },
    ])
  })
})
