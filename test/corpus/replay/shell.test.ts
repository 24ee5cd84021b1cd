import { describe, expect, it } from 'vitest'
import type { RunOptions, ShellOptions } from 'wsman'
import {
  envelopeAround,
  readExchanges,
  readRecording,
  specificationExamples,
} from '../../support/recordings.js'
import {
  ACTION,
  identify,
  recordedStep,
  replay,
  replyTo,
  type ReceivedRequest,
  type ReplayStep,
} from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'
import { parseXml, select, textOf } from '../../support/xml-compare.js'

const conversation = (folder: string): readonly ReplayStep[] => readExchanges(folder).map(recordedStep)
const masterzen = (name: string): string => readRecording(`masterzen-winrm/fixture_test/${name}-0.xml`)
const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'

/** How every conversation ends. */
const ending = (): readonly ReplayStep[] => [
  replyTo('Signal', readRecording('winrm4j/xml/win12/03-response.xml')),
  replyTo('Delete', readRecording('winrm4j/xml/win12/04-response.xml')),
]

interface RecordedRun {
  readonly folder: string
  readonly shell?: ShellOptions
  readonly command: readonly [string, (readonly string[])?]
  readonly run?: RunOptions
  readonly stdout: string
  readonly stderr?: string
  readonly exitCode?: number
}

/** What the recorded replies carry on one stream, decoded by hand. */
function outputOf(steps: readonly ReplayStep[], stream: 'stdout' | 'stderr'): Buffer {
  const chunks = steps
    .flatMap(({ reply }) => select(parseXml(reply), 'Body', 'ReceiveResponse', 'Stream'))
    .filter(({ attributes }) => attributes.Name === stream)
    .map((chunk) => Buffer.from(textOf(chunk), 'base64'))
  return Buffer.concat(chunks)
}

/** What the requests carried to the command, and whether its input was closed. */
function inputOf(requests: readonly ReceivedRequest[]): { text: string; closed: boolean } {
  const streams = requests.flatMap(({ envelope }) => select(envelope, 'Body', 'Send', 'Stream'))
  return {
    text: Buffer.concat(streams.map((stream) => Buffer.from(textOf(stream), 'base64'))).toString(),
    closed: streams.at(-1)?.attributes.End?.toLowerCase() === 'true',
  }
}

const environment = {
  env1: 'var1',
  '1234': '5678',
  '_-(){}[]<>*+-/\\?"!@#$^&|;:i,.`~0': '_-(){}[]<>*+-/\\?"!@#$^&|;:i,.`~0',
}
const quoted = {
  string: 'string value',
  int: '1234',
  bool: 'true',
  double_quote: 'double " quote',
  single_quote: "string ' value",
  'hyphen - var': 'abc @ 123',
}

const RUNS: readonly RecordedRun[] = [
  {
    folder: 'pypsrp/xml/test_winrs_standard',
    command: ['cmd.exe', ['/c', 'echo', 'hi']],
    stdout: 'hi\r\n',
  },
  {
    folder: 'pypsrp/xml/test_winrs_environment',
    shell: { environment },
    command: ['cmd.exe', ['/c', 'set']],
    stdout: 'env1=var1\r\n',
  },
  {
    folder: 'pypsrp/xml/test_winrs_extra_opts',
    shell: { idleTimeoutMs: 60_000, lifetimeMs: 60_000, name: 'shell 1', workingDirectory: 'C:\\Windows' },
    command: ['powershell.exe', ['(pwd).Path']],
    stdout: 'C:\\Windows\r\n',
  },
  {
    folder: 'pypsrp/xml/test_winrs_stderr_rc',
    command: ['cmd.exe /c echo out && echo err>&2 && exit 1'],
    stdout: 'out \r\n',
    stderr: 'err \r\n',
    exitCode: 1,
  },
  {
    folder: 'pypsrp/xml/test_winrs_send',
    command: ['powershell.exe', ['-']],
    run: { input: 'Write-Host "output 1";Write-Host "output 2";' },
    stdout: 'output 1\noutput 2\n',
  },
  {
    folder: 'winrmsharp/xml/ClientRunCommandWithEnvironment',
    shell: { environment: quoted },
    command: ['set'],
    stdout: 'hyphen - var=abc @ 123\r\nint=1234\r\n',
  },
  {
    folder: 'winrmsharp/xml/ProtocolRunCommandWithEnv',
    shell: { environment: { TESTENV1: 'hi mom', TESTENV2: 'another var' } },
    command: ['echo %TESTENV1% %TESTENV2%'],
    stdout: 'hi mom another var\r\n',
  },
  {
    folder: 'winrmsharp/xml/ProtocolRunCommandWithNoProfile',
    shell: { noProfile: true },
    command: ['cmd.exe /c set'],
    stdout: 'USERNAME=Default\r\n',
  },
  {
    folder: 'winrmsharp/xml/ProtocolRunCommandWithUnicode',
    command: ['powershell.exe', ['Write-Host こんにちは']],
    stdout: 'こんにちは\n',
  },
  {
    folder: 'winrm4j/xml/win12',
    shell: { codepage: 437 },
    command: ['echo myline'],
    stdout: 'myline\r\n',
  },
]

