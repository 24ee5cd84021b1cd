import { bare, shellPeers, wsman } from './shell-contenders.js'
import type { Bench } from './support/bench.js'

/** What `hostname` writes. */
const OUTPUT_BYTES = 16

/** A shell opened, a tiny command run and the shell deleted, again and again. */
export const commands: Bench = {
  name: 'commands',
  async scenarios(scale) {
    const count = scale === 'full' ? 1000 : 20
    const contenders = [bare, wsman(scale), ...(await shellPeers())]
    const degrees = scale === 'full' ? [1, 16, 256] : [4]
    return degrees.map((parallel) => ({
      title: `${count} tiny commands, each in a shell of its own, ${parallel} at a time`,
      responder: { file: 'shells.js', parameters: { outputBytes: OUTPUT_BYTES, envelopeKb: 150 } },
      parameters: { task: 'run', count, parallel },
      work: count * OUTPUT_BYTES,
      contenders,
    }))
  },
}
