import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { manifest, projectRoot } from '../support/project.js'
import { checkImports, RANKS, type Breach } from './check-imports.js'

const sourceRoot = path.join(projectRoot, 'src')

function sources(): Map<string, string> {
  const names = readdirSync(sourceRoot, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => name.endsWith('.ts')).sort()
  return new Map(
    files.map((name) => [name.split(path.sep).join('/'), readFileSync(path.join(sourceRoot, name), 'utf8')]),
  )
}

/** The build puts it into the package. */
const BUNDLED = 'xmlbuilder2'

function installedWithUs(): Set<string> {
  const { dependencies, optionalDependencies, peerDependencies } = manifest
  return new Set([BUNDLED, ...Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })])
}

describe('the sources', () => {
  it('keep the ranks, the limits and the naming of exports', () => {
    const files = sources()
    expect(files.size).toBeGreaterThan(0)
    expect(checkImports(files, installedWithUs())).toEqual([])
  })
})

function check(files: Record<string, string>): Breach[] {
  return checkImports(new Map(Object.entries(files)), new Set(['axios', '@scope/kit']))
}

const leaf = 'export const a = 1\n'

describe('the check of the sources', () => {
  it('accepts imports from lower ranks, the entries that re-export, and declared packages', () => {
    const files = {
      'errors/codes.ts': leaf,
      'util/text.ts': "import { a } from '../errors/codes.js'\nimport 'node:fs'\nexport const b = a\n",
      'util/more.ts':
        "import { b } from './text.js'\nimport axios from 'axios'\nexport const c = [b, axios]\n",
      'http/agent.ts': "import { b } from '../util/text.js'\nimport '@scope/kit/deep'\nexport const d = b\n",
      'testing/index.ts': "export { a } from '../http/agent.js'\n",
      'client/client.ts': "import type { d } from '../http/agent.js'\nexport type D = typeof d\n",
      'index.ts': "export { a } from './errors/codes.js'\nexport type { D } from './client/client.js'\n",
    }
    expect(check(files)).toEqual([])
  })

  it.each([
    ['an import declaration', "import { a } from '../client/a.js'\nexport const b = a\n"],
    ['an import for its effects', "import '../client/a.js'\nexport const b = 1\n"],
    ['a type-only import', "import type { a } from '../client/a.js'\nexport type B = typeof a\n"],
    ['a re-export', "export { a } from '../client/a.js'\nexport const b = 1\n"],
    ['a star re-export', "export * from '../client/a.js'\nexport const b = 1\n"],
    ['an import type', "export type B = typeof import('../client/a.js').a\n"],
    ['a dynamic import', "export const b = () => import('../client/a.js')\n"],
    ['a require', "export const b = require('../client/a.js')\n"],
    ['an import assignment', "import a = require('../client/a.js')\nexport const b = a\n"],
  ])('reports %s that goes upward', (_kind, text) => {
    expect(check({ 'client/a.ts': leaf, 'http/b.ts': text })).toEqual([
      { rule: 'upward', file: 'http/b.ts', about: '../client/a.js' },
    ])
  })

  const importing = (specifier: string): string => `import { a } from '${specifier}'\nexport const b = a\n`

  it('reports an import between different folders of one rank', () => {
    expect(check({ 'xml/a.ts': leaf, 'util/b.ts': importing('../xml/a.js') })).toEqual([
      { rule: 'sideways', file: 'util/b.ts', about: '../xml/a.js' },
    ])
  })

  it('reports an import of the main entry', () => {
    expect(check({ 'index.ts': leaf, 'client/b.ts': importing('../index.js') })).toEqual([
      { rule: 'upward', file: 'client/b.ts', about: '../index.js' },
    ])
  })

  it.each(['transport', 'operations', 'enumeration', 'shell', 'cim', 'eventing', 'config', 'client'])(
    'reports an import of %s by the embedded endpoint',
    (folder) => {
      const breaches = check({ [`${folder}/a.ts`]: leaf, 'testing/b.ts': importing(`../${folder}/a.js`) })
      expect(breaches).toHaveLength(1)
      expect(breaches[0]?.rule).toMatch(/upward|sideways/)
    },
  )

  it.each(['errors', 'diagnostics', 'util', 'xml', 'settings', 'envelope', 'auth', 'http', 'testing'])(
    'lets the embedded endpoint import %s',
    (folder) => {
      expect(check({ [`${folder}/a.ts`]: leaf, 'testing/b.ts': importing(`../${folder}/a.js`) })).toEqual([])
    },
  )

  it.each([...[...RANKS.keys()].filter((folder) => folder !== 'testing'), 'index.ts'])(
    'reports an import of the embedded endpoint by %s',
    (folder) => {
      const [file, specifier] =
        folder === 'index.ts' ? [folder, './testing/a.js'] : [`${folder}/b.ts`, '../testing/a.js']
      expect(check({ 'testing/a.ts': leaf, [file]: importing(specifier) })).toEqual([
        { rule: 'of testing', file, about: specifier },
      ])
    },
  )

  it('reports a cycle between files of one folder', () => {
    const files = {
      'http/a.ts': importing('./b.js'),
      'http/b.ts': "import type { b } from './c.js'\nexport type A = typeof b\n",
      'http/c.ts': importing('./a.js'),
      'http/d.ts': importing('./a.js'),
    }
    expect(check(files)).toEqual([
      { rule: 'cycle', file: 'http/a.ts', about: 'http/a.ts → http/b.ts → http/c.ts → http/a.ts' },
    ])
  })

  it('reports a file that imports itself', () => {
    expect(check({ 'http/a.ts': importing('./a.js') }).map(({ rule }) => rule)).toEqual(['cycle'])
  })

  it.each([
    ['re-exports', "export { a } from './a.js'\n"],
    ['imports and exports', "import { a } from './a.js'\nexport { a }\n"],
    ['re-exports types', "export type { A } from './a.js'\n"],
    ['re-exports everything', "/** About. */\nexport * from './a.js'\n"],
  ])('reports an internal barrel that %s', (_kind, text) => {
    expect(check({ 'http/a.ts': leaf, 'http/index.ts': text })).toEqual([
      { rule: 'barrel', file: 'http/index.ts', about: 'only re-exports' },
    ])
  })

  it('reports a file of more than 400 lines', () => {
    expect(check({ 'http/a.ts': leaf.repeat(400) })).toEqual([])
    expect(check({ 'http/a.ts': leaf.repeat(401) })).toEqual([
      { rule: 'length', file: 'http/a.ts', about: '401 lines' },
    ])
  })

  it.each([
    'export default 1\n',
    'export default function a() {}\n',
    'export default class A {}\n',
    'const a = 1\nexport { a as default }\n',
    "export { default } from './b.js'\nexport const c = 1\n",
    "export * as default from './b.js'\nexport const c = 1\n",
    'const a = 1\nexport = a\n',
  ])('reports the default export of %j', (text) => {
    expect(check({ 'http/a.ts': text, 'http/b.ts': leaf })).toEqual([
      { rule: 'default export', file: 'http/a.ts', about: 'exports a default' },
    ])
  })

  it('reports a folder without a rank and a file beside the main entry', () => {
    expect(check({ 'helpers/a.ts': leaf, 'helper.ts': leaf, 'constructor/a.ts': leaf })).toEqual([
      { rule: 'no rank', file: 'helpers/a.ts', about: 'helpers' },
      { rule: 'no rank', file: 'helper.ts', about: 'the top of src' },
      { rule: 'no rank', file: 'constructor/a.ts', about: 'constructor' },
    ])
  })

  it('reports a relative import that leads nowhere, or out of the sources', () => {
    expect(check({ 'http/a.ts': importing('./gone.js'), 'http/b.ts': importing('../../test/x.js') })).toEqual(
      [
        { rule: 'unresolved', file: 'http/a.ts', about: './gone.js' },
        { rule: 'unresolved', file: 'http/b.ts', about: '../../test/x.js' },
      ],
    )
  })

  it.each(['vitest', '@scope/other', 'wsman', 'fs', 'axios-retry'])(
    'reports %s, which is not installed with the package or not named as a builtin',
    (name) => {
      expect(check({ 'http/a.ts': importing(name) })).toEqual([
        { rule: 'undeclared package', file: 'http/a.ts', about: name },
      ])
    },
  )
})
