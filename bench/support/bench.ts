/** How large a run is: the figures are those of `full`; `smoke` only shows that everything still works. */
export type Scale = 'full' | 'smoke'

/** Plain data that goes to a program as one JSON argument. */
export type Parameters = Readonly<Record<string, string | number | boolean | readonly string[]>>

/**
 * A program that does the work of a scenario in a process of its own. It gets the parameters as JSON in its last
 * argument and prints one line of JSON, a `Report`. With the parameter `idle` it loads and sets up all that it needs
 * and does no work, which tells what starting costs.
 */
export interface Contender {
  readonly name: string
  /** The program and its first arguments. */
  readonly command: readonly string[]
  /** Besides those of the scenario. */
  readonly parameters?: Parameters
  readonly environment?: Readonly<Record<string, string>>
}

/** What a contender says of itself when it is done: its whole process from the start. */
export interface Report {
  /** User and system time, in milliseconds. */
  readonly cpuMs: number
  /** Largest resident set, in KiB. */
  readonly peakKb: number
  /** How much it did, in the units of the scenario; null where it reads bytes and knows nothing of their meaning. */
  readonly work: number | null
}

/** One question: what does this work cost each of them? */
export interface Scenario {
  readonly title: string
  /** The program that answers, in a process of its own: its file in `responders/`. */
  readonly responder: { readonly file: string; readonly parameters: Parameters }
  /** For every contender; what the responder tells, its `port` above all, is added. */
  readonly parameters: Parameters
  /** What every contender must have done at the end. */
  readonly work: number
  /** The first is the yardstick. */
  readonly contenders: readonly Contender[]
}

export interface Bench {
  readonly name: string
  scenarios(scale: Scale): Promise<readonly Scenario[]>
}
