/** What is in the way? A report to paste into a ticket. */
import { withClient } from './connect.js'

const SIGNS = { passed: '✔', failed: '✘', skipped: '–' } as const

await withClient(async (client) => {
  const report = await client.diagnose({ timeoutMs: 30_000 })
  console.log(`${report.url}, scheme ${report.scheme}, ${report.startedAt}\n`)
  for (const { name, outcome, detail, hint, durationMs } of report.steps) {
    console.log(`${SIGNS[outcome]} ${name.padEnd(16)} ${detail} (${durationMs} ms)`)
    if (hint !== undefined) console.log(`  ${' '.repeat(16)} → ${hint}`)
  }
  const failed = report.steps.filter(({ outcome }) => outcome === 'failed').length
  console.log(failed === 0 ? '\nNothing is in the way.' : `\n${failed} steps failed.`)
})
