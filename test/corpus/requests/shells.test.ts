import { describe, it } from 'vitest'
import type { Shell, ShellOptions } from 'wsman'
import { readRecording, specificationExamples } from '../../support/recordings.js'
import { ACTION, identify, replay, replyTo, type ReplayStep } from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'
import {
  because,
  BY_NATURE,
  CLEAN_UP,
  expectLike,
  NEWER,
  OLD_SHELL,
  OTHER_SESSION,
  type Accepted,
} from './accepted.js'

type Verb = 'Create' | 'Command' | 'Send' | 'Receive' | 'Signal' | 'Delete'

/** What is done in the shell, and the steps it takes besides those of every conversation. */
interface Play {
  readonly open?: ShellOptions
  readonly timeoutMs?: number
  readonly during?: readonly Verb[]
  use(shell: Shell): Promise<unknown>
}

const run = (command: string, args?: readonly string[]): Play => ({
  use: (shell) => shell.run(command, args),
})

const type = (input: string): Play => ({
  during: ['Send', 'Send'],
  use: (shell) => shell.run('anything', undefined, { input }),
})

const interrupt: Play = {
  during: ['Signal'],
  use: async (shell) => {
    const command = await shell.spawn('anything')
    await command.signal('ctrl_c')
    await command.exit
  },
}

/** The request of a kind that a conversation sends, where the shell and the command have the names of the recording. */
async function sent(verb: Verb, theirs: string, play: Play, which = 0): Promise<string> {
  const { shellId = 'a shell', commandId = 'a command' } = identify(theirs)
  const folder = 'pypsrp/xml/test_winrs_send'
  const reply = (number: string): string =>
    readRecording(`${folder}/${number}-response.xml`)
      .replaceAll('0D6FCA9D-2D40-44C3-B691-E665BE7AA687', shellId)
      .replaceAll('B0973E54-434E-4D99-B4BE-ADE584CE3BFB', commandId)
  const replies: Readonly<Record<Verb, string>> = {
    Create: reply('00'),
    Command: reply('01'),
    Send: reply('02'),
    Receive: reply('04'),
    Signal: reply('05'),
    Delete: reply('06'),
  }
  const step = (of: Verb, duringReceive: boolean): ReplayStep => ({
    ...replyTo(of, replies[of]),
    duringReceive,
  })
  const steps = [
    ...(['Create', 'Command'] as const).map((of) => step(of, false)),
    ...(play.during ?? []).map((of) => step(of, true)),
    ...(['Receive', 'Signal', 'Delete'] as const).map((of) => step(of, false)),
  ]
  const requests = await replay(
    steps,
    async (client, server) => {
      const shell = await client.openShell(play.open)
      await play.use(shell)
      await shell.close()
      return server.requests
    },
    {
      settings: {
        client: { allowUnencrypted: true },
        protocol: { maxEnvelopeSizeKb: 150, maxTimeoutMs: play.timeoutMs ?? 60_000 },
      },
    },
  )
  const request = requests.filter(({ action }) => action === ACTION[verb])[which]
  if (!request) throw new Error(`The client sent no ${verb}.`)
  return request.xml
}

const DURATION = because('as Windows writes it', 'Header/OperationTimeout spelling')

const SHORT_SEND = because(
  'input stays in line when a program does not read it in time, so the connection is not held for longer',
  'Header/OperationTimeout text',
)

const KEEP_ALIVE = because(
  'keeps the connection open while nothing is written (MS-WSMV 3.2.4.1.20); the other clients send nothing',
  'Header/OptionSet only ours',
)

