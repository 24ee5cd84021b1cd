import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { build } from 'tsup'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { manifest, projectRoot } from '../support/project.js'
import { anyTree } from '../support/xml-trees.js'
import { installPackage, type Installation } from './install.js'
import { twinCreate } from './twin-builder.js'

let installation: Installation

// Built here and not before the whole run, so that other tests neither wait for a build nor fall with it.
beforeAll(async () => {
  installation = await installPackage()
  return installation.remove
}, 300_000)

function node(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd: installation.installed, encoding: 'utf8' })
}

describe('the tarball', () => {
  let files: string[]

  const unpacked = (name = ''): string => path.join(installation.installed, 'node_modules/wsman', name)

  beforeAll(() => {
    files = readdirSync(unpacked(), { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(unpacked(name)).isFile())
      .map((name) => name.split(path.sep).join('/'))
  })

  it('holds the build and the four documents, and nothing else', () => {
    const [build, documents] = [/^dist\/[\w.-]+\.(js|cjs|d\.ts|d\.cts|js\.map|cjs\.map)$/, /^[^/]+$/]
    expect(files.filter((name) => documents.test(name)).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ])
    expect(files.filter((name) => !documents.test(name) && !build.test(name))).toEqual([])
    for (const entry of ['index', 'testing']) {
      const built = ['js', 'cjs', 'd.ts', 'd.cts'].map((ending) => `dist/${entry}.${ending}`)
      expect(files).toEqual(expect.arrayContaining(built))
    }
  })

  it('mentions no path of the machine that built it', () => {
    // The name of a folder right below the root is too short to tell a path from a namespace.
    const paths = [installation.built, projectRoot, homedir()]
      .map((folder) => folder.replace(/[\\/]+$/, ''))
      .filter((folder) => folder.split(/[\\/]/).length > 2)
    const mentions = files.flatMap((name) => {
      const text = readFileSync(unpacked(name), 'utf8')
      return [...paths, 'file://']
        .filter((folder) => text.includes(folder))
        .map((folder) => `${name}: ${folder}`)
    })
    expect(paths).toContain(installation.built)
    expect(mentions).toEqual([])
  })

  it('has source maps that carry the sources', () => {
    for (const name of files.filter((file) => file.endsWith('.map'))) {
      const map = JSON.parse(readFileSync(unpacked(name), 'utf8')) as Record<string, unknown[]>
      expect(map.sourcesContent, name).toHaveLength(map.sources?.length ?? 0)
    }
  })

  it('runs nothing when it is installed, nor does what it depends on', () => {
    interface Lock {
      packages: Record<string, { hasInstallScript?: boolean; optional?: boolean }>
    }
    const lock = JSON.parse(
      readFileSync(path.join(installation.installed, 'package-lock.json'), 'utf8'),
    ) as Lock
    const scripted = Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript)
    expect(lock.packages).toHaveProperty(['node_modules/wsman'])
    expect(scripted.filter(([, entry]) => !entry.optional).map(([name]) => name)).toEqual([])
  })
})

describe('the bundled builder of XML', () => {
  const create = vi.fn<() => unknown>()

  beforeAll(() => {
    vi.resetModules()
    vi.doMock('xmlbuilder2', () => ({ create }))
    create.mockImplementation(
      twinCreate(path.join(installation.installed, 'node_modules/wsman/dist/xmlbuilder2.cjs')),
    )
    return () => vi.doUnmock('xmlbuilder2')
  })

  it('writes what the whole package writes', async () => {
    const { writeXml } = await import('../../src/xml/writer.js')
    fc.assert(
      fc.property(anyTree, (tree) => {
        writeXml(tree)
      }),
      { numRuns: 500 },
    )
    expect(create.mock.calls.length).toBeGreaterThan(100)
  })
})

interface Report {
  readonly exports: Record<'esm' | 'cjs', Record<'main' | 'testing', string[]>>
  readonly misnamed: string[]
  readonly errors: Record<string, Record<string, unknown>>
  readonly faults: Record<string, Record<string, unknown>>
}

