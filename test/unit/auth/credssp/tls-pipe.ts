import type { Duplex } from 'node:stream'

/** Gathers whole TLS records from a stream that cuts them anywhere, as tokens never do. */
export class RecordReader {
  #octets = Buffer.alloc(0)
  #ended = false
  #wake: () => void = () => undefined

  constructor(stream: Duplex) {
    stream.on('data', (chunk: Buffer) => {
      this.#octets = Buffer.concat([this.#octets, chunk])
      this.#wake()
    })
    stream.on('close', () => {
      this.#ended = true
      this.#wake()
    })
    stream.on('error', () => undefined) // 'close' tells it
  }

  /** Takes all the whole records there are, and waits for the first one. */
  async read(): Promise<Buffer> {
    for (;;) {
      const length = this.#wholeLength()
      if (length > 0) {
        const records = this.#octets.subarray(0, length)
        this.#octets = this.#octets.subarray(length)
        return records
      }
      if (this.#ended) throw new Error('the peer has closed the connection')
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #wholeLength(): number {
    let end = 0
    while (this.#octets.length >= end + 5) {
      const next = end + 5 + this.#octets.readUInt16BE(end + 3)
      if (next > this.#octets.length) break
      end = next
    }
    return end
  }
}
