import { bare, shellPeers, wsman } from './shell-contenders.js'
import type { Bench } from './support/bench.js'

/** Long output of one command, in envelopes as large as old and new hosts send. */
export const output: Bench = {
  name: 'output',
  async scenarios(scale) {
    const megabytes = scale === 'full' ? 64 : 1
    const outputBytes = megabytes * 2 ** 20
    const contenders = [
      bare,
      wsman(scale, 'wsman, run'),
      wsman(scale, 'wsman, spawn', { task: 'stream' }),
      ...(await shellPeers()),
    ]
    const sizes = scale === 'full' ? [150, 512] : [150]
    return sizes.map((envelopeKb) => ({
      title: `${megabytes} MiB of command output in envelopes of ${envelopeKb} KB`,
      responder: { file: 'shells.js', parameters: { outputBytes, envelopeKb } },
      parameters: { task: 'run', count: 1, parallel: 1 },
      work: outputBytes,
      contenders,
    }))
  },
}
