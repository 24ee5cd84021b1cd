import fc from 'fast-check'
import * as net from 'node:net'
import { expect, it } from 'vitest'
import { isIPv6 } from '../../../src/util/ip-address.js'

it.each([
  ['::', true],
  ['::1', true],
  ['fe80::1%eth0', true],
  ['::ffff:192.0.2.1', true],
  ['2001:db8:0:0:0:0:0:1', true],
  ['[::1]', false],
  ['192.0.2.1', false],
  ['server01.example.com', false],
  ['server01:5985', false],
  ['', false],
])('%j is an IPv6 address: %s', (text, expected) => {
  expect(isIPv6(text)).toBe(expected)
})

it('agrees with node:net about any text', () => {
  const pieces = fc.array(fc.constantFrom(':', '::', '.', '%', 'a', '0', 'ffff', '127', 'eth0', '[', ']'))
  const text = fc.oneof(
    fc.ipV6(),
    fc.ipV4(),
    fc.domain(),
    fc.string(),
    pieces.map((list) => list.join('')),
  )
  fc.assert(
    fc.property(text, (given) => {
      expect(isIPv6(given)).toBe(net.isIPv6(given))
    }),
    { numRuns: 1000 },
  )
})
