import { inspect, isDeepStrictEqual } from 'node:util'
import { instanceTree, type Properties } from '../../src/envelope/instance-encoder.js'
import { metadataOf } from '../../src/envelope/instance.js'
import { WsmanFault, type FaultParts } from '../../src/errors/fault.js'
import { faultHint } from '../../src/errors/fault-hints.js'
import { isWsmanError } from '../../src/errors/wsman-error.js'
import { writeXml } from '../../src/xml/writer.js'
import { decode, decodingOf, DECODINGS, type Outcome } from './outcomes.js'
import { mutate } from './mutate.js'
import { Random } from './random.js'
import { pieces } from './restyle.js'
import { seeds } from './seeds.js'

/** An input that came to no good. */
export interface Finding {
  readonly what: string
  readonly decoding: string
  readonly input: Buffer
}

export interface FuzzReport {
  readonly inputs: number
  readonly seeds: number
  readonly bytes: number
  /** How many were values, faults and refusals. */
  readonly outcomes: Readonly<Record<'body' | 'fault' | 'error', number>>
  readonly findings: readonly Finding[]
  /** CPU time of the slowest input, in milliseconds; only measured where a limit is given. */
  readonly slowestMs: number
}

export interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
  /** CPU time that one input may take, in milliseconds. Default: not measured. */
  readonly limitMs?: number
  readonly onProgress?: (done: number, findings: number) => void
}

const NAMES = Object.keys(DECODINGS)

/** Who can read a body with this in it; others refuse it at once. */
const READERS: readonly (readonly [mark: string, names: readonly string[]])[] = [
  ['PullResponse', NAMES.filter((name) => name.startsWith('Pull'))],
  ['EnumerateResponse', NAMES.filter((name) => name.startsWith('Enumerate'))],
  ['ReceiveResponse', ['Shell.Receive']],
  ['CommandResponse', ['Shell.Command']],
  ['ResourceCreated', ['Create', 'Shell.Create']],
  ['IdentifyResponse', ['Identify']],
]

function decodingFor(input: Buffer, random: Random): string {
  const readers = READERS.find(([mark]) => input.includes(mark))?.[1] ?? ['Get', 'Value', 'Tree', 'Put']
  return random.pick(random.chance(0.7) ? readers : NAMES) ?? 'Tree'
}

/** Changes messages at random and decodes them: nothing but values, faults and errors of the package may come out. */
export function fuzz({ inputs, seed, limitMs, onProgress }: FuzzOptions): FuzzReport {
  const corpus = seeds(seed)
  const random = new Random(seed)
  const other = (): Buffer => random.pick(corpus) ?? Buffer.of()
  const outcomes = { body: 0, fault: 0, error: 0 }
  const findings: Finding[] = []
  let bytes = 0
  let slowestMs = 0
  for (let done = 0; done < inputs; done++) {
    const input = mutate(other(), random, other)
    bytes += input.length
    const decoding = decodingFor(input, random)
    const report = (what: string): number => findings.push({ what, decoding, input })
    const before = limitMs === undefined ? undefined : process.cpuUsage()
    try {
      const outcome = check(input, decoding, random, report)
      outcomes[kindOf(outcome)] += 1
    } catch (error) {
      report(inspect(error))
    }
    if (before && limitMs !== undefined) {
      const { user, system } = process.cpuUsage(before)
      const took = (user + system) / 1000
      slowestMs = Math.max(slowestMs, took)
      if (took > limitMs) report(`took ${took.toFixed(0)} ms`)
    }
    if (done % 10_000 === 9999) onProgress?.(done + 1, findings.length)
  }
  return { inputs, seeds: corpus.length, bytes, outcomes, findings, slowestMs }
}

const kindOf = (outcome: Outcome): 'body' | 'fault' | 'error' =>
  'body' in outcome ? 'body' : 'fault' in outcome ? 'fault' : 'error'

function check(input: Buffer, name: string, random: Random, report: (what: string) => void): Outcome {
  const decoding = decodingOf(name)
  const whole = decode([input], decoding.decoder())
  const cut = decode(pieces(input, random, random.chance(0.5) ? 20 : 2000), decoding.decoder())
  // Which of two errors comes first may depend on the cuts; nothing else may.
  if (kindOf(whole) !== kindOf(cut) || (!('error' in whole) && !isDeepStrictEqual(whole, cut))) {
    report(`is another thing in pieces: ${inspect(whole)} and ${inspect(cut)}`)
  }
  if ('fault' in whole) tell(whole.fault as FaultParts)
  if ('body' in whole) {
    inspect(whole.body)
    if (name === 'Get') writeBack(whole.body as Properties, report)
  }
  return whole
}

/** What is thrown for the fault can be shown in every way. */
function tell(parts: FaultParts): void {
  const fault = new WsmanFault(parts, { hint: faultHint(parts) ?? '' })
  JSON.stringify(fault)
  inspect(fault)
}

/**
 * What was read can be written, and is read again as the same. A list of which some are dates, or a property that is in
 * several namespaces, is written as if all were; then it must at least not change any further.
 */
function writeBack(instance: Properties, report: (what: string) => void): void {
  const once = written(instance)
  if (once === undefined) return
  const [before, after] = knowsWrappers(instance) ? [once, written(once)] : [instance, once]
  if (!isDeepStrictEqual(before, after)) report(`is read back as ${inspect(after)} after ${inspect(before)}`)
}

/** Whether anything in it has to do with the elements that stand around dates. */
function knowsWrappers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const known = Object.values(metadataOf(value)?.properties ?? {})
  const cim = 'http://schemas.dmtf.org/wbem/wscim/1/common'
  return (
    known.some(({ wrapper, namespaceUri }) => wrapper !== undefined || namespaceUri === cim) ||
    Object.values(value).some(knowsWrappers)
  )
}

/** The same instance after it was written and read; undefined where the writer is stricter than the reader. */
function written(instance: Properties): Properties | undefined {
  let xml: string
  try {
    xml = writeXml(instanceTree('x', 'urn:x', instance))
  } catch (error) {
    if (!isWsmanError(error)) throw error
    return undefined
  }
  const body = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>${xml}</s:Body></s:Envelope>`
  const outcome = decode([Buffer.from(body)], decodingOf('Get').decoder())
  return 'body' in outcome ? (outcome.body as Properties) : {}
}
