import type { Readable } from 'node:stream'
import type { OutputStreamName } from '../operations/shell-verbs.js'
import { createDecoder } from '../util/codepage.js'

/** One decoded line, without its line break. */
export interface OutputLine {
  readonly stream: OutputStreamName
  readonly text: string
}

/** Splits decoded text into lines; CR LF and LF both end one. */
export class LineSplitter {
  #rest = ''

  push(text: string): string[] {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  }

  /** The last line, where it has no line break. */
  end(): string[] {
    const rest = this.#rest
    this.#rest = ''
    return rest === '' ? [] : [rest]
  }
}

/** Reads both streams at once and gives whole lines in the order they came. */
export async function* readLines(
  streams: Readonly<Record<OutputStreamName, Readable>>,
  codepage: number,
): AsyncGenerator<OutputLine, void, undefined> {
  const readers = new Map(
    (['stdout', 'stderr'] as const).map(
      (stream) => [stream, linesOf(stream, streams[stream], codepage)] as const,
    ),
  )
  const next = async (stream: OutputStreamName, reader: AsyncIterator<OutputLine[], void>) =>
    ({ stream, reader, result: await reader.next() }) as const
  const pending = new Map([...readers].map(([stream, reader]) => [stream, next(stream, reader)] as const))
  try {
    while (pending.size > 0) {
      const { stream, reader, result } = await Promise.race(pending.values())
      if (result.done === true) pending.delete(stream)
      else {
        yield* result.value
        pending.set(stream, next(stream, reader))
      }
    }
  } finally {
    for (const [stream, waiting] of pending) {
      waiting.catch(() => undefined)
      streams[stream].destroy()
    }
  }
}

async function* linesOf(
  stream: OutputStreamName,
  source: Readable,
  codepage: number,
): AsyncGenerator<OutputLine[], void, undefined> {
  const decoder = createDecoder(codepage)
  const splitter = new LineSplitter()
  const label = (text: string): OutputLine => ({ stream, text })
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    yield splitter.push(decoder.decode(chunk)).map(label)
  }
  yield [...splitter.push(decoder.end()), ...splitter.end()].map(label)
}
