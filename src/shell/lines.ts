import type { Readable } from 'node:stream'
import type { OutputStreamName } from '../operations/receive-body.js'
import { createDecoder } from '../util/codepage.js'

/** One decoded line, without its line break. */
export interface OutputLine {
  readonly stream: OutputStreamName
  readonly text: string
}

/** Characters of a line that are kept until its end comes; what is longer comes in parts of this size or more. */
const LONGEST_LINE = 16 * 1024 * 1024

/** Splits decoded text into lines; CR LF and LF both end one. */
export class LineSplitter {
  /** The beginning of a line, as it came: put together once. */
  #parts: string[] = []
  #length = 0

  push(text: string): string[] {
    if (!text.includes('\n') && this.#length + text.length < LONGEST_LINE) {
      this.#keep(text)
      return []
    }
    const lines = (this.#take() + text).split('\n')
    const rest = lines.pop() ?? ''
    const whole = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    if (rest.length >= LONGEST_LINE) whole.push(rest)
    else this.#keep(rest)
    return whole
  }

  /** The last line, where it has no line break. */
  end(): string[] {
    const rest = this.#take()
    return rest === '' ? [] : [rest]
  }

  #keep(text: string): void {
    this.#parts.push(text)
    this.#length += text.length
  }

  #take(): string {
    const text = this.#parts.join('')
    this.#parts = []
    this.#length = 0
    return text
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
