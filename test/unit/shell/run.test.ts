import { describe, expect, it } from 'vitest'
import { CommandError } from '../../../src/errors/errors.js'
import type { OutputEvent } from '../../../src/shell/output-collector.js'
import {
  connect,
  gate,
  OPERATION_TIMED_OUT,
  rejection,
  startService,
  windowsFault,
  type Answer,
} from '../../support/scripted-service.js'
import { elementsOf, localName, select, textOf, type PlainElement } from '../../support/xml-compare.js'
import { finished, received, shellScript, signalsOf, SIGNALLED } from './replies.js'

const NAMED = (element: PlainElement): [string, string] => [element.attributes.Name ?? '', textOf(element)]

describe('a command from its beginning to its end', () => {
  it('says what the protocol asks for, and nothing else', async () => {
    const service = await startService(shellScript({ Receive: finished('hi\r\n') }))
    const client = connect(service)
    const shell = await client.openShell({
      workingDirectory: 'C:\\Temp',
      environment: { A: '1', 'B C': '<&>' },
      codepage: 437,
      noProfile: true,
      idleTimeoutMs: 60_000,
      lifetimeMs: 3_600_000,
      name: 'mine',
    })
    expect(shell.shellId).toBe('S1')
    expect(await shell.run('ipconfig', ['/all', 'two words'])).toEqual({
      host: '127.0.0.1',
      command: 'ipconfig /all "two words"',
      exitCode: 0,
      stdout: 'hi\r\n',
      stderr: '',
      durationMs: expect.any(Number) as number,
    })
    await shell.close()
    expect(service.actions).toEqual(['Create', 'Command', 'Receive', 'Signal', 'Delete'])
    const [create, command, receive, signal, remove] = service.requests

    const properties = create ? select(create.root, 'Body', 'Shell').flatMap(elementsOf) : []
    expect(properties.map(localName)).toEqual([
      'Name',
      'Environment',
      'WorkingDirectory',
      'Lifetime',
      'IdleTimeOut',
      'InputStreams',
      'OutputStreams',
    ])
    expect(create?.elements('Variable').map(NAMED)).toEqual([
      ['A', '1'],
      ['B C', '<&>'],
    ])
    expect(properties.filter((entry) => localName(entry) !== 'Environment').map(textOf)).toEqual([
      'mine',
      'C:\\Temp',
      'PT3600.000S',
      'PT60.000S',
      'stdin',
      'stdout stderr',
    ])
    expect(create?.elements('Option').map(NAMED)).toEqual([
      ['WINRS_NOPROFILE', 'TRUE'],
      ['WINRS_CODEPAGE', '437'],
    ])
    expect(create?.elements('Selector')).toEqual([])

    expect(command?.texts('Command')).toEqual(['ipconfig'])
    expect(command?.texts('Arguments')).toEqual(['/all', '"two words"'])
    expect(receive?.texts('DesiredStream')).toEqual(['stdout stderr'])
    expect(receive?.attribute('DesiredStream', 'CommandId')).toBe('C1')
    expect(receive?.elements('Option').map(NAMED)).toEqual([['WSMAN_CMDSHELL_OPTION_KEEPALIVE', 'TRUE']])
    expect(signal?.attribute('Signal', 'CommandId')).toBe('C1')
    expect(signalsOf(service)).toEqual(['terminate'])
    for (const request of [command, receive, signal, remove]) {
      expect(request?.elements('Selector').map(NAMED)).toEqual([['ShellId', 'S1']])
      expect(request?.texts('ResourceURI')).toEqual([
        'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd',
      ])
    }
  })

  it('may be a whole command line', async () => {
    const service = await startService(shellScript())
    const shell = await connect(service).openShell()
    const line = 'dir "C:\\Program Files" | find /c "x" & echo %PATH%'
    expect((await shell.run(line)).command).toBe(line)
    expect(service.of('Command')[0]?.texts('Command')).toEqual([line])
    expect(service.of('Command')[0]?.texts('Arguments')).toEqual([])
    expect(service.of('Create')[0]?.elements('Option').map(NAMED)).toEqual([
      ['WINRS_NOPROFILE', 'FALSE'],
      ['WINRS_CODEPAGE', '65001'],
    ])
  })

  it('waits with the next one until the last one was given up', async () => {
    const held = gate<Answer>()
    const service = await startService(shellScript({ Signal: [() => held.passed, SIGNALLED] }))
    const shell = await connect(service).openShell()
    await shell.run('one')
    const second = shell.run('two')
    await service.arrival('Signal')
    expect(service.of('Command')).toHaveLength(1)
    held.open(SIGNALLED)
    await second
    await service.arrival('Signal', 2)
    expect(service.actions.slice(1)).toEqual(['Command', 'Receive', 'Signal', 'Command', 'Receive', 'Signal'])
  })

  it.each(['', '  '])('is never %j', async (command) => {
    const service = await startService(shellScript())
    const shell = await connect(service).openShell()
    expect(await rejection(shell.run(command))).toMatchObject({ name: 'UsageError' })
    expect(await rejection(shell.run('x', ['line\nbreak']))).toMatchObject({ name: 'UsageError' })
    expect(service.actions).toEqual(['Create'])
  })

  it('of a client has a shell of its own, which is deleted also when the command fails', async () => {
    const service = await startService(
      shellScript({
        Command: [
          windowsFault(2150858843),
          '<rsp:CommandResponse><rsp:CommandId>C1</rsp:CommandId></rsp:CommandResponse>',
        ],
        Receive: finished('x'),
      }),
    )
    const client = connect(service)
    expect(await rejection(client.run('a'))).toMatchObject({ name: 'WsmanFault', operation: 'Shell.Command' })
    expect(service.actions).toEqual(['Create', 'Command', 'Delete'])
    expect(await client.run('b', ['c'], { codepage: 437 })).toMatchObject({ stdout: 'x', command: 'b c' })
    expect(service.actions.slice(3)).toEqual(['Create', 'Command', 'Receive', 'Signal', 'Delete'])
  })
})

