import { UsageError } from '../errors/errors.js'
import { sleep } from '../util/abortable.js'
import { EndpointFault, type EndpointFaultParts } from './message.js'

/** Which requests an entry of the script is for. What is left out matches everything. */
export interface ScriptMatch {
  /** The action URI or its last part, without letter case: `Pull`, `Receive`, `Get`; `Identify` for Identify. */
  readonly action?: string
  /** The resource URI, without letter case; a `*` at the end matches every URI that begins so. */
  readonly resourceUri?: string
  /** The first of the matching requests it applies to, counted from 1. Default 1. */
  readonly nth?: number
}

/** What happens to requests that match, instead of the usual or before it. */
export interface ScriptEntry {
  readonly match?: ScriptMatch
  /** To how many matching requests it applies. Default: one where `match.nth` is given, else all. */
  readonly times?: number
  /** Waits so long before anything else happens, in milliseconds. */
  readonly delayMs?: number
  /** Answers with this fault; the request is not carried out. */
  readonly fault?: EndpointFaultParts & { readonly message: string }
  /** Answers with this HTTP status and no body; the request is not carried out. */
  readonly status?: number
  /**
   * Cuts the connection: `before` the request is carried out, `after` it was carried out and before any of the reply
   * is sent, or after so many octets of the reply's body.
   */
  readonly cutSocket?: 'before' | 'after' | number
}

/** What the script has for one request. */
export interface ScriptedStep {
  /** Replaces the reply; the request is not carried out. */
  readonly instead?: { readonly status: number } | 'cut'
  /** What is done to the usual reply: cut off after so many octets of its body, or not sent at all. */
  readonly cutAfter?: number | 'nothing'
}

interface Running {
  readonly entry: ScriptEntry
  readonly from: number
  readonly until: number
  seen: number
}

/** Counts the requests and applies the first entry whose turn it is. */
export class Script {
  readonly #entries: readonly Running[]

  /** @throws UsageError for an entry that cannot be followed */
  constructor(entries: readonly ScriptEntry[]) {
    this.#entries = entries.map((entry, index) => {
      assertEntry(entry, `script[${index}]`)
      const nth = entry.match?.nth
      const from = nth ?? 1
      const times = entry.times ?? (nth === undefined ? Infinity : 1)
      return { entry, from, until: from + times, seen: 0 }
    })
  }

  /**
   * Waits and faults as the script says.
   * @throws EndpointFault where the script wants one; the signal's reason when it is aborted during a delay
   */
  async follow(action: string, resourceUri: string, signal: AbortSignal): Promise<ScriptedStep> {
    const entry = this.#next(action, resourceUri)
    if (!entry) return {}
    const { delayMs, fault, status, cutSocket } = entry
    if (delayMs !== undefined) await sleep(delayMs, signal)
    if (cutSocket === 'before') return { instead: 'cut' }
    if (fault) {
      const { message, ...parts } = fault
      throw new EndpointFault(message, parts)
    }
    if (status !== undefined) return { instead: { status } }
    if (cutSocket === undefined) return {}
    return { cutAfter: cutSocket === 'after' ? 'nothing' : cutSocket }
  }

  #next(action: string, resourceUri: string): ScriptEntry | undefined {
    let found: ScriptEntry | undefined
    for (const running of this.#entries) {
      if (!matches(running.entry.match ?? {}, action, resourceUri)) continue
      running.seen += 1
      if (running.seen >= running.from && running.seen < running.until) found ??= running.entry
    }
    return found
  }
}

function matches(match: ScriptMatch, action: string, resourceUri: string): boolean {
  return isAction(match.action, action) && isResource(match.resourceUri, resourceUri)
}

function isAction(wanted: string | undefined, action: string): boolean {
  if (wanted === undefined) return true
  const [name, actual] = [wanted.toLowerCase(), action.toLowerCase()]
  return actual === name || actual.endsWith(`/${name}`)
}

function isResource(wanted: string | undefined, resourceUri: string): boolean {
  if (wanted === undefined) return true
  const [uri, actual] = [wanted.toLowerCase(), resourceUri.toLowerCase()]
  return uri.endsWith('*') ? actual.startsWith(uri.slice(0, -1)) : actual === uri
}

function assertEntry({ match, times, delayMs, status, cutSocket, fault }: ScriptEntry, name: string): void {
  const demand = (holds: boolean, what: string): void => {
    if (!holds) throw new UsageError(`${name}.${what}`)
  }
  demand(isCount(match?.nth), 'match.nth must be a whole number from 1.')
  demand(isCount(times), 'times must be a whole number from 1.')
  demand(delayMs === undefined || delayMs >= 0, 'delayMs must be a number of milliseconds.')
  demand(
    status === undefined || (Number.isInteger(status) && status >= 200 && status <= 599),
    'status must be an HTTP status between 200 and 599.',
  )
  demand(
    typeof cutSocket !== 'number' || (Number.isInteger(cutSocket) && cutSocket >= 0),
    "cutSocket must be 'before', 'after' or a number of octets.",
  )
  const effects = [fault, status, cutSocket].filter((effect) => effect !== undefined)
  demand(effects.length <= 1, 'fault, status and cutSocket exclude each other.')
}

const isCount = (value: number | undefined): boolean =>
  value === undefined || (Number.isInteger(value) && value >= 1)
