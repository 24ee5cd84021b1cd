import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Contender, Scale } from './support/bench.js'

/** The interpreter that sees Debian's Python modules. */
const PYTHON = '/usr/bin/python3'

/** The path of a contender in `clients/`. */
export const client = (name: string): string => fileURLToPath(new URL(`clients/${name}`, import.meta.url))

/**
 * A contender for Node.js.
 * @param scale where it uses the package: a smoke run takes the sources as they are, all others what is built
 */
export function script(name: string, scale: Scale = 'full'): readonly string[] {
  const loader = scale === 'smoke' ? ['--import', 'tsx'] : []
  return [process.execPath, ...loader, client(name)]
}

/** pywinrm with a program of ours, where it is installed. */
export function pywinrm(name: string): readonly Contender[] {
  const installed = spawnSync(PYTHON, ['-c', 'import winrm'], { stdio: 'ignore' }).status === 0
  return installed ? [{ name: 'pywinrm', command: [PYTHON, client(name)] }] : []
}
