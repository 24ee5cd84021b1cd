import type { Contender, Parameters, Report, Scenario } from './bench.js'
import { Responder, runContender } from './process.js'

/** The medians of one contender. */
export interface Figures {
  readonly name: string
  /** User and system time of the whole process, in milliseconds. */
  readonly cpuMs: number
  /** Of the same program when it does no work: starting, loading its modules. Part of `cpuMs`. */
  readonly startMs: number
  readonly peakMb: number
  readonly wallMs: number
  /** What the responder took meanwhile. */
  readonly responderMs: number
}

interface Sample extends Report {
  readonly wallMs: number
  readonly responderMs: number
}

/** Runs every contender so many times, in turns so that a busy moment of the machine strikes all alike. */
export async function measure(scenario: Scenario, rounds: number): Promise<readonly Figures[]> {
  const responder = await Responder.start(scenario.responder)
  try {
    const idle = new Map<Contender, Report[]>()
    const busy = new Map<Contender, Sample[]>()
    const parameters = { ...scenario.parameters, ...responder.told }
    for (let round = 0; round < rounds; round++) {
      for (const contender of scenario.contenders) {
        append(idle, contender, await runContender(contender, { ...parameters, idle: true }))
        append(busy, contender, await sample(scenario, contender, parameters, responder))
      }
    }
    return scenario.contenders.map((contender) =>
      summarize(contender.name, busy.get(contender) ?? [], idle.get(contender) ?? []),
    )
  } finally {
    await responder.stop()
  }
}

async function sample(
  { title, work }: Scenario,
  contender: Contender,
  parameters: Parameters,
  responder: Responder,
): Promise<Sample> {
  const before = await responder.cpuMs()
  const startedAt = performance.now()
  const report = await runContender(contender, parameters)
  const wallMs = performance.now() - startedAt
  if (report.work !== null && report.work !== work) {
    throw new Error(`${contender.name} did ${report.work} of ${work}: ${title}.`)
  }
  return { ...report, wallMs, responderMs: (await responder.cpuMs()) - before }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key) ?? []
  map.set(key, list)
  list.push(value)
}

function summarize(name: string, busy: readonly Sample[], idle: readonly Report[]): Figures {
  const middle = (value: (sample: Sample) => number): number => median(busy.map(value))
  return {
    name,
    cpuMs: middle(({ cpuMs }) => cpuMs),
    startMs: median(idle.map(({ cpuMs }) => cpuMs)),
    peakMb: middle(({ peakKb }) => peakKb) / 1024,
    wallMs: middle(({ wallMs }) => wallMs),
    responderMs: middle(({ responderMs }) => responderMs),
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const upper = sorted[sorted.length >> 1] ?? NaN
  const lower = sorted[(sorted.length - 1) >> 1] ?? NaN
  return (lower + upper) / 2
}
