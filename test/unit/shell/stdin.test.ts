import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  connect,
  gate,
  rejection,
  startService,
  turns,
  UNEXPECTED_SELECTORS,
  windowsFault,
  type Answer,
  type Asked,
  type ScriptedService,
} from '../../support/scripted-service.js'
import { finished, SENT, shellScript } from './replies.js'

const LIMIT = 150 * 1024

/** The last Receive, held back until all input has arrived. */
function untilEnd() {
  const ended = gate()
  return {
    Receive: async () => {
      await ended.passed
      return finished()
    },
    Send: (request: Asked): Answer => {
      if (request.attribute('Stream', 'End') === 'true') ended.open()
      return SENT
    },
  }
}

/** What arrived in all Sends together. */
const inputOf = (service: ScriptedService, commandId = 'C1'): Buffer =>
  Buffer.concat(
    service
      .of('Send')
      .filter((request) => request.attribute('Stream', 'CommandId') === commandId)
      .map((request) => Buffer.from(request.texts('Stream').join(''), 'base64')),
  )

const endsOf = (service: ScriptedService): (string | undefined)[] =>
  service.of('Send').map((request) => request.attribute('Stream', 'End'))

describe('input', () => {
  it('of 512 KB arrives intact, in requests an old host takes, and ends once', async () => {
    const service = await startService(shellScript(untilEnd()))
    const input = randomBytes(512 * 1024)
    await (await connect(service).openShell()).run('more', [], { input })
    expect(inputOf(service).equals(input)).toBe(true)
    const sends = service.of('Send')
    expect(sends.length).toBeGreaterThanOrEqual(5)
    // base64 grows by a third: more than that many requests would be waste.
    expect(sends.length).toBeLessThanOrEqual(7)
    for (const request of sends) expect(Buffer.byteLength(request.text)).toBeLessThan(LIMIT)
    expect(endsOf(service)).toEqual([...Array<undefined>(sends.length - 1).fill(undefined), 'true'])
    expect(sends.every((request) => request.attribute('Stream', 'Name') === 'stdin')).toBe(true)
  })

  it('of text is encoded with the code page of the shell', async () => {
    const service = await startService(shellScript(untilEnd()))
    await (await connect(service).openShell({ codepage: 1252 })).run('more', [], { input: 'ä€' })
    expect(inputOf(service).toString('hex')).toBe('e480')
  })

  it.each([undefined, '', new Uint8Array()])('of %j: nothing is sent, or only its end', async (input) => {
    const service = await startService(shellScript(input === undefined ? {} : untilEnd()))
    const shell = await connect(service).openShell()
    await shell.run('x', [], { input })
    await shell.close()
    expect(inputOf(service).length).toBe(0)
    expect(endsOf(service)).toEqual(input === undefined ? [] : ['true'])
  })

  it('of a spawned command may be written in pieces', async () => {
    const service = await startService(shellScript(untilEnd()))
    const command = await (await connect(service).openShell()).spawn('more')
    command.stdin.write('one ')
    await service.arrival('Send')
    command.stdin.write('two ')
    command.stdin.write(Buffer.from('three'))
    command.stdin.end()
    await command.exit
    expect(inputOf(service).toString()).toBe('one two three')
    expect(endsOf(service).filter((end) => end === 'true')).toHaveLength(1)
  })
})

