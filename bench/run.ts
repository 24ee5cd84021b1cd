import { BENCHES } from './benches.js'
import { describeMachine } from './support/machine.js'
import { measure } from './support/measure.js'
import { formatTable } from './support/table.js'

/** Usage: npm run bench [-- [--smoke] [NAME...]]. Prints Markdown. */

const args = process.argv.slice(2)
const scale = args.includes('--smoke') ? 'smoke' : 'full'
const names = args.filter((argument) => argument !== '--smoke')
const unknown = names.filter((name) => !BENCHES.some((bench) => bench.name === name))
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}: ${BENCHES.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}
const rounds = scale === 'full' ? 5 : 1

console.log(`${describeMachine()}; medians of ${rounds}.`)
for (const bench of BENCHES) {
  if (names.length > 0 && !names.includes(bench.name)) continue
  for (const scenario of await bench.scenarios(scale)) {
    console.log(`\n### ${scenario.title}\n\n${formatTable(await measure(scenario, rounds))}`)
  }
}
