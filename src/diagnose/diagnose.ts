import { AbortError } from '../errors/errors.js'
import { isWsmanError } from '../errors/wsman-error.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import type { ShellContext } from '../shell/shell-context.js'
import type { HttpTransport } from '../transport/http-transport.js'
import { CallScope } from '../util/call-scope.js'
import type { CallSignal } from '../util/signal.js'
import { examineTls, portsOf, resolveName, tryPort, type Way } from './network-steps.js'
import {
  failed,
  skipped,
  type DiagnosisReport,
  type DiagnosisStep,
  type DiagnosisStepName,
  type Finding,
} from './report.js'
import {
  authenticate,
  channelBinding,
  clockDifference,
  identifyAnonymously,
  readConfiguration,
  schemesOffered,
  sealing,
  tryShell,
} from './service-steps.js'

/** Bounds a whole diagnosis. */
export interface DiagnoseOptions {
  /** Ends the diagnosis; it then rejects with an AbortError. */
  readonly signal?: CallSignal | undefined
  /** For all steps together, in milliseconds; those that do not fit are skipped. Default 60000. */
  readonly timeoutMs?: number | undefined
}

/** What a diagnosis works with: connections of its own, so that everything is looked at anew. */
export interface DiagnoseParts {
  readonly transport: HttpTransport
  readonly runner: OperationRunner
  readonly shells: ShellContext
  readonly way: Way
  /** Whether the service is Windows', with shells and winrm/config. */
  readonly isWindows: boolean
}

const DEFAULT_LIMIT_MS = 60_000

/** Goes through everything that can be in the way of a client. */
export async function diagnose(parts: DiagnoseParts, options: DiagnoseOptions): Promise<DiagnosisReport> {
  const { transport, runner } = parts
  const { signal, timeoutMs = DEFAULT_LIMIT_MS } = options
  const scope = new CallScope({ signal, timeoutMs, lifetime: runner.lifetime })
  const startedAt = new Date()
  const start = performance.now()
  try {
    const diagnosis = new Diagnosis(parts, scope.signal)
    await diagnosis.run()
    const { steps } = diagnosis
    return {
      host: transport.host,
      url: transport.url,
      scheme: transport.scheme,
      startedAt: startedAt.toISOString(),
      durationMs: Math.round(performance.now() - start),
      ok: steps.every(({ outcome }) => outcome !== 'failed'),
      steps,
    }
  } finally {
    scope.dispose()
  }
}

class Diagnosis {
  readonly steps: DiagnosisStep[] = []
  readonly #parts: DiagnoseParts
  readonly #signal: CallSignal

  constructor(parts: DiagnoseParts, signal: CallSignal) {
    this.#parts = parts
    this.#signal = signal
  }

  async run(): Promise<void> {
    const reachable = await this.#network()
    const answers = await this.#service(reachable)
    await this.#account(answers)
  }

  /** @returns whether the service can be reached */
  async #network(): Promise<boolean> {
    const { way } = this.#parts
    const { target, proxy } = way
    const signal = this.#signal
    const resolved = await this.#step('name resolution', () => resolveName(way, signal))
    const known = resolved || proxy !== undefined || 'The name is not known.'
    const ports = await Promise.all(
      portsOf(way).map((port) => this.#look(`port ${port}`, () => tryPort(way, port, signal), known)),
    )
    this.steps.push(...ports)
    const own = ports.find(({ name }) => name === `port ${target.port}`)
    const isOpen = proxy !== undefined || own?.outcome === 'passed'
    const why = target.secure ? isOpen || 'The port is closed.' : 'The client uses HTTP.'
    const trusted = await this.#step('TLS', () => examineTls(way, signal), why)
    return isOpen && (trusted || !target.secure)
  }

  /** @returns whether the service answers */
  async #service(reachable: boolean): Promise<boolean> {
    const { transport, runner } = this.#parts
    const why = reachable || 'The service cannot be reached.'
    let clock = skipped('Nothing was answered.')
    const ask = async (): Promise<Finding> => {
      const head = await transport.ask(this.#signal)
      clock = clockDifference(head, Date.now())
      return schemesOffered(head)
    }
    const answers = await this.#step('schemes offered', ask, why)
    await this.#step('clock', () => clock)
    await this.#step(
      'Identify',
      () => identifyAnonymously(runner, this.#call),
      answers || 'Nothing was answered.',
    )
    return answers
  }

  async #account(answers: boolean): Promise<void> {
    const { transport, runner, shells, way, isWindows } = this.#parts
    const { secure } = way.target
    const { scheme, sealed } = transport
    const unanswered = answers || 'Nothing was answered.'
    const needed = scheme === 'none' ? 'The client has no credential.' : unanswered
    let isKnown = await this.#step('authentication', () => authenticate(runner, this.#call), needed)
    if (scheme === 'none') isKnown = answers
    const why = isKnown || 'The credential was not accepted.'
    await this.#step('sealing', () => sealing(secure, sealed), why)
    await this.#step('channel binding', () => channelBinding(secure, sealed), why)
    const forWindows = isWindows ? why : 'The service is not that of Windows.'
    await this.#step('shell', () => tryShell(shells, this.#call), forWindows)
    await this.#step('configuration', () => readConfiguration(runner, this.#call), forWindows)
  }

  get #call(): CallOptions {
    return { signal: this.#signal }
  }

  /**
   * @param needed `true`, or why the step is skipped
   * @returns whether it passed
   */
  async #step(
    name: DiagnosisStepName,
    look: () => Finding | Promise<Finding>,
    needed: true | string = true,
  ): Promise<boolean> {
    const step = await this.#look(name, look, needed)
    this.steps.push(step)
    return step.outcome === 'passed'
  }

  async #look(
    name: DiagnosisStepName,
    look: () => Finding | Promise<Finding>,
    needed: true | string,
  ): Promise<DiagnosisStep> {
    const start = performance.now()
    const finding = await this.#find(look, needed)
    return { name, ...finding, durationMs: Math.round(performance.now() - start) }
  }

  async #find(look: () => Finding | Promise<Finding>, needed: true | string): Promise<Finding> {
    if (this.#isOver()) return this.#outOfTime()
    if (needed !== true) return skipped(needed)
    try {
      return await look()
    } catch (error) {
      if (this.#isOver()) return this.#outOfTime()
      if (!isWsmanError(error)) throw error
      return failed(error.message, { hint: error.hint, code: error.code })
    }
  }

  #isOver(): boolean {
    return this.#signal.aborted
  }

  /** @throws AbortError where the caller, not the clock, ended it */
  #outOfTime(): Finding {
    const reason: unknown = this.#signal.reason
    if (reason instanceof AbortError) throw reason
    return skipped('The time limit passed before.')
  }
}