describeWithShared('corpus', 'recorded shells', () => {
  it.each(RUNS.map((run) => [run.folder, run] as const))(
    'run the command of %s',
    async (folder, recorded) => {
      const steps = conversation(folder)
      const [program, args] = recorded.command
      const heard = { stdout: '', stderr: '' }

      const { result, shellId, requests } = await replay(steps, async (connected, { requests }) => {
        const shell = await connected.openShell(recorded.shell)
        const result = await shell.run(program, args, {
          ...recorded.run,
          onOutput: ({ stream, text }) => (heard[stream] += text),
        })
        await shell.close()
        return { result, shellId: shell.shellId, requests }
      })

      expect(result).toMatchObject({
        host: '127.0.0.1',
        stdout: outputOf(steps, 'stdout').toString(),
        stderr: recorded.stderr ?? '',
        exitCode: recorded.exitCode ?? 0,
      })
      expect(result.stdout).toContain(recorded.stdout)
      expect(heard).toEqual({ stdout: result.stdout, stderr: result.stderr })
      expect(shellId).toBe(steps.find(({ expects }) => expects.shellId !== undefined)?.expects.shellId)
      if (recorded.run?.input !== undefined) {
        expect(inputOf(requests)).toEqual({ text: recorded.run.input, closed: true })
        const recordedRequests = readExchanges(folder).map(({ request }) => identify(request))
        expect(inputOf(requests)).toEqual(inputOf(recordedRequests))
      }
    },
  )

  it('close without a command (test_winrs_open_already_opened)', async () => {
    const shellId = await replay(
      conversation('pypsrp/xml/test_winrs_open_already_opened'),
      async (connected) => {
        const shell = await connected.openShell()
        await shell.close()
        return shell.shellId
      },
    )
    expect(shellId).toBe('ED7FD87E-E041-4BC2-A22F-B58FF7833094')
  })

  it('are opened, used and deleted by one call', async () => {
    const steps = conversation('pypsrp/xml/test_winrs_standard')
    const result = await replay(steps, (connected) => connected.run('cmd.exe /c echo hi'))
    expect(result).toMatchObject({ command: 'cmd.exe /c echo hi', stdout: 'hi\r\n', exitCode: 0 })
  })

  it('hand out bytes and lines of a spawned command', async () => {
    const steps = conversation('pypsrp/xml/test_winrs_stderr_rc')
    const lines = await replay(steps, async (connected) => {
      const shell = await connected.openShell()
      const command = await shell.spawn('cmd.exe /c echo out && echo err>&2 && exit 1')
      const lines: string[] = []
      for await (const { stream, text } of command.lines()) lines.push(`${stream}: ${text}`)
      expect(await command.exit).toEqual({ exitCode: 1 })
      await shell.close()
      return lines
    })
    expect(lines.sort()).toEqual(['stderr: err ', 'stdout: out '])
  })

  describe('ask again after a timeout', () => {
    it('twice, then take the output and the end (test_psrp_long_running_cmdlet)', async () => {
      const all = conversation('pypsrp/xml/test_psrp_long_running_cmdlet')
      const steps = [...all.slice(0, 1), ...all.slice(3, 7), ...ending()]
      const { bytes, exit, asked } = await replay(steps, async (connected, { requests }) => {
        const shell = await connected.openShell()
        const command = await shell.spawn('anything')
        const chunks: Buffer[] = []
        for await (const chunk of command.stdout) chunks.push(chunk as Buffer)
        const exit = await command.exit
        await shell.close()
        return {
          bytes: Buffer.concat(chunks),
          exit,
          asked: requests.filter(({ action }) => action === ACTION.Receive).length,
        }
      })
      expect(exit).toEqual({ exitCode: 0 })
      expect(bytes.toString()).toContain('<S>hi</S>')
      expect(bytes).toEqual(outputOf(steps, 'stdout'))
      expect(asked).toBe(3)
    })

    it('and keep what came before the end (masterzen/winrm)', async () => {
      const receive = (name: string): ReplayStep => replyTo('Receive', masterzen(name))
      const steps = [
        replyTo('Create', masterzen('00')),
        replyTo('Command', masterzen('01')),
        receive('07'),
        receive('03'),
        receive('07'),
        receive('04'),
        receive('05'),
        ...ending(),
      ]
      const result = await replay(steps, async (connected) => {
        const shell = await connected.openShell()
        const result = await shell.run('anything')
        await shell.close()
        return result
      })
      expect(result).toMatchObject({
        stdout: "That's all folks!!!That's all folks!!!",
        stderr: "This is stderr, I'm pretty sure!",
        exitCode: 123,
      })
    })
  })

  it('tell when the service names no exit code (OMI)', async () => {
    const folder = 'winrb-winrm/responses'
    const running = readRecording(`${folder}/get_omi_command_output_response_not_done.xml.erb`)
    const steps = [
      replyTo('Create', readRecording(`${folder}/open_shell_omi.xml`)),
      replyTo('Command', masterzen('01')),
      replyTo('Receive', running.replace(/<%=.*?%>/, Buffer.from('hi\n').toString('base64'))),
      replyTo('Receive', readRecording(`${folder}/get_omi_command_output_response.xml.erb`)),
      ...ending(),
    ]
    const seen: string[] = []
    const shellId = await replay(steps, async (connected) => {
      const shell = await connected.openShell()
      const run = shell.run('anything', undefined, { onOutput: ({ text }) => seen.push(text) })
      await expect(run).rejects.toMatchObject({
        name: 'CommandError',
        message: 'The command ended and the service told no exit code.',
        exitCode: undefined,
      })
      await shell.close()
      return shell.shellId
    })
    expect(seen).toEqual(['hi\n'])
    expect(shellId).toBe('74142DC5-E14D-4FCC-86ED-63DA3EE8407E')
  })
})