describe('output', () => {
  it('is whole, however its characters are cut, and each stream for itself', async () => {
    const [out, err] = [Buffer.from('日本 ä 😀!'), Buffer.from('Fehler: größer 中\r\n')]
    const pieces = Array.from({ length: Math.max(out.length, err.length) }, (_, index) => [
      ...(index < out.length ? [['stdout', out.subarray(index, index + 1)] as const] : []),
      ...(index < err.length ? [['stderr', err.subarray(index, index + 1)] as const] : []),
    ])
    const service = await startService(
      shellScript({
        // One byte of each stream at a time, three times two bytes in a reply.
        Receive: [
          ...Array.from({ length: Math.ceil(pieces.length / 3) }, (_, index) =>
            received(pieces.slice(index * 3, index * 3 + 3).flat(), { state: 'Running' }),
          ),
          finished(),
        ],
      }),
    )
    const events: OutputEvent[] = []
    const result = await (
      await connect(service).openShell()
    ).run('x', [], { onOutput: (event) => events.push(event) })
    expect(result).toMatchObject({ stdout: out.toString(), stderr: err.toString() })
    for (const stream of ['stdout', 'stderr'] as const) {
      const texts = events.filter((event) => event.stream === stream).map(({ text }) => text)
      expect(texts.join('')).toBe(result[stream])
      expect(texts.some((text) => text === '' || text.includes('\uFFFD'))).toBe(false)
    }
  })

  it('is decoded with the code page of the shell', async () => {
    const service = await startService(
      shellScript({
        Receive: [
          received([['stdout', Buffer.from('93fa96', 'hex')]]),
          received([['stdout', Buffer.from('7b', 'hex')]], { state: 'Done', exitCode: 0 }),
        ],
      }),
    )
    const shell = await connect(service).openShell({ codepage: 932 })
    expect((await shell.run('x')).stdout).toBe('日本')
  })

  it('that ends inside a character shows that something is missing', async () => {
    const service = await startService(
      shellScript({
        Receive: received([['stdout', Buffer.from('a€').subarray(0, -1)]], { state: 'Done', exitCode: 0 }),
      }),
    )
    expect((await (await connect(service).openShell()).run('x')).stdout).toBe('a\uFFFD')
  })

  it('of streams nobody asked for is left out, and an End in any letters is one', async () => {
    const odd = received(
      [
        ['other', 'secret'],
        ['stdout', 'x'],
      ],
      { state: 'Done', exitCode: 0 },
    ).replace(
      '</rsp:ReceiveResponse>',
      '<rsp:Stream Name="stderr" CommandId="C1" End="False">eQ==</rsp:Stream><rsp:Stream Name="stderr" CommandId="C1" End="True"/></rsp:ReceiveResponse>',
    )
    const service = await startService(shellScript({ Receive: odd }))
    expect(await (await connect(service).openShell()).run('x')).toMatchObject({ stdout: 'x', stderr: 'y' })
  })

  it('that is not there within the operation timeout is asked for again', async () => {
    const service = await startService(
      shellScript({
        Receive: [
          OPERATION_TIMED_OUT,
          OPERATION_TIMED_OUT,
          received([['stdout', 'a']], { state: 'Running' }),
          OPERATION_TIMED_OUT,
          finished('b'),
        ],
      }),
    )
    expect((await (await connect(service).openShell()).run('x')).stdout).toBe('ab')
    expect(service.of('Receive')).toHaveLength(5)
  })
})

