import type { OnReadOpts, Socket } from 'node:net'

/** What one call to the system reads at the most. More makes V8 keep the text of a chunk apart, which is slower. */
const READ_BYTES = 65_536

/**
 * Where all sockets read into, one after the other: each chunk is taken in before the next one is read. Memory of its
 * own for each would take longer to get than the reading itself.
 */
let memory: Buffer | undefined

/** Takes what arrives on a socket. */
export interface ByteTaker {
  /** @param bytes lie in memory that is used again as soon as this returns */
  onData(bytes: Buffer): void
}

/** Where the bytes of a socket arrive. What nobody takes is kept, and no more is read. */
export class Inlet {
  readonly #unclaimed: Buffer[] = []
  #taker: ByteTaker | undefined
  #socket: Socket | undefined

  /** Whether nothing has arrived that nobody took. */
  get isEmpty(): boolean {
    return this.#unclaimed.length === 0
  }

  /** Whoever takes the bytes from now on, beginning with those that are here already; undefined for nobody. */
  set taker(taker: ByteTaker | undefined) {
    this.#taker = taker
    if (taker) for (const bytes of this.#unclaimed.splice(0)) taker.onData(bytes)
  }

  /** For a socket that is to be connected, if nothing is put on top of it, such as TLS. */
  get onread(): OnReadOpts {
    memory ??= Buffer.allocUnsafeSlow(READ_BYTES)
    const callback = (size: number, bytes: Uint8Array): boolean => {
      this.#take(Buffer.from(bytes.buffer, bytes.byteOffset, size))
      return true
    }
    return { buffer: memory, callback }
  }

  /** Takes what a socket reads, also where it was connected without `onread`. */
  attach(socket: Socket): void {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
  }

  #take(bytes: Buffer): void {
    if (this.#taker) this.#taker.onData(bytes)
    else {
      this.#unclaimed.push(Buffer.from(bytes))
      this.#socket?.pause()
    }
  }
}
