import { bare, shellPeers, wsman } from './shell-contenders.js'
import type { Bench } from './support/bench.js'

/** What `hostname` writes. */
const OUTPUT_BYTES = 16

/** One tiny command on each of many hosts. All of 127.0.0.0/8 is this machine, on Linux without further ado. */
export const fleet: Bench = {
  name: 'fleet',
  async scenarios(scale) {
    const [count, parallel] = scale === 'full' ? [1000, 64] : [20, 4]
    const hosts = Array.from({ length: count }, (_, index) => `127.0.${1 + (index >> 8)}.${index & 255}`)
    return [
      {
        title: `One tiny command on each of ${count} hosts, ${parallel} at a time`,
        responder: {
          file: 'shells.js',
          parameters: { outputBytes: OUTPUT_BYTES, envelopeKb: 150, addresses: hosts },
        },
        parameters: { task: 'fleet', count, parallel, hosts },
        work: count * OUTPUT_BYTES,
        contenders: [bare, wsman(scale), ...(await shellPeers())],
      },
    ]
  },
}
