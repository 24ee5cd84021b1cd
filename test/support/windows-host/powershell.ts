import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** Keeps the scripts it is given, and does nothing. */
const STAND_IN = `#!/bin/sh
while [ "$1" != -EncodedCommand ]; do shift; done
printf %s "$2" | base64 -d | iconv -f UTF-16LE -t UTF-8 >> "$(dirname "$0")/scripts"
`

/**
 * Puts something in the place of PowerShell on this machine, for the length of a test. What scripts would do, the reader
 * of this has to know.
 */
export function standInForPowerShell(): { readonly scripts: () => string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'wsman-powershell-'))
  const file = path.join(folder, 'powershell.exe')
  writeFileSync(file, STAND_IN)
  chmodSync(file, 0o755)
  const before = process.env.PATH ?? ''
  process.env.PATH = `${folder}${path.delimiter}${before}`
  onTestFinished(() => {
    process.env.PATH = before
    rmSync(folder, { recursive: true })
  })
  const scripts = path.join(folder, 'scripts')
  return { scripts: () => (existsSync(scripts) ? readFileSync(scripts, 'utf8') : '') }
}
