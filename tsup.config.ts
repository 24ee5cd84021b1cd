import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  dts: true,
  // One copy of each class per format, whichever entry it is imported through.
  splitting: true,
  sourcemap: true,
  clean: true,
})
