import type { Reporter, TestModule } from 'vitest/node'

/** Says at the end why tests were skipped: the default reporter only counts them. */
export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const reasons = new Set<string>()
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result()
        if (result.state === 'skipped' && result.note) {
          reasons.add(
            `${test.parent.type === 'suite' ? test.parent.fullName : module.moduleId} ${result.note}`,
          )
        }
      }
    }
    for (const reason of reasons) console.log(`  skipped: ${reason}`)
  }
}
