import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineSplitter, type OutputLine } from '../../../src/shell/lines.js'
import {
  connect,
  rejection,
  startService,
  windowsFault,
  type Script,
} from '../../support/scripted-service.js'
import { finished, received, shellScript, type Piece } from './replies.js'

const RUNNING = { state: 'Running' } as const

async function lines(
  pieces: readonly Piece[],
  options: { codepage?: number; script?: Script } = {},
): Promise<OutputLine[]> {
  const script = options.script ?? {
    Receive: [...pieces.map((piece) => received([piece], RUNNING)), finished()],
  }
  const service = await startService(shellScript(script))
  const shell = await connect(service).openShell({ codepage: options.codepage })
  const command = await shell.spawn('x')
  const all: OutputLine[] = []
  for await (const line of command.lines()) all.push(line)
  return all
}

describe('LineSplitter', () => {
  it('gives the lines of a text however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'bc', '\n', '\r\n', '\r', ' ')),
        fc.array(fc.nat(20)),
        (parts, cuts) => {
          const text = parts.join('')
          const splitter = new LineSplitter()
          const found: string[] = []
          let at = 0
          for (const cut of cuts) {
            found.push(...splitter.push(text.slice(at, at + cut)))
            at += cut
          }
          found.push(...splitter.push(text.slice(at)), ...splitter.end())
          const expected = text.split(/\r?\n/)
          if (expected.at(-1) === '') expected.pop()
          expect(found).toEqual(expected)
        },
      ),
    )
  })

  it('puts a long line together once, and gives one without an end in parts', () => {
    const piece = 'x'.repeat(1024)
    const splitter = new LineSplitter()
    let parts = 0
    let length = 0
    for (let count = 0; count < 40 * 1024; count++) {
      for (const part of splitter.push(piece)) {
        parts++
        length += part.length
      }
    }
    expect([parts, length]).toEqual([2, 32 * 1024 * 1024])
    expect(splitter.push('\nnext').map((line) => line.length)).toEqual([8 * 1024 * 1024])
    expect(splitter.end()).toEqual(['next'])
  })

  it('has nothing left after its end', () => {
    const splitter = new LineSplitter()
    expect(splitter.push('a\nb')).toEqual(['a'])
    expect(splitter.end()).toEqual(['b'])
    expect(splitter.end()).toEqual([])
  })
})

describe('the lines of a command', () => {
  it('are whole, with CR LF cut between two pieces and characters between two bytes', async () => {
    const bytes = Buffer.from('eins\r\nzwä\r\n\r\n日本\nlast')
    expect(await lines([...bytes].map((byte) => ['stdout', Buffer.of(byte)] as const))).toEqual(
      ['eins', 'zwä', '', '日本', 'last'].map((text) => ({ stream: 'stdout', text })),
    )
  })

  it('say which stream they came from, each in its order', async () => {
    const found = await lines([
      ['stdout', 'o1\no'],
      ['stderr', 'e1\r'],
      ['stdout', '2\n'],
      ['stderr', '\ne2'],
    ])
    const of = (stream: string): string[] =>
      found.filter((line) => line.stream === stream).map(({ text }) => text)
    expect(of('stdout')).toEqual(['o1', 'o2'])
    expect(of('stderr')).toEqual(['e1', 'e2'])
  })

  it('are decoded with the code page of the shell', async () => {
    expect(
      await lines(
        [
          ['stdout', Buffer.from('c4', 'hex')],
          ['stdout', Buffer.from('e3bac30d0a', 'hex')],
        ],
        { codepage: 936 },
      ),
    ).toEqual([{ stream: 'stdout', text: '你好' }])
  })

  it('are none where nothing was written', async () => {
    expect(await lines([])).toEqual([])
  })

  it('end with the failure of the command', async () => {
    const script = { Receive: [received([['stdout', 'a\n']], RUNNING), windowsFault(5)] }
    expect(await rejection(lines([], { script }))).toMatchObject({ name: 'WsmanFault', wsmanCode: 5 })
  })

  it('may be left early: both streams are given up and the command goes on', async () => {
    const service = await startService(
      shellScript({
        Receive: [
          ...Array.from({ length: 9 }, () =>
            received(
              [
                ['stdout', Buffer.alloc(300_000, 'a\n')],
                ['stderr', Buffer.alloc(300_000, 'b\n')],
              ],
              RUNNING,
            ),
          ),
          finished(),
        ],
      }),
    )
    const command = await (await connect(service).openShell()).spawn('x')
    for await (const line of command.lines()) {
      expect(line.text).toMatch(/^[ab]$/)
      break
    }
    expect([command.stdout.destroyed, command.stderr.destroyed]).toEqual([true, true])
    expect(await command.exit).toEqual({ exitCode: 0 })
  })

  it('are read from a stream that is not ignored', async () => {
    const service = await startService(
      shellScript({
        Receive: [
          received(
            [
              ['stderr', 'no\n'],
              ['stdout', 'yes\n'],
            ],
            RUNNING,
          ),
          finished(),
        ],
      }),
    )
    const command = await (await connect(service).openShell()).spawn('x', [], { stderr: 'ignore' })
    const found: OutputLine[] = []
    for await (const line of command.lines()) found.push(line)
    expect(found).toEqual([{ stream: 'stdout', text: 'yes' }])
  })
})
