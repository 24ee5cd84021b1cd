import { readFileSync } from 'node:fs'
import { shared } from '../../../support/shared.js'

/** The octets of the TSCredentials in MS-CSSP section 4, from the hexadecimal dump in the specification. */
export function specificationExample(): Uint8Array {
  const text = readFileSync(shared('specs', 'MS-CSSP.md'), 'utf8')
  const start = text.indexOf('\n30 82 01 0f')
  const dump = text.slice(start, text.indexOf('The transformed', start))
  // Sixteen octets a line, then the same as text.
  const octets = dump
    .split('\n')
    .map((line) => /^(?:[0-9a-f]{2}[ -]){1,15}(?:[0-9a-f]{2})?/.exec(line)?.[0] ?? '')
  return Buffer.from(octets.join('').replaceAll(/[ -]/g, ''), 'hex')
}
