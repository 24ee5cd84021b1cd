import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { OutputCollector } from '../../../src/shell/output-collector.js'

/** Text of which no part looks like another. */
function textOf(length: number, character: string): string {
  let text = ''
  for (let line = 0; text.length < length; line++) text += `${line} ${character} the quick brown fox\r\n`
  return text
}

describe('output of a command that is kept', () => {
  it.each([
    [65001, 'x'],
    [65001, 'ü'],
    [65001, '😀'],
    [932, '日本'],
  ])('is what was written, however much and in whatever pieces: %i, %s', (codepage, character) => {
    const text = textOf(3_500_000, character)
    const bytes = iconv.encode(text, codepage === 65001 ? 'utf8' : `cp${codepage}`)
    const told: string[] = []
    const collectors = [undefined, ({ text: piece }: { text: string }) => told.push(piece)].map(
      (onOutput) =>
        new OutputCollector({
          commandLine: 'x',
          codepage,
          maxOutputBytes: Infinity,
          onOutput,
          stop: () => undefined,
        }),
    )
    for (const collector of collectors) {
      for (let at = 0, size = 1; at < bytes.length; at += size, size = 1 + ((size * 7919) % 100_003)) {
        const data = bytes.subarray(at, at + size)
        collector.write({ stream: 'stdout', data })
        collector.write({ stream: 'stderr', data: Buffer.from('e') })
      }
      collector.close(undefined)
      const { stdout, stderr } = collector.kept
      expect(stdout === text).toBe(true)
      expect(stderr).toMatch(/^e+$/)
    }
    expect(told.filter((piece) => piece !== 'e').join('') === text).toBe(true)
  })
})
