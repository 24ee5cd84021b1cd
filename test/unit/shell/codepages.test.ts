import fc from 'fast-check'
import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { OutputCollector } from '../../../src/shell/output-collector.js'
import { OutputStreams } from '../../../src/shell/output-streams.js'
import { readLines } from '../../../src/shell/lines.js'
import { CODEPAGES } from '../../../src/util/codepage.js'

const encode = (text: string, codepage: number): Buffer =>
  codepage === 65001 ? Buffer.from(text) : iconv.encode(text, `cp${codepage}`)

/** Every character of the basic plane that the code page has, and that comes back as itself. */
function charactersOf(codepage: number): string[] {
  const all: string[] = []
  for (let code = 1; code < 0xfffe; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const character = String.fromCharCode(code)
    // A byte order mark is no character at the beginning, and elsewhere not one people write.
    if (character === '\uFEFF') continue
    const bytes = encode(character, codepage)
    if (codepage === 65001 || iconv.decode(bytes, `cp${codepage}`) === character) all.push(character)
  }
  return codepage === 65001 ? [...all, '😀', '\u{20000}'] : all
}

/** The bytes in pieces that end anywhere, also inside of characters. */
function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((one, other) => one - other)
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
}

const end = { end: false } as const

describe.each([...CODEPAGES])('output in code page %i, cut anywhere', (codepage) => {
  const characters = charactersOf(codepage)
  const text = fc
    .array(
      fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...characters) }, fc.constantFrom('\n', '\r\n')),
      {
        maxLength: 60,
      },
    )
    .map((parts) => parts.join(''))
  const cuts = fc.array(fc.nat(200), { maxLength: 20 })

  it('is the text that was written, on each stream for itself', () => {
    expect(characters.length).toBeGreaterThan(200)
    fc.assert(
      fc.property(text, text, cuts, cuts, (out, err, outCuts, errCuts) => {
        const heard = { stdout: '', stderr: '' }
        const collector = new OutputCollector({
          commandLine: 'x',
          codepage,
          maxOutputBytes: 1e6,
          onOutput: ({ stream, text: part }) => (heard[stream] += part),
          stop: (reason) => {
            throw reason
          },
        })
        const pieces = {
          stdout: cutAt(encode(out, codepage), outCuts),
          stderr: cutAt(encode(err, codepage), errCuts),
        }
        for (let turn = 0; turn < 21; turn++) {
          for (const stream of ['stdout', 'stderr'] as const) {
            const data = pieces[stream][turn]
            if (data) collector.write({ stream, data, ...end })
          }
        }
        collector.close(undefined)
        expect(collector.kept).toEqual({ stdout: out, stderr: err })
        expect(heard).toEqual(collector.kept)
      }),
    )
  })

  it('is the lines that were written', async () => {
    await fc.assert(
      fc.asyncProperty(text, cuts, async (written, places) => {
        const streams = new OutputStreams(new Set())
        const found: string[] = []
        const reading = (async () => {
          for await (const line of readLines(streams, codepage)) found.push(line.text)
        })()
        for (const data of cutAt(encode(written, codepage), places)) {
          await streams.write({ stream: 'stdout', data, ...end })
        }
        streams.close(undefined)
        await reading
        const expected = written.split(/\r?\n/)
        if (expected.at(-1) === '') expected.pop()
        expect(found).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a byte order mark', () => {
  const decode = (...pieces: Buffer[]): string => {
    const options = { commandLine: 'x', codepage: 65001, maxOutputBytes: 100, onOutput: undefined }
    const collector = new OutputCollector({ ...options, stop: () => undefined })
    for (const data of pieces) collector.write({ stream: 'stdout', data, ...end })
    collector.close(undefined)
    return collector.kept.stdout
  }

  it('goes at the beginning, however it is cut, and stays elsewhere', () => {
    const mark = Buffer.from('\uFEFF')
    expect(decode(mark.subarray(0, 1), mark.subarray(1), Buffer.from('a'))).toBe('a')
    expect(decode(Buffer.from('a'), mark, Buffer.from('b'))).toBe('a\uFEFFb')
  })
})
