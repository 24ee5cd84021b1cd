import { describe, expect, it } from 'vitest'
import { manifest, readProjectFile } from '../support/project.js'

interface LockedPackage {
  readonly resolved?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly devOptional?: boolean
  readonly hasInstallScript?: boolean
}

type Lock = Readonly<Record<string, LockedPackage>>

/** What every user gets: neither our tools nor what is left out where it cannot be installed. */
function alwaysInstalled(lock: Lock): [string, LockedPackage][] {
  return Object.entries(lock).filter(([, entry]) => !entry.dev && !entry.optional && !entry.devOptional)
}

function namesOf(entries: [string, LockedPackage][], test: (entry: LockedPackage) => unknown): string[] {
  return entries.filter(([, entry]) => test(entry)).map(([name]) => name)
}

const scripted = (lock: Lock): string[] => namesOf(alwaysInstalled(lock), (entry) => entry.hasInstallScript)
const located = (lock: Lock): string[] => namesOf(Object.entries(lock), (entry) => entry.resolved)

const { packages } = JSON.parse(readProjectFile('package-lock.json')) as { packages: Lock }

describe('the dependencies', () => {
  it('compile and download nothing when they are installed', () => {
    const installed = alwaysInstalled(packages).map(([name]) => name)
    expect(installed).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies ?? {}).map(inModules)))
    expect(scripted(packages)).toEqual([])
    expect(Object.keys(manifest.scripts)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^((pre|post)?install|prepare)$/)]),
    )
  })

  it('are locked by version and hash, not to the registry they came from', () => {
    expect(located(packages)).toEqual([])
    expect(readProjectFile('.npmrc')).toMatch(/^omit-lockfile-registry-resolved=true$/m)
  })

  it('are the ones the manifest asks for', () => {
    const { dependencies } = packages[''] as Pick<typeof manifest, 'dependencies'>
    expect(dependencies).toEqual(manifest.dependencies)
  })
})

function inModules(name: string): string {
  return `node_modules/${name}`
}

describe('the check of the lock file', () => {
  const script = { hasInstallScript: true }
  const lock: Lock = {
    '': {},
    'node_modules/plain': {},
    'node_modules/native': script,
    'node_modules/plain/node_modules/nested': script,
    'node_modules/tool': { ...script, dev: true },
    'node_modules/extra': { ...script, optional: true },
    'node_modules/both': { ...script, devOptional: true },
    'node_modules/far': { resolved: 'https://registry.example/far.tgz', dev: true },
  }

  it('finds install scripts that a user cannot do without', () => {
    expect(scripted(lock)).toEqual(['node_modules/native', 'node_modules/plain/node_modules/nested'])
  })

  it('finds locations', () => {
    expect(located(lock)).toEqual(['node_modules/far'])
  })
})
