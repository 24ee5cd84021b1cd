import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WsmanClient, type PowerShellProgress } from 'wsman'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { until } from '../support/gates.js'
import { isAlive } from '../support/processes.js'
import { gate, rejection } from '../support/scripted-service.js'
import { COPYING, message, NOT_FOUND, objs } from '../unit/shell/clixml-samples.js'

/**
 * Stands in for PowerShell, which the endpoint's machine need not have: takes the same arguments, reads the same input,
 * writes the same CLIXML, and runs the script with sh.
 */
const STAND_IN = `#!/bin/sh
while [ "$1" != -EncodedCommand ]; do shift; done
script=$(printf %s "$2" | base64 -d | iconv -f UTF-16LE -t UTF-8)
case $script in
'$wsmanInput = @($input)'*) IFS= read -r line; script=$(printf %s "$line" | base64 -d) ;;
esac
printf '#< CLIXML\\r\\n' >&2
eval "$script"
`

let folder: string
let endpoint: Endpoint
let client: WsmanClient

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wsman-powershell-'))
  writeFileSync(path.join(folder, 'powershell.exe'), STAND_IN)
  chmodSync(path.join(folder, 'powershell.exe'), 0o755)
})

afterAll(() => rmSync(folder, { recursive: true }))

beforeEach(async () => {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
  })
  client = new WsmanClient({ ...endpoint.clientOptions('alice') })
})

afterEach(async () => {
  await client.close()
  await endpoint.close()
})

const shellOptions = () => ({ environment: { PATH: `${folder}${path.delimiter}${process.env.PATH ?? ''}` } })

/** A line of sh that writes this to standard error. */
const toStderr = (text: string): string => `printf %s '${text.replaceAll("'", `'\\''`)}' >&2`

describe('a script', () => {
  it('gives its output, its records and its exit code', async () => {
    const script = [
      'echo out',
      toStderr(objs(message('warning', 'careful'), COPYING)),
      'echo native >&2',
      toStderr(objs(NOT_FOUND)),
      'exit 7',
    ].join('\n')
    const progress: PowerShellProgress[] = []
    const result = await client.runPowerShell(script, {
      ...shellOptions(),
      onProgress: (record) => progress.push(record),
    })
    expect(result).toMatchObject({ stdout: 'out\n', exitCode: 7 })
    expect(result.stderr).toMatch(/^native\nGet-Item : Cannot find path/)
    expect(result.records.map(({ stream }) => stream)).toEqual(['warning', 'progress', 'error'])
    expect(result.errors).toHaveLength(1)
    expect(progress).toMatchObject([{ activity: 'Copying', activityId: 7 }])
    expect(endpoint.shells).toEqual([])
  })

  it('of 100 KB goes through the input, and what the caller has for it comes after', async () => {
    const padding = `# ${'größe '.repeat(16_000)}`
    const input = randomBytes(300_000).toString('base64')
    const result = await client.runPowerShell(`${padding}\ncat\nexit 3`, { ...shellOptions(), input })
    expect(result.exitCode).toBe(3)
    expect(result.stdout.length).toBe(input.length)
    expect(result.stdout).toBe(input)
    // The script travelled as base64 in UTF-8 and not on the command line.
    expect(result.command.length).toBeLessThan(4000)
  })

  it('is aborted like any other command', async () => {
    const controller = new AbortController()
    const pid = gate<number>()
    const running = rejection(
      client.runPowerShell('echo $$; exec sleep 1000', {
        ...shellOptions(),
        signal: controller.signal,
        onOutput: ({ stream, text }) => {
          if (stream === 'stdout') pid.open(Number(text))
        },
      }),
    )
    const id = await pid.passed
    controller.abort()
    expect(await running).toMatchObject({ name: 'AbortError', remote: 'stopped' })
    await until(() => !isAlive(id))
  })

  it('runs in the shells of a pool', async () => {
    const pool = client.shellPool({ max: 2, shell: shellOptions() })
    const results = await Promise.all(
      [1, 2, 3, 4].map((value) => pool.runPowerShell(`echo '{"v":${value}}'; true #`)),
    )
    expect(results.map(({ stdout }) => stdout)).toEqual([1, 2, 3, 4].map((v) => `{"v":${v}}\n`))
    expect(endpoint.shells).toHaveLength(2)
  })

  it('that is not there is an exit code and a message of the shell', async () => {
    const { exitCode, stderr } = await client.runPowerShell('1')
    expect(exitCode).toBe(127)
    expect(stderr).toContain('powershell.exe')
  })
})
