import { defineConfig, type Options } from 'tsup'

/**
 * A class that names itself in its body comes out of esbuild as `var Client = class _Client`, and users would read
 * `_Client` in inspected objects. The inner name binds only inside the class, so it can be the real one again.
 */
const realClassNames: NonNullable<Options['plugins']>[number] = {
  name: 'real-class-names',
  renderChunk(code) {
    const renamed = [...code.matchAll(/\b(?:var|let|const) (\w+) = class _\1\b/g)].map(
      ([, name = '']) => name,
    )
    const restore = (text: string, name: string): string =>
      text.replace(new RegExp(String.raw`(?<![\w$#]|(?<!\.\.)\.)_${name}(?![\w$])`, 'g'), name)
    return renamed.length > 0 ? { code: renamed.reduce(restore, code) } : undefined
  },
}

export default defineConfig({
  entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  dts: { compilerOptions: { stripInternal: true } },
  // One copy of each class per format, whichever entry it is imported through.
  splitting: true,
  // Rollup then turns the split chunks into CommonJS. Without it sucrase does, which lowers class fields and
  // optional chains to something slower that is not quite the same.
  treeshake: true,
  skipNodeModulesBundle: true,
  plugins: [realClassNames],
  sourcemap: true,
  clean: true,
})
