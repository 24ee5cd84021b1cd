import { getEventListeners } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  isWsmanError,
  WsmanClient,
  type CallOptions,
  type ShellSessionManager,
  type WireLogEntry,
} from 'wsman'
import type { Endpoint } from 'wsman/testing'
import { Random } from '../fuzz/random.js'
import { watchResources } from '../support/open-resources.js'
import { isAlive, usedHeap } from '../support/processes.js'
import { Ledger } from './ledger.js'
import { OPERATIONS, SHELL } from './operations.js'
import { PASSWORD, startUnrulyEndpoint } from './unruly-endpoint.js'
import { UnrulyNetwork } from './unruly-network.js'

export interface ChaosOptions {
  readonly seed: number
  /** Ends it after so many operations, or after so many minutes. */
  readonly operations?: number
  readonly minutes?: number
  /** The endpoint restarts after so many operations. Default 250. */
  readonly restartEvery?: number
  readonly onRestart?: (report: ChaosReport) => void
}

export interface ChaosReport {
  operations: number
  restarts: number
  /** How often each operation succeeded and failed. */
  readonly outcomes: Map<string, { succeeded: number; failed: number }>
  /** What they failed with. */
  readonly codes: Map<string, number>
  /** What happened to connections. */
  struck: ReadonlyMap<string, number>
  /** Bytes in use after each restart. */
  readonly heap: number[]
  /** What must not be; nothing, if all is well. */
  readonly violations: string[]
}

const WORKERS = 4
/** Longer than all limits of a call together: what takes longer hangs. */
const HANGS_AFTER_MS = 120_000

