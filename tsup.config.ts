import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { defineConfig, type Options } from 'tsup'
import { whatWritesXml } from './scripts/xmlbuilder2-parts.js'

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

/** A package that goes into one file of ours. */
const BUNDLED = 'xmlbuilder2'

/** What is loaded when it is first used, and how: see `scripts/packages.cts`. */
const ON_DEMAND = [BUNDLED, 'iconv-lite', 'saxes']

/** Imports another file of ours in the place of each of these packages. */
function replacedBy(
  file: string,
  packages: readonly string[],
): NonNullable<Options['esbuildPlugins']>[number] {
  return {
    name: 'replaced-packages',
    setup(build) {
      const filter = new RegExp(`^(${packages.join('|')})$`)
      build.onResolve({ filter }, () => ({ path: `./${file}`, external: true }))
    },
  }
}

/** The licences of a package and of all that it needs, which go where their code goes. */
function licencesOf(name: string, told = new Set<string>()): string {
  if (told.has(name)) return ''
  told.add(name)
  const folder = path.join('node_modules', name)
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  if (file === undefined) throw new Error(`${name} has no licence to include.`)
  const { version, dependencies = {} } = JSON.parse(
    readFileSync(path.join(folder, 'package.json'), 'utf8'),
  ) as { version: string; dependencies?: Record<string, string> }
  const own = `${name} ${version}\n\n${readFileSync(path.join(folder, file), 'utf8').trim()}\n\n`
  return (
    own +
    Object.keys(dependencies)
      .map((needed) => licencesOf(needed, told))
      .join('')
  )
}

const shared: Options = { target: 'node20', platform: 'node' }

export default defineConfig([
  {
    ...shared,
    entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
    format: ['esm', 'cjs'],
    dts: { compilerOptions: { stripInternal: true } },
    // One copy of each class per format, whichever entry it is imported through.
    splitting: true,
    // Rollup then turns the split chunks into CommonJS. Without it sucrase does, which lowers class fields and
    // optional chains to something slower that is not quite the same.
    treeshake: true,
    skipNodeModulesBundle: true,
    plugins: [realClassNames],
    noExternal: ON_DEMAND,
    esbuildPlugins: [replacedBy('packages.cjs', ON_DEMAND)],
    sourcemap: true,
    clean: [`!${BUNDLED}.*`, '!packages.*'],
  },
  {
    ...shared,
    entry: { packages: 'scripts/packages.cts' },
    format: 'cjs',
    skipNodeModulesBundle: true,
    noExternal: [BUNDLED],
    esbuildPlugins: [replacedBy(`${BUNDLED}.cjs`, [BUNDLED])],
  },
  {
    ...shared,
    entry: { [BUNDLED]: `scripts/${BUNDLED}.ts` },
    format: 'cjs',
    noExternal: [/./],
    minify: true,
    esbuildPlugins: [whatWritesXml],
    banner: { js: `/*!\n${licencesOf(BUNDLED).replaceAll('*/', '* /')}*/` },
  },
])