describeWithShared('specs', 'requests of shells are those in print (MS-WSMV 4.7)', () => {
  const example = (section: string): string => specificationExamples('MS-WSMV', section)[0] ?? ''
  const lax = (...more: readonly Accepted[]): readonly Accepted[] => [BY_NATURE, NEWER, ...more]

  it('Create', async () => {
    const theirs = example('4.7.1')
    const open = {
      environment: { test: '1' },
      workingDirectory: 'd:\\windows',
      lifetimeMs: 1_000_000,
      codepage: 437,
      noProfile: true,
    }
    expectLike(await sent('Create', theirs, { ...run('anything'), open }), theirs, ...lax())
  })

  it('Command', async () => {
    const theirs = example('4.7.2')
    expectLike(await sent('Command', theirs, run('del', ['/p', 'd:\\temp\\out.txt'])), theirs, ...lax())
  })

  it('Receive', async () => {
    const theirs = example('4.7.3')
    expectLike(
      await sent('Receive', theirs, run('anything')),
      theirs,
      ...lax(OLD_SHELL, KEEP_ALIVE),
      because(
        'the schema of Receive has no such attribute (MS-WSMV 2.2.4.26)',
        'Body/Receive@SequenceId only theirs',
      ),
    )
  })

  it('Send', async () => {
    const theirs = example('4.7.4')
    expectLike(await sent('Send', theirs, type('y\r\n')), theirs, ...lax(OLD_SHELL, SHORT_SEND))
  })

  it('Send of the end', async () => {
    const theirs = example('4.7.4')
    expectLike(
      await sent('Send', theirs, type('y\r\n'), 1),
      theirs,
      ...lax(OLD_SHELL, SHORT_SEND),
      because(
        'the example goes on; the end is sent by itself and holds nothing (MS-WSMV 3.1.4.13)',
        'Body/Send/Stream[stdin] text',
        'Body/Send/Stream[stdin]@End only ours',
      ),
    )
  })

  it('Signal of ctrl_c', async () => {
    const theirs = example('4.7.5')
    expectLike(await sent('Signal', theirs, interrupt), theirs, ...lax(OLD_SHELL))
  })

  it('Delete', async () => {
    const theirs = example('4.7.8')
    expectLike(await sent('Delete', theirs, run('anything')), theirs, ...lax(OLD_SHELL, CLEAN_UP))
  })
})