/** Mixed operations against an endpoint and a network that do what they can to confuse them. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const leftOpen = watchResources()
  const folder = mkdtempSync(path.join(tmpdir(), 'wsman-chaos-'))
  const run = new Chaos(options, new Ledger(path.join(folder, 'ledger')))
  try {
    const report = await run.toItsEnd()
    await settled(() => leftOpen().length === 0)
    for (const name of leftOpen()) report.violations.push(`left open: ${name}`)
    return report
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

class Chaos {
  readonly #options: ChaosOptions
  readonly #ledger: Ledger
  readonly #random: Random
  /** A fleet has one signal that ends all. */
  readonly #fleet = new AbortController()
  /** Shells that a client was told of and has not asked to delete. */
  readonly #opened = new Set<string>()
  readonly #deadline: number
  readonly #report: ChaosReport
  #network!: UnrulyNetwork
  #endpoint!: Endpoint
  #restarting: Promise<void> | undefined

  constructor(options: ChaosOptions, ledger: Ledger) {
    this.#options = options
    this.#ledger = ledger
    this.#random = new Random(options.seed)
    this.#deadline = performance.now() + (options.minutes ?? Infinity) * 60_000
    this.#report = {
      operations: 0,
      restarts: 0,
      outcomes: new Map(Object.keys(OPERATIONS).map((name) => [name, { succeeded: 0, failed: 0 }])),
      codes: new Map(),
      struck: new Map(),
      heap: [],
      violations: ledger.violations,
    }
  }

  async toItsEnd(): Promise<ChaosReport> {
    this.#network = await UnrulyNetwork.start(this.#fork())
    this.#report.struck = this.#network.struck
    await this.#startEndpoint()
    await Promise.all(Array.from({ length: WORKERS }, () => this.#work(this.#fork())))
    await this.#restarting
    await this.#cleanUp()
    return this.#report
  }

  get #over(): boolean {
    return (
      this.#report.operations >= (this.#options.operations ?? Infinity) || performance.now() > this.#deadline
    )
  }

  #fork(): Random {
    return new Random(this.#random.below(0x100000000))
  }

  async #work(random: Random): Promise<void> {
    let client = this.#connect()
    let pool = this.#openPool(client)
    const names = Object.keys(OPERATIONS)
    while (!this.#over) {
      this.#report.operations++
      if (this.#report.operations % (this.#options.restartEvery ?? 250) === 0) {
        await this.#restarting
        this.#restarting = this.#restart()
      }
      const name = random.pick(names) ?? ''
      await this.#perform(name, client, pool, random)
      if (random.chance(0.02)) {
        await client.close()
        client = this.#connect()
        pool = this.#openPool(client)
      }
    }
    this.#network.calmDown()
    await pool.close()
    await client.close()
  }

  async #perform(
    name: string,
    client: WsmanClient,
    pool: ShellSessionManager,
    random: Random,
  ): Promise<void> {
    const outcome = this.#report.outcomes.get(name)
    const work = OPERATIONS[name]
    if (!outcome || !work) return
    const watch = setTimeout(() => this.#ledger.violations.push(`${name} hangs`), HANGS_AFTER_MS)
    const limits = this.#bounds(random)
    try {
      await work({ client, pool, ledger: this.#ledger, random, bounds: limits.bounds })
      outcome.succeeded++
    } catch (error) {
      outcome.failed++
      const code = isWsmanError(error) ? error.code : 'no error of the package'
      this.#report.codes.set(code, (this.#report.codes.get(code) ?? 0) + 1)
      if (!isWsmanError(error)) this.#ledger.violations.push(`${name}: ${String(error)}`)
    } finally {
      clearTimeout(watch)
      limits.dispose()
    }
  }

  /** Some calls end early: by a signal of their own, or by their deadline. All hang on the signal of the fleet. */
  #bounds(random: Random): { readonly bounds: CallOptions; readonly dispose: () => void } {
    const dice = random.next()
    const ms = random.below(80)
    if (dice < 0.1) {
      const controller = new AbortController()
      const timer = setTimeout(() => controller.abort(), ms)
      return { bounds: { signal: controller.signal }, dispose: () => clearTimeout(timer) }
    }
    const signal = this.#fleet.signal
    const bounds = dice < 0.2 ? { signal, timeoutMs: 1 + ms } : { signal }
    return { bounds, dispose: () => undefined }
  }

  #connect(): WsmanClient {
    const { auth } = this.#endpoint.clientOptions('alice')
    return new WsmanClient({
      host: '127.0.0.1',
      port: this.#network.port,
      auth: { ...auth, password: PASSWORD },
      maxConnections: 3,
      connectTimeoutMs: 10_000,
      inactivityTimeoutMs: 5000,
      retry: { attempts: 4, baseDelayMs: 5, maxDelayMs: 100 },
      settings: {
        client: { allowUnencrypted: true, trustedHosts: 'localhost' },
        protocol: { maxTimeoutMs: 10_000 },
      },
      wireLog: (entry) => this.#watchShells(entry),
    })
  }

  #openPool(client: WsmanClient): ShellSessionManager {
    return client.shellPool({ max: 2, idleMs: 2000, shell: SHELL })
  }

  #watchShells({ operation, direction, status, message }: WireLogEntry): void {
    const shellId = /ShellId"?>([^<]+)</.exec(message)?.[1]
    if (shellId === undefined) return
    if (
      operation === 'Shell.Create' &&
      direction === 'reply' &&
      status === 200 &&
      message.endsWith('Envelope>')
    ) {
      this.#opened.add(shellId)
    }
    if (operation === 'Shell.Delete' && direction === 'request') this.#opened.delete(shellId)
  }

  async #startEndpoint(): Promise<void> {
    this.#endpoint = await startUnrulyEndpoint(this.#fork(), this.#ledger)
    this.#network.target = this.#endpoint.listeners[0]?.port
  }

  /** The endpoint goes down in the midst of everything, and nothing of what it ran is left. */
  async #restart(): Promise<void> {
    const pids = this.#endpoint.shells.flatMap(({ commands }) => commands.map(({ pid }) => pid))
    this.#network.target = undefined
    await this.#endpoint.close()
    for (const pid of pids)
      if (isAlive(pid)) this.#ledger.violations.push(`process ${pid} outlives its shell`)
    this.#ledger.settle()
    await this.#startEndpoint()
    this.#report.restarts++
    this.#report.heap.push(usedHeap())
    this.#options.onRestart?.(this.#report)
  }

  async #cleanUp(): Promise<void> {
    const { violations } = this.#ledger
    // Those whose reply or deletion was lost die of their idle timeout.
    if (!(await settled(() => this.#endpoint.shells.length === 0))) violations.push('shells are left')
    if (this.#opened.size > 0) violations.push(`${this.#opened.size} shells were opened and never deleted`)
    const listeners = getEventListeners(this.#fleet.signal, 'abort').length
    if (listeners > 0) violations.push(`${listeners} listeners are left on a signal`)
    await this.#endpoint.close()
    this.#ledger.settle()
    await this.#network.close()
  }
}

/** Waits for what happens by itself. @returns whether it did */
async function settled(condition: () => boolean): Promise<boolean> {
  for (let round = 0; round < 1500; round++) {
    if (condition()) return true
    await pause(20)
  }
  return condition()
}
