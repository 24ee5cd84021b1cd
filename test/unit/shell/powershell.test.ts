import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CommandError } from '../../../src/errors/errors.js'
import type { OutputEvent } from '../../../src/shell/output-collector.js'
import type { PowerShellProgress } from '../../../src/shell/powershell-records.js'
import {
  connect,
  gate,
  rejection,
  startService,
  type Asked,
  type Script,
  type ScriptedService,
} from '../../support/scripted-service.js'
import { COPYING, HEADER, message, NOT_FOUND, objs } from './clixml-samples.js'
import { finished, received, SENT, shellScript, type Piece } from './replies.js'

/** PowerShell that writes this and ends. */
const writing = (pieces: readonly Piece[], exitCode = 0): Script =>
  shellScript({
    Receive: [
      ...pieces.map((piece) => received([piece], { state: 'Running' })),
      received([], { state: 'Done', exitCode }),
    ],
  })

/** PowerShell that reads its input to the end. */
function reading(): Script {
  const ended = gate()
  return shellScript({
    Receive: async () => {
      await ended.passed
      return finished()
    },
    Send: (request: Asked) => {
      if (request.attribute('Stream', 'End') === 'true') ended.open()
      return SENT
    },
  })
}

/** The script that the command line holds. */
function encodedIn(service: ScriptedService): string {
  const [request] = service.of('Command')
  expect(request?.texts('Command')).toEqual(['powershell.exe'])
  const [noProfile, nonInteractive, encodedCommand, text = ''] = request?.texts('Arguments') ?? []
  expect([noProfile, nonInteractive, encodedCommand]).toEqual([
    '-NoProfile',
    '-NonInteractive',
    '-EncodedCommand',
  ])
  return Buffer.from(text, 'base64').toString('utf16le')
}

const inputOf = (service: ScriptedService): Buffer =>
  Buffer.concat(service.of('Send').map((request) => Buffer.from(request.texts('Stream').join(''), 'base64')))

describe('a script', () => {
  it('goes on the command line, whatever its characters', async () => {
    const service = await startService(shellScript())
    const script = 'Write-Output "größe 日本 😀"\n# % " & ^'
    const result = await connect(service).runPowerShell(script)
    expect(encodedIn(service)).toBe(script)
    expect(service.of('Send')).toEqual([])
    expect(result).toEqual({
      host: '127.0.0.1',
      command: expect.stringMatching(
        /^powershell\.exe -NoProfile -NonInteractive -EncodedCommand \S+$/,
      ) as string,
      exitCode: 0,
      stdout: '',
      stderr: '',
      records: [],
      errors: [],
      durationMs: expect.any(Number) as number,
    })
  })

  it('may be for another PowerShell, in an open shell', async () => {
    const service = await startService(shellScript())
    const shell = await connect(service).openShell()
    await shell.runPowerShell('1', { executable: 'pwsh.exe' })
    expect(service.of('Command')[0]?.texts('Command')).toEqual(['pwsh.exe'])
  })

  it.each([
    [3000, true],
    [3100, false],
  ])('of %i characters is on the command line: %s', async (length, onCommandLine) => {
    const service = await startService(reading())
    const script = 'x'.repeat(length)
    await connect(service).runPowerShell(script, { input: 'last\n' })
    const line = ['powershell.exe', ...(service.of('Command')[0]?.texts('Arguments') ?? [])].join(' ')
    expect(line.length).toBeLessThan(8191)
    expect(encodedIn(service) === script).toBe(onCommandLine)
    expect(inputOf(service).toString()).toBe(
      onCommandLine ? 'last\n' : `${Buffer.from(script).toString('base64')}\nlast\n`,
    )
  })

  it('that is long goes before the input, also where that is bytes', async () => {
    const service = await startService(reading())
    const script = `${'#'.repeat(9000)}\nWrite-Output 'größe'`
    const input = Buffer.from([0xff, 0x00, 0x0a])
    await connect(service).runPowerShell(script, { input })
    const all = inputOf(service)
    const line = all.indexOf('\n')
    expect(Buffer.from(all.subarray(0, line).toString(), 'base64').toString()).toBe(script)
    expect(all.subarray(line + 1).equals(input)).toBe(true)
    const bootstrap = encodedIn(service)
    // It reads the first line, and runs what it says in the scope of a script, on the rest.
    expect(bootstrap).toContain('FromBase64String($wsmanInput[0])')
    expect(bootstrap).toContain('Select-Object -Skip 1 | . $wsmanScript')
    expect(bootstrap).toContain('exit 1')
    expect(bootstrap).not.toContain('\\')
  })

  it.each(['', ' \n'])('is never %j', async (script) => {
    const service = await startService(shellScript())
    expect(await rejection(connect(service).runPowerShell(script))).toMatchObject({ name: 'UsageError' })
  })
})

