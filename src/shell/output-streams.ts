import { Readable } from 'node:stream'
import { UsageError } from '../errors/errors.js'
import type { OutputChunk, OutputStreamName } from '../operations/receive-body.js'

/** Takes a command's output as it arrives. The promise it returns holds back the next Receive. */
export interface OutputSink {
  write(chunk: OutputChunk): Promise<void> | undefined
  /** What was kept of the output, for an error to carry. */
  readonly kept: Readonly<Record<OutputStreamName, string>>
  /** The command ended, or failed with an error. */
  close(error: Error | undefined): void
}

/** Where nobody has begun to read, so much waits before the stream gives up. */
const UNREAD_LIMIT = 16 * 1024 * 1024

/**
 * One output stream of a command. One Receive carries both streams, so back pressure counts only where somebody
 * reads: a stream that nobody has touched must not stall the other one.
 */
class OutputStream extends Readable {
  #touched = false
  #drained: (() => void) | undefined

  constructor(readonly label: OutputStreamName) {
    super({ highWaterMark: 256 * 1024 })
    // An error must reach whoever reads, and nobody else.
    this.on('error', () => undefined)
  }

  /** Node.js itself reads 0 bytes to look ahead; whoever wants data asks for more. */
  override read(size?: number): unknown {
    if (size !== 0) this.#touched = true
    return super.read(size)
  }

  override _read(): void {
    this.#release()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#release()
    callback(error)
  }

  deliver(data: Uint8Array): Promise<void> | undefined {
    if (this.destroyed || data.length === 0) return undefined
    const more = this.push(data)
    if (more) return undefined
    if (this.#touched) {
      return new Promise((resolve) => {
        this.#drained = resolve
      })
    }
    if (this.readableLength > UNREAD_LIMIT) {
      const message = `Nobody reads ${this.label}, and more than ${UNREAD_LIMIT} bytes of it were waiting.`
      this.destroy(
        new UsageError(message, {
          hint: `Spawn the command with ${this.label}: 'ignore', or read the stream.`,
        }),
      )
    }
    return undefined
  }

  finish(error: Error | undefined): void {
    if (error) this.destroy(error)
    else if (!this.destroyed) this.push(null)
  }

  #release(): void {
    const drained = this.#drained
    this.#drained = undefined
    drained?.()
  }
}

/** The two byte streams of a spawned command. */
export class OutputStreams implements OutputSink {
  readonly stdout = new OutputStream('stdout')
  readonly stderr = new OutputStream('stderr')
  /** Nothing: the streams' readers have it. */
  readonly kept = { stdout: '', stderr: '' }
  readonly #ignored: ReadonlySet<OutputStreamName>

  constructor(ignored: ReadonlySet<OutputStreamName>) {
    this.#ignored = ignored
    for (const name of ignored) this[name].finish(undefined)
  }

  write({ stream, data }: OutputChunk): Promise<void> | undefined {
    return this.#ignored.has(stream) ? undefined : this[stream].deliver(data)
  }

  close(error: Error | undefined): void {
    for (const name of ['stdout', 'stderr'] as const) if (!this.#ignored.has(name)) this[name].finish(error)
  }
}
