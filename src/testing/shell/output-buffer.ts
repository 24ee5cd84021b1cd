import type { Readable } from 'node:stream'

export const OUTPUT_STREAMS = ['stdout', 'stderr'] as const
export type OutputStream = (typeof OUTPUT_STREAMS)[number]

/** A run of bytes that a process wrote. */
export interface OutputChunk {
  readonly stream: OutputStream
  readonly bytes: Uint8Array
}

/** Bytes of one stream that are held before the process has to wait. */
const LIMIT = 1024 * 1024
/** Counted on top of each chunk, so that a process that writes single bytes cannot fill the memory with objects. */
const CHUNK_COST = 128

/** Output in the order in which it arrived, until it goes into a reply. A process that writes faster is held up. */
export class OutputBuffer {
  readonly #changed: () => void
  #chunks: OutputChunk[] = []
  readonly #held: Record<OutputStream, number> = { stdout: 0, stderr: 0 }
  readonly #sources: Partial<Record<OutputStream, Readable>> = {}

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Takes what the stream brings from now on. */
  attach(stream: OutputStream, source: Readable): void {
    this.#sources[stream] = source
    source.on('error', () => undefined)
    source.on('data', (bytes: Uint8Array) => {
      this.#chunks.push({ stream, bytes })
      this.#held[stream] += bytes.length + CHUNK_COST
      if (this.#held[stream] >= LIMIT) source.pause()
      this.#changed()
    })
  }

  /** Octets that are held of these streams. */
  size(streams: ReadonlySet<OutputStream>): number {
    let size = 0
    for (const { stream, bytes } of this.#chunks) if (streams.has(stream)) size += bytes.length
    return size
  }

  has(streams: ReadonlySet<OutputStream>): boolean {
    return this.#chunks.some(({ stream }) => streams.has(stream))
  }

  /**
   * Removes what fits, in order; a chunk too large is split.
   * @param room characters of base64 and of the elements around it
   * @param elementCost characters of the element around one chunk
   */
  take(streams: ReadonlySet<OutputStream>, room: number, elementCost: number): OutputChunk[] {
    const taken: OutputChunk[] = []
    const kept: OutputChunk[] = []
    let left = room
    for (const chunk of this.#chunks) {
      const fits = Math.floor((left - elementCost) / 4) * 3
      if (!streams.has(chunk.stream) || fits <= 0) {
        kept.push(chunk)
        continue
      }
      const bytes = chunk.bytes.subarray(0, fits)
      taken.push({ stream: chunk.stream, bytes })
      left -= elementCost + Math.ceil(bytes.length / 3) * 4
      this.#held[chunk.stream] -= bytes.length
      if (bytes.length === chunk.bytes.length) this.#held[chunk.stream] -= CHUNK_COST
      else {
        kept.push({ stream: chunk.stream, bytes: chunk.bytes.subarray(bytes.length) })
        left = 0
      }
    }
    this.#chunks = kept
    for (const stream of OUTPUT_STREAMS) {
      const source = this.#sources[stream]
      if (source?.isPaused() && this.#held[stream] < LIMIT) source.resume()
    }
    return taken
  }

  clear(): void {
    this.#chunks = []
  }
}