describeWithShared('specs', 'printed shells', () => {
  it('answer the prompt of a command (MS-WSMV 4.7)', async () => {
    const reply = (section: string): string => specificationExamples('MS-WSMV', section)[1] ?? ''
    const done = envelopeAround(
      `<r:ReceiveResponse xmlns:r="${SHELL}"><r:CommandState State="${SHELL}/CommandState/Done">` +
        '<r:ExitCode>0</r:ExitCode></r:CommandState></r:ReceiveResponse>',
    )
    const steps = [
      replyTo('Create', reply('4.7.1')),
      replyTo('Command', reply('4.7.2')),
      replyTo('Receive', reply('4.7.3')),
      replyTo('Send', reply('4.7.4')),
      replyTo('Send', reply('4.7.4')),
      replyTo('Receive', done),
      replyTo('Signal', reply('4.7.5')),
      replyTo('Delete', reply('4.7.8')),
    ]
    const { ids, prompt, exit, requests } = await replay(steps, async (connected, { requests }) => {
      const shell = await connected.openShell({ codepage: 437 })
      const command = await shell.spawn('del', ['/p', 'd:\\temp\\out.txt'])
      let prompt = ''
      for await (const chunk of command.stdout) {
        prompt += String(chunk)
        command.stdin.end('y\r\n')
      }
      const exit = await command.exit
      await shell.close()
      return { ids: [shell.shellId, command.commandId], prompt, exit, requests }
    })
    expect(ids).toEqual(['uuid:C443F44F-28E4-486F-A5A1-12745F90CF5A', '77df7bb6-b5a0-4777-abd9-9823c0774074'])
    expect(prompt).toBe('d:\\temp\\out.txt, Delete (Y/N)? ')
    expect(exit).toEqual({ exitCode: 0 })
    expect(inputOf(requests)).toEqual({ text: 'y\r\n', closed: true })
    expect(requests.every(({ action, shellId }) => action === ACTION.Create || shellId === ids[0])).toBe(true)
  })
})