describe('Sends', () => {
  it('go one at a time in a shell, whatever command they are for', async () => {
    let commands = 0
    let underWay = 0
    let most = 0
    const held = gate()
    const service = await startService(
      shellScript({
        Command: () =>
          `<rsp:CommandResponse><rsp:CommandId>C${++commands}</rsp:CommandId></rsp:CommandResponse>`,
        Receive: async () => {
          await held.passed
          return finished()
        },
        Send: async () => {
          most = Math.max(most, ++underWay)
          await turns(5)
          underWay--
          return SENT
        },
      }),
    )
    const shell = await connect(service, { maxConnections: 8 }).openShell()
    const [one, two] = [await shell.spawn('a'), await shell.spawn('b')]
    const [first, second] = [randomBytes(300 * 1024), randomBytes(300 * 1024)]
    one.stdin.end(first)
    two.stdin.end(second)
    await Promise.all([once(one.stdin, 'finish'), once(two.stdin, 'finish')])
    expect(most).toBe(1)
    expect(inputOf(service, 'C1').equals(first)).toBe(true)
    expect(inputOf(service, 'C2').equals(second)).toBe(true)
    held.open()
    await Promise.all([one.exit, two.exit])
  })

  it('do not wait for a Receive, also where there is one connection', async () => {
    const service = await startService(shellScript(untilEnd()))
    const shell = await connect(service, { maxConnections: 1 }).openShell()
    expect(await shell.run('more', [], { input: 'x' })).toMatchObject({ exitCode: 0 })
    expect(inputOf(service).toString()).toBe('x')
  })

  it('hold the writer back', async () => {
    const held = gate<Answer>()
    const service = await startService(
      shellScript({ Receive: () => new Promise<never>(() => undefined), Send: () => held.passed }),
    )
    const command = await (await connect(service).openShell()).spawn('more')
    expect(command.stdin.write(Buffer.alloc(200 * 1024))).toBe(false)
    await service.arrival('Send')
    held.open(SENT)
    await once(command.stdin, 'drain')
    expect(inputOf(service).length).toBe(200 * 1024)
  })
})

describe('input after the command has ended', () => {
  it('goes nowhere and harms nothing', async () => {
    const service = await startService(shellScript())
    const shell = await connect(service).openShell()
    const command = await shell.spawn('x')
    await command.exit
    command.stdin.write('late')
    command.stdin.end('later')
    await once(command.stdin, 'finish')
    expect(service.of('Send')).toEqual([])
  })

  it('is swallowed where it was under way', async () => {
    const held = gate<Answer>()
    const service = await startService(
      shellScript({
        Send: () => held.passed,
        Receive: async () => {
          await service.arrival('Send')
          return finished('done')
        },
      }),
    )
    const shell = await connect(service).openShell()
    const result = await shell.run('x', [], { input: Buffer.alloc(400 * 1024) })
    expect(result).toMatchObject({ exitCode: 0, stdout: 'done' })
    held.open(UNEXPECTED_SELECTORS)
    await shell.close()
    expect(service.of('Send')).toHaveLength(1)
  })

  it('does not hold back the next command', async () => {
    const service = await startService(shellScript({ Send: UNEXPECTED_SELECTORS }))
    const shell = await connect(service).openShell()
    await shell.run('one', [], { input: 'x' })
    expect(await shell.run('two')).toMatchObject({ exitCode: 0 })
  })
})

describe('a Send that fails while the command runs', () => {
  it('is told to whoever wrote', async () => {
    const service = await startService(
      shellScript({ Receive: () => new Promise<never>(() => undefined), Send: windowsFault(5) }),
    )
    const command = await (await connect(service).openShell()).spawn('more')
    const told = new Promise((resolve) => command.stdin.write('x', resolve))
    expect(await told).toMatchObject({ name: 'WsmanFault', wsmanCode: 5, operation: 'Shell.Send' })
    expect(command.stdin.destroyed).toBe(true)
  })

  it('is no unhandled error for a writer who does not listen', async () => {
    const service = await startService(
      shellScript({ Receive: () => new Promise<never>(() => undefined), Send: windowsFault(5) }),
    )
    const command = await (await connect(service).openShell()).spawn('more')
    command.stdin.write('x')
    await new Promise((resolve) => command.stdin.once('close', resolve))
    expect(command.stdin.errored).toMatchObject({ wsmanCode: 5 })
  })

  it.each([109, 232, 0x8007006d])('is no failure where the program closed its input (%i)', async (code) => {
    const service = await startService(
      shellScript({
        Send: windowsFault(code),
        Receive: async () => {
          await service.arrival('Send')
          return finished('did not read it')
        },
      }),
    )
    const shell = await connect(service).openShell()
    expect(await shell.run('hostname', [], { input: Buffer.alloc(400 * 1024) })).toMatchObject({
      stdout: 'did not read it',
    })
  })

  it('ends a run that would wait for its input for ever', async () => {
    const service = await startService(
      shellScript({
        Send: windowsFault(5),
        // The command reads to the end of its input, which never comes.
        Receive: async () => {
          await service.arrival('Signal')
          return finished('', 1)
        },
      }),
    )
    const shell = await connect(service).openShell()
    expect(await rejection(shell.run('more', [], { input: 'x' }))).toMatchObject({
      name: 'WsmanFault',
      wsmanCode: 5,
      operation: 'Shell.Send',
    })
  })
})
