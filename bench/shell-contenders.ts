import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Contender, Parameters, Scale } from './support/bench.js'

/** Where Debian puts the sources of Go packages, and the interpreter that sees Debian's Python modules. */
const GOPATH = '/usr/share/gocode'
const PYTHON = '/usr/bin/python3'

const execute = promisify(execFile)
const client = (name: string): string => fileURLToPath(new URL(`clients/${name}`, import.meta.url))

export const bare: Contender = { name: 'bare node:http', command: [process.execPath, client('bare.js')] }

/** The package: built, but for a smoke run, which takes the sources as they are. */
export function wsman(scale: Scale, name = 'wsman', parameters: Parameters = {}): Contender {
  const loader = scale === 'smoke' ? ['--import', 'tsx'] : []
  return { name, command: [process.execPath, ...loader, client('wsman.js')], parameters }
}

let peers: Promise<readonly Contender[]> | undefined

/** Other clients that run commands: npm's winrm-client, and those of Debian that are installed. */
export function shellPeers(): Promise<readonly Contender[]> {
  peers ??= Promise.all([winrmClient(), pywinrm(), masterzen()]).then((found) => found.flat())
  return peers
}

async function winrmClient(): Promise<readonly Contender[]> {
  const folder = client('winrm-client')
  if (!existsSync(path.join(folder, 'node_modules/winrm-client'))) {
    const options = ['--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
    await execute('npm', ['install', ...options], { cwd: folder })
  }
  return [{ name: 'winrm-client', command: [process.execPath, path.join(folder, 'client.js')] }]
}

function pywinrm(): Promise<readonly Contender[]> {
  const installed = spawnSync(PYTHON, ['-c', 'import winrm'], { stdio: 'ignore' }).status === 0
  return Promise.resolve(installed ? [{ name: 'pywinrm', command: [PYTHON, client('pywinrm.py')] }] : [])
}

async function masterzen(): Promise<readonly Contender[]> {
  const installed = existsSync(path.join(GOPATH, 'src/github.com/masterzen/winrm'))
  if (!installed || spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) return []
  const program = fileURLToPath(new URL('../node_modules/.cache/wsman-bench/masterzen', import.meta.url))
  await execute('go', ['build', '-o', program, '.'], {
    cwd: client('masterzen'),
    env: { ...process.env, GOPATH, GO111MODULE: 'off', GOFLAGS: '' },
  })
  return [{ name: 'masterzen/winrm', command: [program] }]
}
