import { Writable } from 'node:stream'
import { inspect } from 'node:util'
import type { ResourceLocator } from '../envelope/resource.js'
import { forOneRequest, type CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { sendOperation } from '../operations/shell-verbs.js'
import { sleep } from '../util/abortable.js'
import { Patience } from './patience.js'
import { isBusy, isHeldUp, isInputClosed, isTimedOut } from './remote-state.js'
import type { CallSignal } from '../util/signal.js'

/** What the headers and the element around the data take at the most. */
const ENVELOPE_OVERHEAD = 8 * 1024

/**
 * How long the service may wait for a program to read, in milliseconds. What it has not been read by then stays in
 * line, so a short wait loses nothing, and the connection is free for others while a program does not read.
 */
const SEND_TIMEOUT_MS = 2000
/** Between two questions whether earlier input has been read. */
const BUSY_FIRST_MS = 50
const BUSY_LONGEST_MS = 1000

export interface StdinOptions {
  readonly runner: OperationRunner
  readonly shell: ResourceLocator
  readonly commandId: string
  /** Of the command the input is for. */
  readonly options: CallOptions
  /** Aborted when the command ends or is being stopped: what it did not read is discarded (MS-WSMV 3.1.4.13). */
  readonly over: CallSignal
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

  /** Without what waits to be sent. */
  [inspect.custom](): string {
    return 'CommandStdin {}'
  }

  async #sendAll(data: Buffer): Promise<void> {
    // base64 grows by a third
    const chunkSize = Math.floor(((this.#options.runner.maxRequestSize - ENVELOPE_OVERHEAD) * 3) / 4)
    for (let start = 0; start < data.length; start += chunkSize) {
      await this.#send(data.subarray(start, start + chunkSize), false)
    }
  }

  async #send(data: Uint8Array, end: boolean): Promise<void> {
    const { over, inTurn } = this.#options
    const patience = new Patience()
    for (let pauseMs = BUSY_FIRST_MS; ; pauseMs = Math.min(BUSY_LONGEST_MS, pauseMs * 2)) {
      const outcome = await inTurn(() => this.#try(data, end))
      if (outcome === 'taken' || over.aborted) return
      // Other commands of the shell may send in between.
      const pause = isBusy(outcome) ? sleep(pauseMs, over) : patience.pause(outcome, over)
      await pause.catch((error: unknown) => {
        if (!over.aborted) throw error
      })
    }
  }

  /** @returns `taken`, or why nothing of it was */
  async #try(data: Uint8Array, end: boolean): Promise<unknown> {
    const { runner, shell, commandId, options } = this.#options
    if (this.#isOver()) return 'taken'
    const operationTimeoutMs = Math.min(SEND_TIMEOUT_MS, options.operationTimeoutMs ?? SEND_TIMEOUT_MS)
    // Not as urgent as a signal, whose connection it must not take while a program does not read.
    const send = { ...sendOperation(shell, commandId, data, end), lane: 'call' } as const
    try {
      await runner.run(send, forOneRequest(options, { operationTimeoutMs }))
      return 'taken'
    } catch (error) {
      if (this.#isOver() || isInputClosed(error)) return 'taken'
      // It is in line behind earlier input: sent again it would be there twice.
      if (isTimedOut(error)) return 'taken'
      if (isHeldUp(error)) return error
      throw error
    }
  }

  /** Asked anew after every wait. */
  #isOver(): boolean {
    return this.#options.over.aborted
  }
}