describe('the two formats', () => {
  let report: Report

  beforeAll(() => {
    const { stdout, stderr } = node('formats.mjs')
    expect(stderr).toBe('')
    report = JSON.parse(stdout) as Report
  })

  it('load through both entries and export the same names', () => {
    const { esm, cjs } = report.exports
    expect(esm.main).toEqual(expect.arrayContaining(['WsmanClient', 'WsmanError', 'isWsmanError', 'wql']))
    expect(esm.testing).toContain('startEndpoint')
    expect(cjs).toEqual(esm)
  })

  it('keep the names of classes, which users see in inspected objects', () => {
    expect(report.misnamed).toEqual([])
  })

  const pairs = ['esm', 'cjs'].flatMap((from) => ['esm', 'cjs'].map((to) => [from, to] as const))

  it.each(pairs)(
    'an error thrown by the testing entry of %s is known to the main entry of %s',
    (from, to) => {
      expect(report.errors[`${from} seen by ${to}`]).toEqual({
        code: 'ERR_WSMAN_USAGE',
        sameClass: from === to,
        instance: true,
        instanceOfBase: true,
        instanceOfOther: false,
        guarded: true,
        guardedAsFault: false,
      })
    },
  )

  it.each(pairs)('a fault of %s is known to %s', (from, to) => {
    expect(report.faults[`${from} seen by ${to}`]).toEqual({
      instance: true,
      instanceOfBase: true,
      guarded: true,
      guardedAsFault: true,
      guardedByName: true,
      guardedByOtherName: false,
    })
  })

  it.each([
    [
      'import',
      "import { WsmanClient } from 'wsman'; import { startEndpoint } from 'wsman/testing'",
      'module',
    ],
    [
      'require',
      "const { WsmanClient } = require('wsman'), { startEndpoint } = require('wsman/testing')",
      'commonjs',
    ],
  ])('%s loads alone', (_kind, loading, type) => {
    const script = `${loading}; console.log(typeof WsmanClient, typeof startEndpoint)`
    const { stdout, stderr } = node(`--input-type=${type}`, '--eval', script)
    expect({ stdout, stderr }).toEqual({ stdout: 'function function\n', stderr: '' })
  })

  it.each(['esm', 'cjs'])('%s loads packages when it first uses them', (format) => {
    const { stdout, stderr } = node('exchange.mjs', format)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      before: [],
      stdout: '82 é',
      after: ['saxes', 'iconv-lite', 'xmlbuilder2.cjs'],
    })
  })

  it.each(['esm', 'cjs'] as const)('%s goes into one file with a program', async (format) => {
    const outDir = path.join(installation.bundled, format)
    await build({
      entry: [path.join(installation.installed, 'bundled.mjs')],
      outDir,
      format,
      platform: 'node',
      target: 'node20',
      splitting: false,
      tsconfig: path.join(installation.installed, 'tsconfig.bundler.json'),
      noExternal: [/./],
      external: ['koffi', 'kerberos'],
      config: false,
      silent: true,
    })
    const [file = ''] = readdirSync(outDir)
    const { stdout, stderr } = node(path.join(outDir, file))
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: 'bundled', stderr: '' })
  })

  it('tells its version', () => {
    const { stdout } = node('--print', "require('wsman/package.json').version")
    expect(stdout.trim()).toBe(manifest.version)
  })
})

describe('a TypeScript consumer', () => {
  const compiler = path.join(projectRoot, 'node_modules/typescript/bin/tsc')

  beforeAll(() => {
    const types = path.join(installation.installed, 'node_modules/@types')
    mkdirSync(types, { recursive: true })
    if (existsSync(path.join(types, 'node'))) return
    symlinkSync(path.join(projectRoot, 'node_modules/@types/node'), path.join(types, 'node'), 'junction')
  })

  it.each(['nodenext', 'bundler', 'classic'])(
    'compiles under %s resolution, declarations checked too',
    (name) => {
      const { stdout, status } = node(compiler, '--project', `tsconfig.${name}.json`)
      expect(stdout).toBe('')
      expect(status).toBe(0)
    },
  )
})
