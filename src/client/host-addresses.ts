import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { ConnectionFacts } from '../transport/types.js'

/** The addresses a connection may go to; none where the name is looked up by a proxy, or leads nowhere. */
export async function hostAddresses({ hostname, proxied }: ConnectionFacts): Promise<readonly string[]> {
  const name = hostname.replace(/%.*$/, '')
  if (isIP(name) !== 0) return [name]
  if (proxied) return []
  const found = await lookup(name, { all: true }).catch(() => [])
  return found.map(({ address }) => address)
}
