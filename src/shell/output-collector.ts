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
  readonly #decoders: Readonly<Record<OutputStreamName, StreamDecoder>>
  readonly kept: Record<OutputStreamName, string> = { stdout: '', stderr: '' }
  #bytes = 0

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#decoders = { stdout: createDecoder(options.codepage), stderr: createDecoder(options.codepage) }
  }

  write({ stream, data }: OutputChunk): undefined {
    const { maxOutputBytes } = this.#options
    this.#bytes += data.length
    if (this.#bytes > maxOutputBytes) {
      this.#options.stop(this.#overflow(maxOutputBytes))
      return
    }
    this.#add(stream, this.#decoders[stream].decode(data))
  }

  close(error: Error | undefined): void {
    if (error) return
    this.#add('stdout', this.#decoders.stdout.end())
    this.#add('stderr', this.#decoders.stderr.end())
  }

  #add(stream: OutputStreamName, text: string): void {
    if (text === '') return
    this.kept[stream] += text
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
