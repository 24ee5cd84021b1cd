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
    while (this.#wholeLength() === 0) await this.#more()
    return this.readOctets(this.#wholeLength())
  }

  /** Takes what a token would hold: a flight of the handshake, or one record behind it, however many there are. */
  async readToken(): Promise<Buffer> {
    while (this.#wholeLength() === 0) await this.#more()
    const isApplicationData = this.#octets[0] === 23
    return this.readOctets(isApplicationData ? 5 + this.#octets.readUInt16BE(3) : this.#wholeLength())
  }

  /** Takes so many octets that are no TLS. */
  async readOctets(count: number): Promise<Buffer> {
    while (this.#octets.length < count) await this.#more()
    const octets = this.#octets.subarray(0, count)
    this.#octets = this.#octets.subarray(count)
    return octets
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new Error('the peer has closed the connection')
    await new Promise<void>((resolve) => (this.#wake = resolve))
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