describe('the exit code', () => {
  it.each<[string, string[], number]>([
    [
      'comes with the end',
      [received([], { state: 'Running' }), received([], { state: 'Done', exitCode: 3 })],
      3,
    ],
    [
      'comes before the end',
      [
        received([], { state: 'Running', exitCode: 4 }),
        received([['stdout', 'late']]),
        received([], { state: 'Done' }),
      ],
      4,
    ],
    ['is told unsigned', [received([], { state: 'Done', exitCode: -1_073_741_510 })], 3_221_225_786],
    ['may be unsigned already', [received([], { state: 'Done', exitCode: 3_221_225_786 })], 3_221_225_786],
    [
      'is the last one told',
      [received([], { state: 'Running', exitCode: 1 }), received([], { state: 'Done', exitCode: 0 })],
      0,
    ],
  ])('%s', async (_, Receive, exitCode) => {
    const service = await startService(shellScript({ Receive }))
    expect(await (await connect(service).openShell()).run('x')).toMatchObject({ exitCode })
  })

  it('may never come: an error that keeps the output', async () => {
    const service = await startService(
      shellScript({
        Receive: received(
          [
            ['stdout', 'so far'],
            ['stderr', 'bad'],
          ],
          { state: 'Done' },
        ),
      }),
    )
    const error = await rejection((await connect(service).openShell()).run('x', ['y z']))
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({
      code: 'ERR_WSMAN_COMMAND',
      exitCode: undefined,
      stdout: 'so far',
      stderr: 'bad',
      command: 'x "y z"',
    })
  })

  it('that is no number is not one', async () => {
    const service = await startService(
      shellScript({ Receive: finished().replace('<rsp:ExitCode>0<', '<rsp:ExitCode>zero<') }),
    )
    expect(await rejection((await connect(service).openShell()).run('x'))).toMatchObject({
      name: 'ProtocolError',
      operation: 'Shell.Receive',
    })
  })

  it('other than 0 is an error only where that is asked for', async () => {
    const service = await startService(
      shellScript({
        Receive: received(
          [
            ['stdout', 'out'],
            ['stderr', 'err'],
          ],
          { state: 'Done', exitCode: 2 },
        ),
      }),
    )
    const shell = await connect(service).openShell()
    expect(await shell.run('x')).toMatchObject({ exitCode: 2, stdout: 'out' })
    const error = await rejection(shell.run('net', ['user', 'alice', 'S3cret'], { check: true }))
    expect(error).toMatchObject({
      name: 'CommandError',
      code: 'ERR_WSMAN_COMMAND',
      host: '127.0.0.1',
      operation: 'Shell.Command',
      exitCode: 2,
      stdout: 'out',
      stderr: 'err',
      command: 'net user alice S3cret',
    })
    expect(String(error)).not.toContain('S3cret')
  })
})
