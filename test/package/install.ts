import { execFile } from 'node:child_process'
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
import { promisify } from 'node:util'
import { projectRoot } from '../support/project.js'

export interface Installation {
  /** Where the package was built, which nothing in it may mention. */
  readonly built: string
  /** A folder that holds nothing but an installation of the packed package, and the files of `consumer/`. */
  readonly installed: string
  /** For files that find no installed package. */
  readonly bundled: string
  readonly remove: () => void
}

const NOT_COPIED = new Set(['node_modules', '.git', 'dist', 'coverage'])

/**
 * Builds and packs a copy of the project and installs the tarball elsewhere, as a user would: what is tested is what
 * the sources are now, and a build in the checkout is neither needed nor disturbed.
 */
export async function installPackage(): Promise<Installation> {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'wsman-package-')))
  const [built, packed, installed, bundled] = [
    path.join(root, 'built'),
    path.join(root, 'packed'),
    path.join(root, 'installed'),
    path.join(root, 'bundled'),
  ]
  const installation = {
    built,
    installed,
    bundled,
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
  try {
    await pack(built, packed)
    await install(packed, installed)
  } catch (error) {
    installation.remove()
    throw error
  }
  return installation
}

async function pack(built: string, packed: string): Promise<void> {
  const isCopied = (source: string): boolean => !NOT_COPIED.has(path.relative(projectRoot, source))
  cpSync(projectRoot, built, { recursive: true, filter: isCopied })
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(built, 'node_modules'), 'junction')
  mkdirSync(packed)
  await npm(built, 'pack', '--pack-destination', packed)
}

async function install(packed: string, installed: string): Promise<void> {
  mkdirSync(installed)
  writeFileSync(path.join(installed, 'package.json'), '{ "private": true }\n')
  const [tarball = ''] = readdirSync(packed)
  await npm(installed, 'install', '--prefer-offline', '--no-audit', '--no-fund', path.join(packed, tarball))
  cpSync(path.join(projectRoot, 'test/package/consumer'), installed, { recursive: true })
}

/** Rejects with what npm wrote when it fails. */
async function npm(cwd: string, ...args: string[]): Promise<void> {
  await promisify(execFile)('npm', args, { cwd }).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`npm ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error })
  })
}
