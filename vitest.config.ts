import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { SkipReporter } from './test/support/skip-reporter.js'

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^wsman$/, replacement: local('./src/index.ts') },
      { find: /^wsman\/testing$/, replacement: local('./src/testing/index.ts') },
    ],
  },
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', new SkipReporter()],
    projects: [
      {
        extends: true,
        test: { name: 'source', include: ['test/**/*.test.ts'], exclude: ['test/package/**'] },
      },
      {
        // Builds, packs and installs the package once, and only for runs that hold these tests.
        extends: true,
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          globalSetup: './test/package/setup.ts',
        },
      },
    ],
  },
})
