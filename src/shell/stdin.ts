import { Writable } from 'node:stream'
import type { ResourceLocator } from '../envelope/resource.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { sendOperation } from '../operations/shell-verbs.js'
import { isInputClosed } from './remote-state.js'

/** What the headers and the element around the data take at the most. */
const ENVELOPE_OVERHEAD = 8 * 1024

export interface StdinOptions {
  readonly runner: OperationRunner
  readonly shell: ResourceLocator
  readonly commandId: string
  /** Of the command the input is for. */
  readonly options: CallOptions
  /** Whether the command has ended: what it did not read is discarded (MS-WSMV 3.1.4.13). */
  readonly ended: () => boolean
  /** Waits until no other Send of the shell is under way: only one may be. */
  readonly inTurn: <T>(task: () => Promise<T>) => Promise<T>
}

/** A command's input. Each Send is as large as an envelope takes; `end` closes the remote stream. */
export class CommandStdin extends Writable {
  readonly #options: StdinOptions

  constructor(options: StdinOptions) {
    super({ decodeStrings: true, highWaterMark: 64 * 1024 })
    this.#options = options
    // A write that fails is told to its callback and by the command itself; nobody needs to listen here.
    this.on('error', () => undefined)
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#sendAll(chunk).then(() => {
      callback()
    }, callback)
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    callback: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), '', callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#send(new Uint8Array(), true).then(() => {
      callback()
    }, callback)
  }

  async #sendAll(data: Buffer): Promise<void> {
    // base64 grows by a third
    const chunkSize = Math.floor(((this.#options.runner.maxRequestSize - ENVELOPE_OVERHEAD) * 3) / 4)
    for (let start = 0; start < data.length; start += chunkSize) {
      await this.#send(data.subarray(start, start + chunkSize), false)
    }
  }

  async #send(data: Uint8Array, end: boolean): Promise<void> {
    const { runner, shell, commandId, options, ended, inTurn } = this.#options
    await inTurn(async () => {
      if (ended()) return
      try {
        await runner.run(sendOperation(shell, commandId, data, end), { ...options, timeoutMs: undefined })
      } catch (error) {
        if (!ended() && !isInputClosed(error)) throw error
      }
    })
  }
}