describe('what a script writes', () => {
  const stderr = Buffer.from(`native: größe\r\n${HEADER}${objs(message('warning', 'w'), COPYING, NOT_FOUND)}`)

  it('is output, errors as text, and records', async () => {
    const pieces: Piece[] = [
      ['stdout', 'out\r\n'],
      // A character cut in two, and a tag.
      ['stderr', stderr.subarray(0, 11)],
      ['stderr', stderr.subarray(11, 60)],
      ['stdout', 'more'],
      ['stderr', stderr.subarray(60)],
    ]
    const service = await startService(writing(pieces))
    const progress: PowerShellProgress[] = []
    const events: OutputEvent[] = []
    const result = await connect(service).runPowerShell('x', {
      onProgress: (record) => progress.push(record),
      onOutput: (event) => events.push(event),
    })
    expect(result.stdout).toBe('out\r\nmore')
    expect(result.stderr).toMatch(/^native: größe\r\nGet-Item : Cannot find path/)
    expect(result.stderr).not.toContain('CLIXML')
    expect(result.records.map(({ stream }) => stream)).toEqual(['warning', 'progress', 'error'])
    expect(result.errors).toEqual([expect.stringMatching(/^Get-Item : [^]*GetItemCommand$/)])
    expect(progress).toMatchObject([{ activity: 'Copying', percentComplete: 40 }])
    for (const stream of ['stdout', 'stderr'] as const) {
      const texts = events.filter((event) => event.stream === stream).map(({ text }) => text)
      expect(texts.join('')).toBe(result[stream])
    }
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })

  it('is kept where it is no CLIXML after all', async () => {
    const broken = `${HEADER}<Objs><S S="Error">x</T>`
    const service = await startService(writing([['stderr', broken]]))
    expect(await connect(service).runPowerShell('x')).toMatchObject({
      stderr: '<Objs><S S="Error">x</T>',
      records: [],
    })
  })

  it('is in the error where `check` is set', async () => {
    const service = await startService(
      writing(
        [
          ['stdout', 'out'],
          ['stderr', stderr],
        ],
        5,
      ),
    )
    const error = await rejection(connect(service).runPowerShell('x', { check: true }))
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({
      code: 'ERR_WSMAN_COMMAND',
      message: 'The script ended with exit code 5.',
      exitCode: 5,
      stdout: 'out',
      stderr: expect.stringContaining('native: größe\r\nGet-Item') as string,
      host: '127.0.0.1',
    })
  })

  it('that onProgress throws at ends the script', async () => {
    const service = await startService(
      shellScript({ Receive: [received([['stderr', stderr]], { state: 'Running' }), finished('', 1)] }),
    )
    const own = new RangeError('mine')
    const running = connect(service).runPowerShell('x', {
      onProgress: () => {
        throw own
      },
    })
    expect(await rejection(running)).toBe(own)
  })
})

describe('output as JSON', () => {
  it.each<[string, unknown]>([
    ['{"Name":"WinRM","Status":4}\r\n', { Name: 'WinRM', Status: 4 }],
    ['[1]', [1]],
    ['[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ['"text"', 'text'],
    ['null', null],
    ['', undefined],
    ['\r\n', undefined],
    ['\uFEFF 12 ', 12],
  ])('%j is %j', async (stdout, json) => {
    const service = await startService(writing([['stdout', stdout]]))
    const result = await connect(service).runPowerShell('Get-Service', { json: true })
    expect(result.json).toEqual(json)
    expect(result.exitCode).toBe(0)
  })

  it('is asked for with a depth, around a script of any form', async () => {
    const service = await startService(writing([['stdout', '1']]))
    const script = "param($a)\n'it’s' # comment"
    const { json } = await connect(service).runPowerShell<number>(script, { json: true, jsonDepth: 7 })
    expect(json).toBe(1)
    const sent = encodedIn(service)
    expect(sent).toContain("'param($a)\n''it’’s'' # comment'")
    expect(sent).toContain('-Compress -Depth 7')
    // Nobody closes an input that nobody gave.
    expect(sent).not.toContain('$input')
  })

  it('of a script with input hands it on', async () => {
    const service = await startService(reading())
    await connect(service).runPowerShell('$input', { json: true, input: 'a\n' })
    expect(encodedIn(service)).toContain('try { $input | . $wsmanScript |')
    expect(inputOf(service).toString()).toBe('a\n')
  })

  it('that is none is an error which keeps the output to itself', async () => {
    const text = `Hello, ${'x'.repeat(500)}`
    const service = await startService(writing([['stdout', text]], 2))
    const error = await rejection(connect(service).runPowerShell('Write-Host hello', { json: true }))
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({
      message: 'The output of the script is not JSON.',
      hint: expect.stringContaining('Write-Host') as string,
      exitCode: 2,
      stdout: text,
    })
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('Hello')
  })

  it('is not looked at where the script failed and that is to be an error', async () => {
    const service = await startService(writing([['stdout', 'no JSON']], 1))
    const running = connect(service).runPowerShell('x', { json: true, check: true })
    expect(await rejection(running)).toMatchObject({ message: 'The script ended with exit code 1.' })
  })

  it.each([0, 1.5, 101, NaN])('has no depth of %s', async (jsonDepth) => {
    const service = await startService(shellScript())
    const running = connect(service).runPowerShell('x', { json: true, jsonDepth })
    expect(await rejection(running)).toMatchObject({ name: 'UsageError' })
    expect(service.requests).toEqual([])
  })
})
