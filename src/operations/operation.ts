import type { BodyDecoder } from '../envelope/decoder.js'
import type { OptionSet } from '../envelope/options.js'
import type { ResourceLocator } from '../envelope/resource.js'
import type { Affinity } from '../transport/affinity.js'
import type { Lane } from '../transport/types.js'
import type { Lifetime } from '../util/lifetime.js'
import type { Xml } from '../xml/template.js'
import type { CallOptions } from './call-options.js'

/** One verb on one resource: what is said and how the answer is read. Pure; sending it is the runner's. */
export interface Operation<T> {
  /** As errors and diagnostics call it: `Get`, `Shell.Receive`. */
  readonly name: string
  /** Absent for Identify, which has no headers. */
  readonly action?: string
  readonly resource?: ResourceLocator
  readonly lane: Lane
  /** Saying it twice does what saying it once does, so a lost reply is worth another try. */
  readonly idempotent: boolean
  readonly options?: OptionSet
  /** Sent without credentials: the anonymous form of Identify. */
  readonly anonymous?: boolean
  /**
   * What stands in the body, whose envelope declares `s`, `a` and `w`.
   * @throws UsageError for what XML cannot carry
   */
  body?(): Xml
  decoder(): BodyDecoder<T>
}

/** How a request is sent, by whoever knows more than the caller. */
export interface RunnerOptions extends CallOptions {
  /** Cookies of the shell it is for, which the reply may add to. */
  readonly affinity?: Affinity | undefined
}

/** A clean-up has limits of its own. */
export type CleanUpOptions = Pick<RunnerOptions, 'locale' | 'dataLocale' | 'affinity'>

/** Sends operations. Capabilities depend on this, never on the client. */
export interface OperationRunner {
  /** The host as errors and results name it. */
  readonly host: string
  /** What is open lives as long as this. */
  readonly lifetime: Lifetime
  /** Largest request the service takes, in octets. */
  readonly maxRequestSize: number
  /** Most items that one reply to an enumeration may bring (`protocol.maxBatchItems`). */
  readonly maxBatchItems: number
  /** The service has told its MaxEnvelopeSizekb. */
  learnMaxEnvelopeSize(kilobytes: number): void
  run<T>(operation: Operation<T>, options?: RunnerOptions): Promise<T>
  /** Like `run`, also after the owner was closed: for Release, Signal and Delete. Bounded in time on its own. */
  cleanUp(operation: Operation<unknown>, options?: CleanUpOptions): Promise<unknown>
}