describeWithShared('corpus', 'requests of shells are those of other clients', () => {
  describe('pypsrp', () => {
    const file = (name: string): string => readRecording(`pypsrp/xml/${name}-request.xml`)
    const pypsrp = (...more: readonly Accepted[]): readonly Accepted[] => [
      BY_NATURE,
      OTHER_SESSION,
      because('pypsrp sorts headers by name, with options and selectors behind', 'Header order'),
      ...more,
    ]
    const MARKED = because(
      'Windows leaves the set of options unmarked (MS-WSMV 4.7.1, 4.11.1)',
      'Header/OptionSet@s:mustUnderstand only theirs',
    )
    const NO_OPTIONS = because(
      'pypsrp leaves profile and code page to the service; we need to know the code page',
      'Header/OptionSet only ours',
    )
    const UNORDERED = because(
      'pypsrp orders the parts of a shell otherwise than the schema',
      'Body/Shell order',
    )
    const timeoutMs = 20_000

    it('Create with all options', async () => {
      const theirs = file('test_winrs_extra_opts/00')
      const open = {
        name: 'shell 1',
        workingDirectory: 'C:\\Windows',
        lifetimeMs: 60_000,
        idleTimeoutMs: 60_000,
      }
      expectLike(
        await sent('Create', theirs, { ...run('anything'), open, timeoutMs }),
        theirs,
        ...pypsrp(DURATION, NO_OPTIONS, UNORDERED),
        because('as Windows writes them', 'Body/Shell/IdleTimeOut spelling', 'Body/Shell/Lifetime spelling'),
      )
    })

    it('Create with variables that need escaping', async () => {
      const theirs = file('test_winrs_environment/00')
      const strange = '_-(){}[]<>*+-/\\?"!@#$^&|;:i,.`~0'
      const open = { environment: { env1: 'var1', '1234': '5678', [strange]: strange } }
      expectLike(
        await sent('Create', theirs, { ...run('anything'), open, timeoutMs }),
        theirs,
        ...pypsrp(DURATION, NO_OPTIONS, UNORDERED),
        because(
          'names that are numbers come first in an object of JavaScript; the order of variables has no meaning',
          'Body/Shell/Environment order',
        ),
      )
    })

    it('Command with arguments', async () => {
      const theirs = file('test_winrs_standard/01')
      expectLike(
        await sent('Command', theirs, { ...run('cmd.exe', ['/c', 'echo', 'hi']), timeoutMs }),
        theirs,
        ...pypsrp(DURATION, MARKED),
        because(
          'the console mode of 4.7.2; services since 2012 R2 ignore it (MS-WSMV note 117)',
          'Header/OptionSet/Option[WINRS_CONSOLEMODE_STDIN] only ours',
        ),
        because('written as in MS-WSMV 4.7.2', 'Header/OptionSet/Option[WINRS_SKIP_CMD_SHELL] spelling'),
      )
    })

    it('Receive', async () => {
      const theirs = file('test_winrs_standard/02')
      expectLike(
        await sent('Receive', theirs, { ...run('anything'), timeoutMs }),
        theirs,
        ...pypsrp(DURATION, MARKED),
        because(
          'written as the other switches are',
          'Header/OptionSet/Option[WSMAN_CMDSHELL_OPTION_KEEPALIVE] spelling',
        ),
      )
    })

    it('Send of data', async () => {
      const theirs = file('test_winrs_send/02')
      expectLike(
        await sent('Send', theirs, { ...type('Write-Host "output 1";'), timeoutMs }),
        theirs,
        ...pypsrp(SHORT_SEND),
        because('said only of the end (MS-WSMV 2.2.4.40)', 'Body/Send/Stream[stdin]@End only theirs'),
      )
    })

    it('Send of the end', async () => {
      const theirs = file('test_winrs_send/03')
      expectLike(
        await sent('Send', theirs, { ...type('Write-Host "output 2";'), timeoutMs }, 1),
        theirs,
        ...pypsrp(SHORT_SEND),
        because('the end is sent by itself', 'Body/Send/Stream[stdin] text'),
        because('xs:boolean is written in small letters', 'Body/Send/Stream[stdin]@End spelling'),
      )
    })

    it('Signal of ctrl_c', async () => {
      const theirs = file('test_winrs_standard/03')
      expectLike(await sent('Signal', theirs, { ...interrupt, timeoutMs }), theirs, ...pypsrp(DURATION))
    })

    it('Delete', async () => {
      const theirs = file('test_winrs_standard/04')
      expectLike(await sent('Delete', theirs, { ...run('anything'), timeoutMs }), theirs, ...pypsrp(CLEAN_UP))
    })
  })

  describe('winrm4j', () => {
    const UNMARKED = because(
      'winrm4j marks nothing; MS-WSMV 4.7 does as we do',
      ...['Action', 'MaxEnvelopeSize', 'ResourceURI', 'Locale', 'ReplyTo/Address'].map(
        (header) => `Header/${header}@s:mustUnderstand only ours`,
      ),
    )
    const winrm4j = (...more: readonly Accepted[]): readonly Accepted[] => [
      BY_NATURE,
      because(
        'winrm4j knows only the headers of DSP0226',
        'Header/DataLocale only ours',
        'Header/SessionId only ours',
      ),
      because('winrm4j has an order of its own', 'Header order'),
      UNMARKED,
      ...more,
    ]
    const open = { codepage: 437 }

    it.each<readonly [Verb, string, Play, readonly Accepted[]]>([
      ['Create', '00', { ...run('anything'), open }, [DURATION]],
      ['Command', '01', run('echo myline'), [DURATION]],
      [
        'Receive',
        '02',
        run('anything'),
        [
          DURATION,
          KEEP_ALIVE,
          because(
            'winrm4j puts it into the namespace of shells; MS-WSMV 4.7.3 does as we do',
            'Body/Receive/DesiredStream@rsp:CommandId only theirs',
            'Body/Receive/DesiredStream@CommandId only ours',
          ),
        ],
      ],
      ['Signal', '03', run('anything'), [CLEAN_UP]],
      ['Delete', '04', run('anything'), [CLEAN_UP]],
    ])('%s', async (verb, number, play, more) => {
      const theirs = readRecording(`winrm4j/xml/win12/${number}-request.xml`)
      expectLike(await sent(verb, theirs, play), theirs, ...winrm4j(...more))
    })
  })

  describe('masterzen/winrm', () => {
    const headers = ['Action', 'DataLocale', 'Locale', 'MaxEnvelopeSize', 'ReplyTo/Address', 'ResourceURI']
    const masterzen = (...more: readonly Accepted[]): readonly Accepted[] => [
      BY_NATURE,
      because('masterzen/winrm sends none', 'Header/SessionId only ours'),
      because('masterzen/winrm has an order of its own', 'Header order'),
      because(
        'masterzen/winrm leaves out the namespace, so that no service sees the mark',
        ...headers.map((header) => `Header/${header}@mustUnderstand only theirs`),
        ...headers.map((header) => `Header/${header}@s:mustUnderstand only ours`),
      ),
      ...more,
    ]

    it.each<readonly [Verb, string, Play, readonly Accepted[]]>([
      ['Create', '00', run('anything'), [DURATION]],
      ['Command', '01', run('"powershell.exe -EncodedCommand ZGly"'), [DURATION]],
      ['Receive', '02', run('anything'), [DURATION, KEEP_ALIVE]],
      ['Delete', '03', run('anything'), [CLEAN_UP]],
      ['Signal', '04', run('anything'), [CLEAN_UP]],
    ])('%s', async (verb, number, play, more) => {
      const theirs = readRecording(`masterzen-winrm/sample_requests/${number}-request.xml`)
      expectLike(await sent(verb, theirs, play), theirs, ...masterzen(...more))
    })
  })
})
