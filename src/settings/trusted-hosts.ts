import { isIP, isIPv4 } from 'node:net'
import { domainToASCII } from 'node:url'
import { UsageError } from '../errors/errors.js'
import { isIPv6 } from '../util/ip-address.js'

type Pattern = (host: string) => boolean

/**
 * The hosts a client may send to although they cannot prove who they are, as `client.trustedHosts` writes them
 * (MS-WSMV 2.2.4.6): nothing, `*` for every host, or a list separated by commas of names, addresses (IPv6 with or
 * without brackets), names with a `*` at their beginning or end, and `<local>` for names without a dot. Letter case
 * does not matter. Loopback is always trusted.
 */
export class TrustedHosts {
  readonly #text: string
  readonly #patterns: readonly Pattern[]

  /** @throws UsageError when an entry is malformed */
  constructor(text: string) {
    this.#text = text.trim()
    this.#patterns = parse(this.#text)
  }

  /** Whether `host` (a name or an address, without a port) is trusted. */
  matches(host: string): boolean {
    const name = canonical(host)
    return isLoopback(name) || this.#patterns.some((pattern) => pattern(name))
  }

  /** The wire text. */
  toString(): string {
    return this.#text
  }
}

function parse(text: string): Pattern[] {
  if (text === '') return []
  if (text === '*') return [() => true]
  return text.split(',').map((entry) => parseEntry(entry.trim()))
}

function parseEntry(entry: string): Pattern {
  if (entry.toLowerCase() === '<local>') return (host) => !host.includes('.') && !host.includes(':')
  if (entry.includes('*')) {
    const part = entry.replace(/^\*|\*$/, '').toLowerCase()
    if (!/^[\p{L}\p{N}._:-]+$/u.test(part)) throw malformed(entry)
    return entry.startsWith('*') ? (host) => host.endsWith(part) : (host) => host.startsWith(part)
  }
  const name = canonical(entry)
  if (isIP(name) === 0 && !/^[\p{L}\p{N}._-]+$/u.test(name)) throw malformed(entry)
  return (host) => host === name
}

function malformed(entry: string): UsageError {
  const message =
    entry === ''
      ? 'client.trustedHosts has an empty entry.'
      : `client.trustedHosts has an entry that is not valid: ${JSON.stringify(entry)}.`
  return new UsageError(message, {
    hint: "Write '*' alone, or names separated by commas, without ports: 'server01, web*, *.example.com, <local>, [2001:db8::1]'.",
  })
}

/** Lower case, no final dot, no brackets, no zone; one spelling for each IPv6 address and international name. */
function canonical(host: string): string {
  const name = host.trim().toLowerCase().replace(/\.$/, '')
  const address = name.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  if (isIPv6(address)) return new URL(`http://[${address}]`).hostname.slice(1, -1)
  return /^\p{ASCII}*$/u.test(name) ? name : domainToASCII(name) || name
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIPv4(host) ? host.startsWith('127.') : /^::ffff:7f[0-9a-f]{2}:/.test(host)
}
