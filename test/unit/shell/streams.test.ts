import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { RemoteCommand } from '../../../src/shell/remote-command.js'
import {
  connect,
  rejection,
  startService,
  turns,
  windowsFault,
  type Script,
  type ScriptedService,
} from '../../support/scripted-service.js'
import { finished, received, shellScript } from './replies.js'

const RUNNING = { state: 'Running' } as const
const KB = 1024
const block = (size: number): Buffer => Buffer.alloc(size, 'x')

async function spawn(
  script: Script,
  options = {},
): Promise<{ service: ScriptedService; command: RemoteCommand }> {
  const service = await startService(shellScript(script))
  const shell = await connect(service).openShell()
  return { service, command: await shell.spawn('x', [], options) }
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Output in the given pieces, then the end. */
const writing = (...pieces: Parameters<typeof received>[0]): Script => ({
  Receive: [...pieces.map((piece) => received([piece], RUNNING)), finished()],
})

describe('the streams of a command', () => {
  it('give the bytes as they came', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const { command } = await spawn(
      writing(['stdout', bytes], ['stderr', bytes.subarray(128)], ['stdout', bytes]),
    )
    const [out, err, exit] = await Promise.all([
      readAll(command.stdout),
      readAll(command.stderr),
      command.exit,
    ])
    expect(out.equals(Buffer.concat([bytes, bytes]))).toBe(true)
    expect(err.equals(bytes.subarray(128))).toBe(true)
    expect(exit).toEqual({ exitCode: 0 })
    expect(command.commandId).toBe('C1')
  })

  it('may be read after the end', async () => {
    const { command } = await spawn(writing(['stdout', 'a'], ['stderr', 'b'], ['stdout', 'c']))
    await command.exit
    expect((await readAll(command.stdout)).toString()).toBe('ac')
    expect((await readAll(command.stderr)).toString()).toBe('b')
  })

  it('need no reader: the exit comes without', async () => {
    const { command } = await spawn(
      writing(['stdout', block(600 * KB)], ['stderr', block(600 * KB)], ['stdout', block(600 * KB)]),
    )
    expect(await command.exit).toEqual({ exitCode: 0 })
  })

  it('end with the failure of the command', async () => {
    const { command } = await spawn({ Receive: [received([['stdout', 'a']], RUNNING), windowsFault(5)] })
    const chunks: string[] = []
    const reading = async (): Promise<void> => {
      for await (const chunk of command.stdout) chunks.push(String(chunk))
    }
    expect(await rejection(reading())).toMatchObject({ name: 'WsmanFault', wsmanCode: 5 })
    expect(await rejection(command.exit)).toMatchObject({ name: 'WsmanFault', wsmanCode: 5 })
    expect(command.stderr.destroyed).toBe(true)
  })

  it('may be given up: the command goes on', async () => {
    const { command } = await spawn(writing(['stdout', block(600 * KB)], ['stdout', block(600 * KB)]))
    for await (const chunk of command.stdout) {
      expect(chunk).toBeInstanceOf(Uint8Array)
      break
    }
    expect(await command.exit).toEqual({ exitCode: 0 })
    expect(command.stdout.destroyed).toBe(true)
  })

  it('may be ignored: they are at their end from the start', async () => {
    const { command } = await spawn(writing(['stdout', 'a'], ['stderr', block(600 * KB)]), {
      stderr: 'ignore',
    })
    expect((await readAll(command.stderr)).length).toBe(0)
    expect((await readAll(command.stdout)).toString()).toBe('a')
    expect(await command.exit).toEqual({ exitCode: 0 })
  })

  it('hold only so much for a reader who never comes, and say so to one who does', async () => {
    const { command } = await spawn(
      writing(...Array.from({ length: 18 }, () => ['stdout', block(1024 * KB)] as const)),
    )
    expect(await command.exit).toEqual({ exitCode: 0 })
    expect(await rejection(readAll(command.stdout))).toMatchObject({
      name: 'UsageError',
      hint: expect.stringContaining("stdout: 'ignore'") as string,
    })
    expect((await readAll(command.stderr)).length).toBe(0)
  })
})

describe('back pressure', () => {
  /** A command that writes blocks to stdout for as long as it is asked. */
  const pouring: Script = { Receive: () => received([['stdout', block(100 * KB)]], RUNNING) }

  it('of a slow reader stops asking, and asking goes on with the reading', async () => {
    const { service, command } = await spawn(pouring)
    const reader = command.stdout[Symbol.asyncIterator]()
    await reader.next()
    // A stream holds 256 KB, and one reply may be on its way to it.
    await service.arrival('Receive', 3)
    await turns(300)
    const asked = service.of('Receive').length
    expect(asked).toBeLessThanOrEqual(6)
    await turns(300)
    expect(service.of('Receive')).toHaveLength(asked)
    for (let read = 100 * KB; read < asked * 100 * KB;) {
      const { value } = (await reader.next()) as { value: Buffer }
      read += value.length
    }
    await service.arrival('Receive', asked + 1)
    await reader.return?.()
    command.stderr.resume()
  })

  it('ends when the reader gives up', async () => {
    const { service, command } = await spawn({
      Receive: [
        ...Array.from({ length: 10 }, () => received([['stdout', block(300 * KB)]], RUNNING)),
        finished(),
      ],
    })
    const reader = command.stdout[Symbol.asyncIterator]()
    await reader.next()
    await service.arrival('Receive', 2)
    await turns(200)
    expect(service.of('Receive').length).toBeLessThan(5)
    command.stdout.destroy()
    expect(await command.exit).toEqual({ exitCode: 0 })
    expect(service.of('Receive')).toHaveLength(11)
  })

  it.each([
    ['a large first piece', [block(600 * KB), block(600 * KB)]],
    ['a small first piece', [block(1), block(600 * KB), block(600 * KB)]],
    ['many small pieces', Array.from({ length: 40 }, () => block(10 * KB))],
  ])('never comes from a stream that nobody reads: %s on stderr', async (_, blocks) => {
    const { command } = await spawn({
      Receive: [
        ...blocks.map((data) => received([['stderr', data]], RUNNING)),
        received([['stdout', 'still here']], RUNNING),
        finished(),
      ],
    })
    expect((await readAll(command.stdout)).toString()).toBe('still here')
    expect(await command.exit).toEqual({ exitCode: 0 })
    expect((await readAll(command.stderr)).length).toBe(Buffer.concat(blocks).length)
  })

  it('comes from a reader of events just the same', async () => {
    const { service, command } = await spawn(pouring)
    let seen = 0
    command.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.length
    })
    await service.arrival('Receive', 20)
    command.stdout.pause()
    await turns(300)
    const asked = service.of('Receive').length
    await turns(300)
    expect(service.of('Receive')).toHaveLength(asked)
    const before = seen
    command.stdout.resume()
    await once(command.stdout, 'data')
    expect(seen).toBeGreaterThan(before)
    await service.arrival('Receive', asked + 1)
    command.stdout.destroy()
  })
})
