import { BlockList, isIP, isIPv4 } from 'node:net'
import { UsageError } from '../errors/errors.js'
import { isIPv6 } from '../util/ip-address.js'

type Family = 'IPv4' | 'IPv6'

/**
 * The addresses of the machine that the service listens on, as `service.ipv4Filter` and `service.ipv6Filter` write them
 * (MS-WSMV 2.2.4.36): nothing for none, `*` for all, or ranges separated by commas, `10.0.0.1-10.0.0.9,10.0.1.1-10.0.1.1`.
 * Both ends belong to a range. A filter speaks of one family of addresses; one of the other never matches.
 */
export class AddressFilter {
  readonly #family: Family
  readonly #text: string
  readonly #ranges: BlockList | 'all'

  /** @throws UsageError that names the range that is malformed */
  constructor(text: string, family: 'IPv4' | 'IPv6') {
    this.#family = family
    this.#text = text.trim()
    this.#ranges = this.#text === '*' ? 'all' : parse(this.#text, family)
  }

  /**
   * Whether the service listens on `address`. An IPv4 address in IPv6 spelling (`::ffff:10.0.0.1`) is an IPv4 address;
   * brackets and a zone (`[fe80::1%eth0]`) do not matter.
   */
  matches(address: string): boolean {
    const plain = unwrap(address)
    if (familyOf(plain) !== this.#family) return false
    return this.#ranges === 'all' || this.#ranges.check(plain, this.#family === 'IPv4' ? 'ipv4' : 'ipv6')
  }

  /** The wire text. */
  toString(): string {
    return this.#text
  }
}

function parse(text: string, family: Family): BlockList {
  const ranges = new BlockList()
  for (const range of text === '' ? [] : text.split(',')) addRange(ranges, range.trim(), family)
  return ranges
}

function addRange(ranges: BlockList, range: string, family: Family): void {
  const malformed = (why: string): UsageError =>
    new UsageError(`The ${family} filter has a range that is not valid: ${JSON.stringify(range)} ${why}.`, {
      hint: `Write nothing for no address, '*' for all, or ranges: '${EXAMPLES[family]}'.`,
    })
  const [first = '', last, ...more] = range.split('-').map((end) => end.trim())
  if (range === '*') throw malformed('stands alone or not at all')
  if (last === undefined || more.length > 0) throw malformed('is no pair of addresses with a hyphen between')
  const wrong = [first, last].find((end) => familyOf(end) !== family)
  if (wrong !== undefined) {
    throw malformed(
      wrong === '' ? 'lacks an address' : `has ${JSON.stringify(wrong)}, which is no ${family} address`,
    )
  }
  try {
    ranges.addRange(first, last, family === 'IPv4' ? 'ipv4' : 'ipv6')
  } catch {
    throw malformed('ends before it begins')
  }
}

const EXAMPLES: Readonly<Record<Family, string>> = {
  IPv4: '10.0.0.1-10.0.0.9,10.0.1.1-10.0.1.1',
  IPv6: '2001:db8::1-2001:db8::9',
}

function familyOf(address: string): Family | undefined {
  if (isIPv4(address)) return 'IPv4'
  return isIPv6(address) && !address.includes('%') ? 'IPv6' : undefined
}

function unwrap(address: string): string {
  const plain = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1]
  return mapped !== undefined && isIP(mapped) === 4 ? mapped : plain
}
