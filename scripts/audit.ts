/**
 * Fails where the registry knows a vulnerability in what users of the package get installed. A registry that cannot be
 * reached, or that offers no audit, says nothing about the package and fails nothing.
 */
import { spawnSync } from 'node:child_process'

interface Report {
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> }
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>
  readonly message?: string
}

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' })
const report = parse(stdout)

if (!report.metadata) {
  console.log(`not audited: ${report.message ?? 'the registry gave no report'}`)
} else if (report.metadata.vulnerabilities.total === 0) {
  console.log('no known vulnerabilities')
} else {
  for (const [name, { severity, range }] of Object.entries(report.vulnerabilities ?? {})) {
    console.error(`${severity}: ${name} ${range}`)
  }
  process.exitCode = 1
}

function parse(text: string): Report {
  try {
    return JSON.parse(text) as Report
  } catch {
    return {}
  }
}
