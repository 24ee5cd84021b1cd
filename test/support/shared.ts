import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'vitest'
import { projectRoot } from './project.js'

const corpus = path.resolve(projectRoot, process.env.WSMAN_CORPUS ?? '../shared/corpus')

/** The recorded traffic, and the specifications and measured facts that lie beside it. */
export function shared(collection: 'corpus' | 'specs' | 'facts', ...segments: string[]): string {
  const root = collection === 'corpus' ? corpus : path.join(path.dirname(corpus), collection)
  return path.join(root, ...segments)
}

type Describe = (name: string, body: () => void) => void

/** A suite that reads a collection. The body runs only where the folder is there. */
export function describeWithShared(
  collection: 'corpus' | 'specs' | 'facts',
  name: string,
  body: () => void,
): void {
  const folder = shared(collection)
  const missing = `needs the folder ${folder}; WSMAN_CORPUS names another place for the corpus`
  describeWith(existsSync(folder) ? undefined : missing)(name, body)
}

/**
 * A foreign program or module that a suite is checked against.
 * @param probe whether it is installed here; asked once
 * @returns a `describe` for the suites that need it
 */
export function requirePeer(name: string, probe: () => boolean): Describe {
  return describeWith(probe() ? undefined : `needs ${name}; scripts/install-peers.sh installs it on Debian`)
}

/** Whether the command runs and ends with exit code 0. */
export function succeeds(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status === 0
}

/** Debian's interpreter, because that is the one whose modules come from Debian packages. */
export const systemPython = '/usr/bin/python3'

/** Whether the system's Python can import the module. */
export function hasPythonModule(module: string): boolean {
  return succeeds(systemPython, '-c', `import ${module}`)
}

/**
 * On a user's machine a suite whose needs are not met is skipped and says why. Under WSMAN_REQUIRE_PEERS=1, as in
 * continuous integration, it fails, so that nothing goes unchecked there unnoticed.
 */
export function describeWith(missing: string | undefined): Describe {
  if (missing === undefined) return describe
  return (name) => {
    describe(name, () => {
      it(missing, (context) => {
        if (process.env.WSMAN_REQUIRE_PEERS === '1') throw new Error(`${name} ${missing}`)
        context.skip(missing)
      })
    })
  }
}
