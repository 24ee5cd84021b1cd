import { pywinrm, script } from './contenders.js'
import type { Bench, Contender, Scale } from './support/bench.js'

/** Properties of an item; its length in bytes is about 2,000. */
const PROPERTIES = 40

const saxes: Contender = { name: 'saxes alone', command: script('enumeration/saxes.js') }
const bare: Contender = { name: 'bare node:http', command: script('enumeration/bare.js') }

const wsman = (scale: Scale, name: string, by: 'items' | 'pages'): Contender => ({
  name,
  command: script('enumeration/wsman.js', scale),
  parameters: { by },
})

/** Many instances of one class: in pages of 1,000, in envelopes of 512 KB, and ten times as many, for the memory. */
export const enumeration: Bench = {
  name: 'enumeration',
  scenarios(scale) {
    const items = scale === 'full' ? 100_000 : 500
    const ours = wsman(scale, 'wsman', 'items')
    const all = [
      saxes,
      bare,
      ours,
      wsman(scale, 'wsman, pages', 'pages'),
      ...pywinrm('enumeration/pywinrm.py'),
    ]
    const scenario = (count: number, pageItems: number, contenders: readonly Contender[]) => ({
      title: `${count} items of ${PROPERTIES} properties in pages of ${pageItems}`,
      responder: { file: 'instances.js', parameters: { items: count, pageItems } },
      parameters: { pageItems },
      work: count,
      contenders,
    })
    if (scale === 'smoke') return Promise.resolve([scenario(items, 100, all)])
    return Promise.resolve([
      scenario(items, 1000, all),
      // As many as an envelope of 512 KB takes.
      scenario(items, 240, all),
      scenario(items * 10, 1000, [bare, ours]),
    ])
  },
}
