import { CommandError } from '../errors/errors.js'
import type { OutputChunk, OutputStreamName } from '../operations/receive-body.js'
import { createDecoder, type StreamDecoder } from '../util/codepage.js'
import type { OutputSink } from './output-streams.js'

/** A piece of decoded output, as it came. */
export interface OutputEvent {
  readonly stream: OutputStreamName
  readonly text: string
}

export interface CollectorOptions {
  readonly commandLine: string
  readonly codepage: number
  readonly maxOutputBytes: number
  readonly onOutput: ((event: OutputEvent) => void) | undefined
  /** Output went wrong here: the command must be stopped. */
  readonly stop: (reason: Error) => void
}

/** Keeps the whole decoded output of a command, up to a limit. */
export class OutputCollector implements OutputSink {
  readonly #options: CollectorOptions
  readonly #texts: Readonly<Record<OutputStreamName, GatheredText>>
  #bytes = 0

  constructor(options: CollectorOptions) {
    this.#options = options
    const gather = (): GatheredText => new GatheredText(createDecoder(options.codepage))
    this.#texts = { stdout: gather(), stderr: gather() }
  }

  get kept(): Record<OutputStreamName, string> {
    const { stdout, stderr } = this.#texts
    return { stdout: stdout.text, stderr: stderr.text }
  }

  write({ stream, data }: OutputChunk): undefined {
    const { maxOutputBytes } = this.#options
    this.#bytes += data.length
    if (this.#bytes > maxOutputBytes) {
      this.#options.stop(this.#overflow(maxOutputBytes))
      return
    }
    const text = this.#texts[stream]
    text.add(data)
    if (this.#options.onOutput) this.#tell(stream, text.decode())
  }

  close(error: Error | undefined): void {
    if (error) return
    for (const stream of ['stdout', 'stderr'] as const) this.#tell(stream, this.#texts[stream].end())
  }

  #tell(stream: OutputStreamName, text: string): void {
    if (text === '') return
    try {
      this.#options.onOutput?.({ stream, text })
    } catch (error) {
      this.#options.stop(error instanceof Error ? error : new Error('onOutput threw', { cause: error }))
    }
  }

  #overflow(limit: number): CommandError {
    return new CommandError('ERR_WSMAN_OUTPUT_LIMIT', `The command wrote more than ${limit} bytes.`, {
      command: this.#options.commandLine,
      exitCode: undefined,
      ...this.kept,
      hint: 'Raise maxOutputBytes, or use spawn, which streams output of any length.',
    })
  }
}

/** From this much on bytes are decoded: Node.js keeps text of that size outside of V8's heap, where it is never moved. */
const ENOUGH_BYTES = 1024 * 1024

/** Output of one stream, decoded when there is much of it or when the text is asked for. */
class GatheredText {
  readonly #decoder: StreamDecoder
  #text = ''
  #pieces: Uint8Array[] = []
  #bytes = 0
  #room: Buffer = Buffer.alloc(0)

  constructor(decoder: StreamDecoder) {
    this.#decoder = decoder
  }

  get text(): string {
    this.decode()
    return this.#text
  }

  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes >= ENOUGH_BYTES) this.decode()
  }

  /** @returns what the text has grown by */
  decode(): string {
    const text = this.#decoder.decode(this.#joined())
    this.#pieces = []
    this.#bytes = 0
    this.#text += text
    return text
  }

  /** The pieces in one, until the next time: memory that was used before is much cheaper than memory that was not. */
  #joined(): Uint8Array {
    const [first = new Uint8Array()] = this.#pieces
    if (this.#pieces.length < 2) return first
    if (this.#room.length < this.#bytes) this.#room = Buffer.allocUnsafeSlow(this.#bytes)
    let end = 0
    for (const piece of this.#pieces) {
      this.#room.set(piece, end)
      end += piece.length
    }
    return this.#room.subarray(0, end)
  }

  /** @returns what is left of a character that was cut */
  end(): string {
    this.decode()
    const rest = this.#decoder.end()
    this.#text += rest
    return rest
  }
}
