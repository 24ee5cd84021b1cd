import { constants } from 'node:os'
import { timedOut } from '../faults.js'
import type { EndpointRequest } from '../message.js'
import { Changes } from './changes.js'
import { OutputBuffer, type OutputStream } from './output-buffer.js'
import type { ExitStatus, ProcessRunner } from './process-runner.js'
import * as faults from './shell-faults.js'
import type { Delivery } from './shell-replies.js'
import type { SignalCode } from './shell-requests.js'

/** What a waiting request obeys. */
export type Limits = Pick<EndpointRequest, 'operationTimeoutMs' | 'signal'>

/** STATUS_CONTROL_C_EXIT: the exit code of a process that Ctrl-C or Ctrl-Break ended on Windows. */
const CONTROL_C_EXIT = 0xc000013a

/** STATUS_NO_MEMORY: what a program ends with that cannot go on without what it asked for. No recording shows one. */
const NO_MEMORY = 0xc0000017

/** Characters around the base64 of one chunk. */
const STREAM_ELEMENT =
  '<rsp:Stream Name="stdout" CommandId="00000000-0000-0000-0000-000000000000"></rsp:Stream>'.length

/** Output often comes just before more of it, or before the end: one reply then brings both, as Windows does. */
const SETTLE_MS = 10

/** A shell that is just starting its program may swallow an interrupt, so it gets none before this age. */
const INTERRUPTIBLE_MS = 50

/** How long a terminated command may take to end by itself. */
const TERMINATE_GRACE_MS = 500

/** A command of a shell, from its start until it is terminated. */
export class Command {
  readonly id: string
  readonly commandLine: string
  readonly #process: ProcessRunner
  readonly #streams: ReadonlySet<OutputStream>
  readonly #changes = new Changes()
  readonly #output = new OutputBuffer(() => {
    this.#changes.notify()
  })
  /** The Receives that wait: only the first is served. */
  readonly #receivers: symbol[] = []
  readonly #startedAt = performance.now()
  #interrupted = false
  #outOfMemory = false
  #writing = false
  #released = false
  #exitCode: number | undefined

  constructor(id: string, commandLine: string, process: ProcessRunner, streams: ReadonlySet<OutputStream>) {
    this.id = id
    this.commandLine = commandLine
    this.#process = process
    this.#streams = streams
    if (process.stdout) this.#output.attach('stdout', process.stdout)
    if (process.stderr) this.#output.attach('stderr', process.stderr)
    void process.closed.then((status) => {
      this.#exitCode = this.#outOfMemory ? NO_MEMORY : exitCode(status, this.#interrupted)
      this.#changes.notify()
    })
  }

  get pid(): number {
    return this.#process.pid
  }

  /** Whether the process, or one that holds its output, still runs. */
  get running(): boolean {
    return this.#exitCode === undefined
  }

  /**
   * Brings output, or the end, as soon as there is any (MS-WSMV 3.1.4.14). Output leaves the buffer only into a reply:
   * when the client is gone by then it stays for the next Receive. A second Receive waits for the first to be answered.
   * After the end every Receive brings the end again, until the command is terminated.
   * @param desired empty for all streams of the shell
   * @param room octets that the output may take in the reply
   * @throws EndpointFault TimedOut when nothing came in time
   */
  async receive(desired: ReadonlySet<OutputStream>, room: number, limits: Limits): Promise<Delivery> {
    const streams = desired.size === 0 ? this.#streams : intersection(desired, this.#streams)
    const turn = Symbol('receive')
    this.#receivers.push(turn)
    try {
      const mayAnswer = (): boolean =>
        this.#released ||
        (this.#receivers[0] === turn && (this.#exitCode !== undefined || this.#output.has(streams)))
      const came = await this.#changes.until(mayAnswer, limits.operationTimeoutMs, limits.signal)
      if (!came && !limits.signal.aborted) throw timedOut()
      const settled = (): boolean =>
        this.#released || this.#exitCode !== undefined || this.#output.size(streams) * 1.5 > room
      await this.#changes.until(settled, SETTLE_MS, limits.signal)
      if (this.#released || limits.signal.aborted) throw faults.aborted()
      return this.#deliver(streams, room)
    } finally {
      this.#receivers.splice(this.#receivers.indexOf(turn), 1)
      this.#changes.notify()
    }
  }

  #deliver(streams: ReadonlySet<OutputStream>, room: number): Delivery {
    const chunks = this.#output.take(streams, room, STREAM_ELEMENT)
    const delivery = { commandId: this.id, chunks }
    if (this.#exitCode === undefined || this.#output.has(streams)) return delivery
    return { ...delivery, done: { streams, exitCode: this.#exitCode } }
  }

  /**
   * Writes to stdin (MS-WSMV 3.1.4.13) and waits until the process's pipe has taken it. What a process does not read
   * any more is discarded.
   * @throws EndpointFault TimedOut when the pipe stays full (what was sent stays in line), busy when earlier input
   * still waits
   */
  async send(bytes: Uint8Array, end: boolean, limits: Limits): Promise<void> {
    const { stdin } = this.#process
    if (!stdin || stdin.writableEnded || stdin.destroyed) return
    if (this.#writing) throw faults.busy()
    const written = (): boolean => !this.#writing || this.#released
    if (bytes.length > 0) {
      this.#writing = true
      stdin.write(bytes, () => {
        this.#writing = false
        this.#changes.notify()
      })
    }
    if (end) stdin.end()
    const done = await this.#changes.until(written, limits.operationTimeoutMs, limits.signal)
    if (this.#released) throw faults.aborted()
    if (!done) throw timedOut()
  }

  /**
   * Ctrl-C is SIGINT and Ctrl-Break is SIGQUIT, to the whole process group: like Ctrl-Break, SIGQUIT is the key that
   * programs handle apart from the other one. Without effect on a command that has ended.
   */
  async interrupt(code: Exclude<SignalCode, 'terminate'>, { signal }: Limits): Promise<void> {
    const young = INTERRUPTIBLE_MS - (performance.now() - this.#startedAt)
    const over = (): boolean => !this.running || this.#released
    if (await this.#changes.until(over, young, signal)) return
    this.#interrupted = true
    this.#process.signal(code === 'ctrl_c' ? 'SIGINT' : 'SIGQUIT')
  }

  /** Ends the processes of a command whose shell takes too much memory; its output and its end can still be received. */
  endForMemory(): void {
    this.#outOfMemory = true
    this.#process.signal('SIGKILL')
  }

  /** Gives up the command's state: requests that wait are aborted. Settles when all its processes are gone. */
  async terminate(): Promise<void> {
    this.#release()
    await this.#process.stop(TERMINATE_GRACE_MS)
  }

  /** Like `terminate`, at once. */
  async kill(): Promise<void> {
    this.#release()
    await this.#process.kill()
  }

  #release(): void {
    this.#released = true
    this.#output.clear()
    this.#changes.notify()
  }
}

/** A process that a signal ended has the exit code that Windows gives after Ctrl-C, else that of a POSIX shell. */
function exitCode({ code, signal }: ExitStatus, interrupted: boolean): number {
  const byInterrupt = process.platform === 'win32' || signal === 'SIGINT' || signal === 'SIGQUIT'
  if (interrupted && byInterrupt) return CONTROL_C_EXIT
  if (code !== null) return code
  return signal === null ? 1 : 128 + constants.signals[signal]
}

function intersection<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): ReadonlySet<T> {
  return new Set([...one].filter((value) => other.has(value)))
}
