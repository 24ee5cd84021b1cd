import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { projectRoot } from '../support/project.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the package was built, which nothing in it may mention. */
    built: string
    /** A folder that holds nothing but an installation of the packed package, and the files of `consumer/`. */
    installed: string
  }
}

const NOT_COPIED = new Set(['node_modules', '.git', 'dist', 'coverage'])

/**
 * Builds and packs a copy of the project and installs the tarball elsewhere, as a user would: what is tested is what
 * the sources are now, and a build in the checkout is neither needed nor disturbed.
 */
export function setup(project: TestProject): () => void {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'wsman-package-')))
  const remove = (): void => {
    rmSync(root, { recursive: true, force: true })
  }
  try {
    const [built, packed, installed] = ['built', 'packed', 'installed'].map((name) =>
      path.join(root, name),
    ) as [string, string, string]
    const isCopied = (source: string): boolean => !NOT_COPIED.has(path.relative(projectRoot, source))
    cpSync(projectRoot, built, { recursive: true, filter: isCopied })
    symlinkSync(path.join(projectRoot, 'node_modules'), path.join(built, 'node_modules'), 'junction')
    mkdirSync(packed)
    npm(built, 'pack', '--pack-destination', packed)

    mkdirSync(installed)
    writeFileSync(path.join(installed, 'package.json'), '{ "private": true }\n')
    const [tarball = ''] = readdirSync(packed)
    npm(installed, 'install', '--prefer-offline', '--no-audit', '--no-fund', path.join(packed, tarball))
    cpSync(path.join(projectRoot, 'test/package/consumer'), installed, { recursive: true })
    project.provide('built', built)
    project.provide('installed', installed)
  } catch (error) {
    remove()
    throw error
  }
  return remove
}

function npm(cwd: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${stdout}\n${stderr}`)
}
