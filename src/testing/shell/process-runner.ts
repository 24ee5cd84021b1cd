import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { groupLives, signalGroup } from './process-group.js'

/** What to run. */
export interface ProcessSpec {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string | undefined
  readonly env: NodeJS.ProcessEnv
  /** Streams without a pipe read nothing and write nowhere. */
  readonly pipes: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
}

export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How long a killed group may take to vanish; a process in the middle of input or output ends only after it. */
const VANISH_MS = 1000
const POLL_MS = 5

/** Detached groups outlive this process unless they are killed when it exits. */
const living = new Set<ProcessRunner>()
function killAll(): void {
  for (const runner of living) runner.signal('SIGKILL')
}

/**
 * A process and what it starts. It leads a process group of its own, so that signals reach the whole of it and
 * nothing else; a descendant that makes its own session escapes. Windows has no groups: there every signal ends the
 * tree of processes.
 */
export class ProcessRunner {
  readonly pid: number
  /** Settles when the process itself has exited. Never rejects. */
  readonly exited: Promise<ExitStatus>
  /** Settles when it has exited and nobody holds its output pipes any more. Never rejects. */
  readonly closed: Promise<ExitStatus>
  readonly #child: ChildProcess
  #gone = false

  /**
   * Starts it.
   * @throws the error of the system when there is no such program or directory
   */
  static async start(spec: ProcessSpec): Promise<ProcessRunner> {
    const { pipes } = spec
    const child = spawn(spec.file, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      stdio: [pipe(pipes.stdin), pipe(pipes.stdout), pipe(pipes.stderr)],
      detached: process.platform !== 'win32',
      windowsHide: true,
      windowsVerbatimArguments: true,
    })
    const started = new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      // Stays for good: an 'error' event without a listener would end the endpoint's process.
      child.on('error', reject)
    })
    const runner = child.pid === undefined ? undefined : new ProcessRunner(child, child.pid)
    await started
    if (!runner) throw new Error(`${spec.file} started without a process id.`)
    return runner
  }

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child
    this.pid = pid
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#forgetWhenGone()
        resolve({ code, signal })
      })
    })
    this.closed = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#forgetWhenGone()
        resolve({ code, signal })
      })
    })
    // A process that stops reading is no error of the endpoint.
    child.stdin?.on('error', () => undefined)
    if (living.size === 0) process.on('exit', killAll)
    living.add(this)
  }

  get stdin(): Writable | null {
    return this.#child.stdin
  }

  get stdout(): Readable | null {
    return this.#child.stdout
  }

  get stderr(): Readable | null {
    return this.#child.stderr
  }

  /** Signals the process and all it started. Does nothing when they are gone. */
  signal(signal: NodeJS.Signals): void {
    if (this.#gone) return
    if (process.platform === 'win32') {
      spawn('taskkill', ['/pid', String(this.pid), '/t', '/f'], { stdio: 'ignore', windowsHide: true }).on(
        'error',
        () => undefined,
      )
      return
    }
    signalGroup(this.pid, signal)
  }

  /** Asks the whole group to end (SIGTERM) and kills what is left after `graceMs`; settles when all of it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.signal('SIGTERM')
    await this.#vanish(graceMs)
    await this.kill()
  }

  /** Kills the whole group (SIGKILL), drops its output and settles when all of it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    this.#child.stdin?.destroy()
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
    await this.exited
    await this.#vanish(VANISH_MS)
    this.#forget()
  }

  async #vanish(withinMs: number): Promise<void> {
    const end = performance.now() + withinMs
    while (this.#groupLives() && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  #groupLives(): boolean {
    if (this.#gone) return false
    if (process.platform === 'win32') return this.#child.exitCode === null && this.#child.signalCode === null
    return groupLives(this.pid)
  }

  /** Once nothing of the group is left its number may be given to others: it must not be signalled any more. */
  #forgetWhenGone(): void {
    if (!this.#groupLives()) this.#forget()
  }

  #forget(): void {
    this.#gone = true
    if (living.delete(this) && living.size === 0) process.off('exit', killAll)
  }
}

function pipe(wanted: boolean): 'pipe' | 'ignore' {
  return wanted ? 'pipe' : 'ignore'
}
