import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  connect,
  CUT,
  gate,
  OPERATION_TIMED_OUT,
  rejection,
  SILENCE,
  startService,
  windowsFault,
  type Answerer,
  type Asked,
  type ScriptedService,
} from '../../support/scripted-service.js'
import { finished, SENT, shellScript, signalsOf, started } from './replies.js'

const BUSY = windowsFault(170)

/** A command that ends when its input does; the Sends are answered in turn, and all further ones taken. */
function takingInput(answers: readonly Answerer[]) {
  const ended = gate()
  let count = 0
  return shellScript({
    Receive: async () => {
      await ended.passed
      return finished('done')
    },
    Send: (request) => {
      const answer = answers[count++] ?? SENT
      const said = typeof answer === 'function' ? answer(request) : answer
      if (request.attribute('Stream', 'End') === 'true' && said === SENT) ended.open()
      return said
    },
  })
}

const textOf = (request: Asked): string => Buffer.from(request.texts('Stream').join(''), 'base64').toString()
const sendsOf = (service: ScriptedService): string[] =>
  service.of('Send').map((request) => textOf(request) || `End=${request.attribute('Stream', 'End') ?? ''}`)

describe('input while the program does not read', () => {
  it('is sent again where the service was busy, and nothing twice', async () => {
    const service = await startService(takingInput([SENT, BUSY, BUSY, SENT, BUSY, SENT]))
    const command = await (await connect(service).openShell()).spawn('more')
    command.stdin.write('one')
    await service.arrival('Send', 1)
    command.stdin.write('two')
    command.stdin.end()
    expect(await command.exit).toEqual({ exitCode: 0 })
    expect(sendsOf(service)).toEqual(['one', 'two', 'two', 'two', 'End=true', 'End=true'])
  })

  it('is not sent again where the service has it in line', async () => {
    const service = await startService(takingInput([OPERATION_TIMED_OUT, BUSY, windowsFault(1460), SENT]))
    const command = await (await connect(service).openShell()).spawn('more')
    command.stdin.write('one')
    await service.arrival('Send', 1)
    command.stdin.end('two')
    await once(command.stdin, 'finish')
    await command.exit
    expect(sendsOf(service)).toEqual(['one', 'two', 'two', 'End=true'])
  })

  it('lets the other commands of the shell send', async () => {
    let commands = 0
    const ended = gate()
    const service = await startService(
      shellScript({
        Command: () => started(`C${++commands}`),
        Receive: async () => {
          await ended.passed
          return finished()
        },
        Send: (request) => (request.attribute('Stream', 'CommandId') === 'C1' ? BUSY : SENT),
      }),
    )
    const shell = await connect(service).openShell()
    const [blocked, free] = [await shell.spawn('a'), await shell.spawn('b')]
    blocked.stdin.write('blocked')
    await service.arrival('Send', 1)
    free.stdin.end('free')
    await once(free.stdin, 'finish')
    expect(sendsOf(service)).toContain('free')
    ended.open()
    await Promise.all([blocked.exit, free.exit])
  })

  it('is forgotten when the command ends, is aborted, or its shell is closed', async () => {
    const service = await startService(
      shellScript({
        Receive: async () => {
          await service.arrival('Send', 2)
          return finished('did not read it')
        },
        Send: BUSY,
      }),
    )
    const shell = await connect(service).openShell()
    expect(await shell.run('x', [], { input: 'never read' })).toMatchObject({ stdout: 'did not read it' })

    const second = await startService(shellScript({ Receive: SILENCE, Send: BUSY }))
    const other = await connect(second).openShell()
    const controller = new AbortController()
    const aborted = rejection(
      other.run('x', [], { input: 'never read', signal: controller.signal, abortGraceMs: 20 }),
    )
    await second.arrival('Send')
    controller.abort()
    expect(await aborted).toMatchObject({ name: 'AbortError' })

    const closed = rejection(other.run('x', [], { input: 'never read' }))
    await second.arrival('Send', second.of('Send').length + 1)
    await other.close()
    expect(await closed).toMatchObject({ message: 'The shell was closed.' })
    for (const { actions } of [service, second]) expect(actions.at(-1)).not.toBe('Send')
  })

  it('leaves a connection for signals', async () => {
    // Two Sends and a Receive wait for ever, and there are two connections.
    const service = await startService(shellScript({ Receive: SILENCE, Send: SILENCE }))
    const client = connect(service, { maxConnections: 2 })
    const [one, two] = [await client.openShell(), await client.openShell()]
    const first = await one.spawn('a')
    const second = await two.spawn('b')
    await service.arrival('Receive')
    first.stdin.write('x')
    second.stdin.write('y')
    await service.arrival('Send')
    await first.signal('ctrl_c')
    await second.signal('ctrl_break')
    expect(signalsOf(service)).toEqual(['ctrl_c', 'ctrl_break'])
  })

  it('has no more time than the caller gives a request', async () => {
    const service = await startService(takingInput([]))
    const shell = await connect(service).openShell()
    await shell.run('more', [], { input: 'x', operationTimeoutMs: 700 })
    await shell.run('more', [], { input: 'x' })
    const times = service.of('Send').flatMap((request) => request.texts('OperationTimeout'))
    expect([...new Set(times)]).toEqual(['PT0.700S', 'PT2.000S'])
  })
})

describe('a Send whose reply is lost', () => {
  it('is not sent again, and ends the run, which cannot know what its command read', async () => {
    const service = await startService(
      shellScript({
        Send: CUT,
        Receive: async () => {
          await service.arrival('Signal')
          return finished('', 1)
        },
      }),
    )
    const shell = await connect(service).openShell()
    expect(await rejection(shell.run('more', [], { input: 'once' }))).toMatchObject({
      code: 'ERR_WSMAN_SOCKET',
      operation: 'Shell.Send',
    })
    await shell.close()
    expect(sendsOf(service)).toEqual(['once'])
    expect(signalsOf(service)).toContain('terminate')
  })
})
