import type { OnReadOpts, Socket } from 'node:net'

/** What one call to the system reads at the most. */
const READ_BYTES = 65_536

/**
 * Where all sockets read into, one after the other: each chunk is taken in before the next one is read. Memory of its
 * own for each would take longer to get than the reading itself.
 */
let memory: Buffer | undefined

/** Where the bytes of a socket arrive. */
export class Inlet {
  /** Is given each chunk, which lies in memory that is used again as soon as it returns. */
  listener: (bytes: Buffer) => void

  /** @param listener the first one; another may take its place */
  constructor(listener: (bytes: Buffer) => void) {
    this.listener = listener
  }

  /** For a socket that is to be connected, if nothing is put on top of it, such as TLS. */
  get onread(): OnReadOpts {
    memory ??= Buffer.allocUnsafeSlow(READ_BYTES)
    const callback = (size: number, bytes: Uint8Array): boolean => {
      this.listener(Buffer.from(bytes.buffer, bytes.byteOffset, size))
      return true
    }
    return { buffer: memory, callback }
  }

  /** Takes what a socket reads that was connected without `onread`; does nothing to others. */
  attach(socket: Socket): void {
    socket.on('data', (bytes: Buffer) => this.listener(bytes))
  }
}
