import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { MAX_TIMER_MS } from '../deadline.js'
import type { EndpointRequest } from '../message.js'
import { userKey, type ReleaseOperation } from '../operation-quota.js'
import { joinCommandLine, throughShell, type LocalCommand } from './command-line.js'
import { Command } from './command.js'
import { ProcessRunner } from './process-runner.js'
import * as faults from './shell-faults.js'
import type { ShellDescription } from './shell-replies.js'
import type { CommandSpec, ShellSpec } from './shell-requests.js'

/** CreateProcess takes no more (32,768 characters with the terminator). */
const MAX_COMMAND_LINE = 32_767

/** Who opened a shell, and from where. */
export interface ShellOwner {
  /** Shells are equal in ownership when this is. */
  readonly key: string
  readonly name: string
  readonly clientIp: string
}

export interface ShellTimeouts {
  /** 0 for none. */
  readonly idleTimeoutMs: number
  /** 0 for none. */
  readonly lifetimeMs: number
}

export function newId(): string {
  return randomUUID().toUpperCase()
}

/** A shell: what its commands have in common, and how long they may live. */
export class Shell {
  readonly id = newId()
  readonly cookie = newId()
  readonly resourceUri: string
  readonly owner: ShellOwner
  readonly #spec: ShellSpec
  readonly #timeouts: ShellTimeouts
  readonly #commands = new Map<string, Command>()
  /** The shell and each command it was given. Terminating one gives nothing back (MS-WSMV note 118). */
  readonly #operations: ReleaseOperation[]
  /** Starts and ends of commands under way, which closing waits for. */
  readonly #pending = new Set<Promise<unknown>>()
  readonly #openedAt = Date.now()
  readonly #expire: () => void
  readonly #lifetime: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined
  #idleSince = Date.now()
  #requests = 0
  #starting = 0
  #closed = false

  /**
   * @param operation what the shell counts as, until it is closed
   * @param expire called when the shell has lived or idled too long
   */
  constructor(
    resourceUri: string,
    owner: ShellOwner,
    spec: ShellSpec,
    timeouts: ShellTimeouts,
    operation: ReleaseOperation,
    expire: () => void,
  ) {
    this.resourceUri = resourceUri
    this.owner = owner
    this.#spec = spec
    this.#timeouts = timeouts
    this.#operations = [operation]
    this.#expire = expire
    this.#lifetime = startTimer(timeouts.lifetimeMs, expire)
    this.#idle = startTimer(timeouts.idleTimeoutMs, expire)
  }

  get commands(): readonly Command[] {
    return [...this.#commands.values()]
  }

  /** How many commands run or are about to. */
  get running(): number {
    return this.commands.filter(({ running }) => running).length + this.#starting
  }

  describe(): ShellDescription {
    const now = Date.now()
    return {
      ...this.#spec,
      shellId: this.id,
      resourceUri: this.resourceUri,
      owner: this.owner.name,
      clientIp: this.owner.clientIp,
      idleTimeoutMs: this.#timeouts.idleTimeoutMs,
      runTimeMs: now - this.#openedAt,
      inactivityMs: this.#requests > 0 ? 0 : now - this.#idleSince,
    }
  }

  /** The shell is not idle while a request to it is served (MS-WSMV 3.1.4.1.31.5). */
  async serve<T>(work: () => Promise<T>): Promise<T> {
    this.#requests += 1
    clearTimeout(this.#idle)
    try {
      return await work()
    } finally {
      this.#requests -= 1
      if (this.#requests === 0 && !this.#closed) {
        this.#idleSince = Date.now()
        this.#idle = startTimer(this.#timeouts.idleTimeoutMs, this.#expire)
      }
    }
  }

  /**
   * @param operation what the command counts as: until the shell is closed, or the command could not be started
   * @throws EndpointFault when the command line is too long, or the directory or program is not there
   */
  async start(spec: CommandSpec, operation: ReleaseOperation): Promise<Command> {
    this.#operations.push(operation)
    this.#starting += 1
    try {
      return await this.#track(this.#launch(spec))
    } catch (error) {
      operation()
      throw error
    } finally {
      this.#starting -= 1
    }
  }

  async #launch(spec: CommandSpec): Promise<Command> {
    const { environment, workingDirectory, codepage, input, output } = this.#spec
    const line = joinCommandLine(spec.command, spec.args)
    if (line.length >= MAX_COMMAND_LINE) throw faults.commandLineTooLong()
    if (workingDirectory !== undefined) await assertDirectory(workingDirectory)
    const local: LocalCommand = spec.skipCmdShell
      ? { file: spec.command, args: spec.args }
      : throughShell(line, codepage)
    if (!this.#isOpen()) throw faults.aborted()
    const starting = ProcessRunner.start({
      ...local,
      cwd: workingDirectory,
      env: over(process.env, environment),
      pipes: { stdin: input, stdout: output.has('stdout'), stderr: output.has('stderr') },
    })
    const runner = await starting.catch((error: unknown) => {
      throw faults.programNotStarted(error)
    })
    if (!this.#isOpen()) {
      await runner.kill()
      throw faults.aborted()
    }
    const command = new Command(newId(), line, runner, output)
    this.#commands.set(command.id, command)
    return command
  }

  /** @throws EndpointFault when there is none, or it was terminated */
  command(commandId: string): Command {
    const command = this.#commands.get(commandId.toUpperCase())
    if (!command) throw faults.commandNotFound(commandId)
    return command
  }

  /** Forgets the command and settles when its processes are gone. */
  async terminate(command: Command): Promise<void> {
    this.#commands.delete(command.id)
    await this.#track(command.terminate())
  }

  /** Asked anew after every wait. */
  #isOpen(): boolean {
    return !this.#closed
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work)
    return work.finally(() => this.#pending.delete(work))
  }

  /** Kills everything and settles when it is gone. */
  async close(): Promise<void> {
    this.#closed = true
    for (const release of this.#operations) release()
    clearTimeout(this.#lifetime)
    clearTimeout(this.#idle)
    await Promise.allSettled([...this.commands.map((command) => command.kill()), ...this.#pending])
  }

  /** @throws EndpointFault for input where the shell was opened without */
  assertInput(): void {
    if (!this.#spec.input) throw faults.invalidParameter()
  }
}

function startTimer(ms: number, expire: () => void): NodeJS.Timeout | undefined {
  return ms > 0 ? setTimeout(expire, Math.min(ms, MAX_TIMER_MS)).unref() : undefined
}

/** Windows tells no case apart in names of variables. */
function over(base: NodeJS.ProcessEnv, variables: ReadonlyMap<string, string>): NodeJS.ProcessEnv {
  const fold = (name: string): string => (process.platform === 'win32' ? name.toUpperCase() : name)
  const names = new Set([...variables.keys()].map(fold))
  const kept = Object.entries(base).filter(([name]) => !names.has(fold(name)))
  return Object.fromEntries([...kept, ...variables])
}

async function assertDirectory(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isDirectory()) throw faults.invalidDirectory()
}

/** The part of a request that tells whose shells it may touch. */
export function ownerOf({ principal, clientIp }: EndpointRequest, machine: string): ShellOwner {
  const name = `${principal.domain || machine}\\${principal.username}`
  return { key: userKey(principal), name, clientIp }
}
