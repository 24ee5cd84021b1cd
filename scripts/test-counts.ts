/** Prints `N passed, N failed` from a report of vitest's json reporter: `tsx scripts/test-counts.ts report.json`. */
import { readFileSync } from 'node:fs'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly status: 'passed' | 'failed'
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

const [, , path = ''] = process.argv
const report = JSON.parse(readFileSync(path, 'utf8')) as Report

// A file that could not even be loaded has no tests to count, so the file itself counts.
const unloadable = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
)
console.log(`${report.numPassedTests} passed, ${report.numFailedTests + unloadable.length} failed`)
