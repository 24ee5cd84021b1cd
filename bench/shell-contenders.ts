import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { client, pywinrm, script } from './contenders.js'
import type { Contender, Parameters, Scale } from './support/bench.js'

/** Where Debian puts the sources of Go packages. */
const GOPATH = '/usr/share/gocode'

const execute = promisify(execFile)
export const bare: Contender = { name: 'bare node:http', command: script('bare.js') }

/** The package: built, but for a smoke run, which takes the sources as they are. */
export function wsman(scale: Scale, name = 'wsman', parameters: Parameters = {}): Contender {
  return { name, command: script('wsman.js', scale), parameters }
}

let peers: Promise<readonly Contender[]> | undefined

/** Other clients that run commands: npm's winrm-client, and those of Debian that are installed. */
export function shellPeers(): Promise<readonly Contender[]> {
  peers ??= Promise.all([winrmClient(), masterzen()]).then(([node, go]) => [
    ...node,
    ...pywinrm('pywinrm.py'),
    ...go,
  ])
  return peers
}

async function winrmClient(): Promise<readonly Contender[]> {
  const folder = client('winrm-client')
  if (!existsSync(path.join(folder, 'node_modules/winrm-client'))) {
    const options = ['--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
    await execute('npm', ['install', ...options], { cwd: folder })
  }
  return [{ name: 'winrm-client', command: script('winrm-client/client.js') }]
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
