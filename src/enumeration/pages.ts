import { AbortError } from '../errors/errors.js'
import { FAULT, matchesFault } from '../errors/fault-codes.js'
import { isWsmanFault, WsmanFault } from '../errors/fault.js'
import { isWsmanError } from '../errors/wsman-error.js'
import type { CallOptions } from '../operations/call-options.js'
import {
  enumerateOperation,
  pullOperation,
  releaseOperation,
  type EnumerateRequest,
} from '../operations/enumerate.js'
import type { Operation, OperationRunner } from '../operations/operation.js'
import type { ItemDecoderFactory, Page } from '../operations/page-body.js'
import { CallScope } from '../util/call-scope.js'
import type { Dependent } from '../util/lifetime.js'
import { PageSize } from './page-size.js'

export interface PageSource<T> extends Omit<EnumerateRequest, 'maxElements'> {
  /** Most items in one page; the settings may allow fewer. Default: as many as they allow. */
  readonly maxElements?: number | undefined
  readonly items: ItemDecoderFactory<T>
  readonly maxTimeMs?: number | undefined
  /** Pages asked for while the caller works on the one before: 0 or 1. */
  readonly prefetch: 0 | 1
  readonly options: CallOptions
  /** What is done to the items of a page before they are handed out, and may take requests of its own. */
  readonly refine?: ((items: T[], options: CallOptions) => Promise<T[]>) | undefined
}

/**
 * One run of Enumerate, Pulls and, where it ends early, Release. Holds the page that was returned last and, with
 * prefetch, the next one; nothing more.
 */
export class Pages<T> implements AsyncIterator<T[], undefined>, Dependent {
  readonly #runner: OperationRunner
  readonly #source: PageSource<T>
  readonly #scope: CallScope
  readonly #leave: () => void
  readonly #size: PageSize
  /** Items that were handed out. */
  #delivered = 0
  /** Names the enumeration at the service, from its first reply until its last. */
  #context: string | undefined
  #next: Promise<Page<T>> | undefined
  /** Nothing more will be asked for: the last page has come, or the run was given up. */
  #over = false
  /** Why the run was ended from outside; told once, so that what is missing is not taken for the end. */
  #endedBy: Error | undefined
  #released: Promise<void> | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** @param finished called once, when the run is over */
  constructor(runner: OperationRunner, source: PageSource<T>, finished: () => void) {
    this.#runner = runner
    this.#source = source
    const most = Math.min(source.maxElements ?? runner.maxBatchItems, runner.maxBatchItems)
    this.#size = new PageSize(most, source.options.maxEnvelopeSizeKb)
    const leave = runner.lifetime.enroll(this)
    this.#leave = () => {
      leave()
      finished()
    }
    this.#scope = new CallScope({ signal: source.options.signal, timeoutMs: source.options.timeoutMs })
  }

  /** Calls made before the last one has settled wait for it. */
  next(): Promise<IteratorResult<T[], undefined>> {
    const result = this.#last.then(() => this.#advance())
    this.#last = result.catch(() => undefined)
    return result
  }

  async #advance(): Promise<IteratorResult<T[], undefined>> {
    try {
      while (!this.#over) {
        const page = await this.#take()
        this.#delivered += page.items.length
        if (page.items.length > 0) return { done: false, value: page.items }
      }
      if (this.#endedBy) throw this.#endedBy
    } catch (error) {
      this.#endedBy = undefined
      await this.#finish()
      throw isWsmanError(error) ? error.describe({ itemsDelivered: this.#delivered }) : error
    }
    return { done: true, value: undefined }
  }

  /** Leaving the loop early tells the service to forget the enumeration. */
  async return(): Promise<IteratorResult<T[], undefined>> {
    await this.#finish()
    return { done: true, value: undefined }
  }

  end(reason: Error): Promise<void> {
    this.#endedBy = reason
    this.#scope.end(reason)
    return this.#finish()
  }

  /** The page asked for before, or a new one; asks for the one after it where that is wanted. */
  async #take(): Promise<Page<T>> {
    const page = await (this.#next ??= this.#ask())
    this.#next = undefined
    if (this.#context === undefined) await this.#finish()
    else if (this.#source.prefetch > 0 && page.items.length > 0 && !this.#over) {
      this.#next = this.#ask()
      // Whoever takes the page gets its error; until then it must not count as unhandled.
      this.#next.catch(() => undefined)
    }
    return page
  }

  async #ask(): Promise<Page<T>> {
    const options = { ...this.#source.options, timeoutMs: undefined, signal: this.#scope.signal }
    const page = await this.#request(options)
    this.#size.fitted(page.items.length)
    // A finished enumeration may carry an empty context in place of EndOfSequence.
    this.#context = page.end ? undefined : (page.context ?? this.#context)
    const { refine } = this.#source
    if (!refine || page.items.length === 0) return page
    return { ...page, items: await refine(page.items, options) }
  }

  /** Asks until there is an answer: again where nothing was found in time, for less where it did not fit. */
  async #request(options: CallOptions): Promise<Page<T>> {
    let tooLarge: WsmanFault | undefined
    for (;;) {
      try {
        return await this.#runner.run(this.#operation(), {
          ...options,
          maxEnvelopeSizeKb: this.#size.envelopeKb,
        })
      } catch (error) {
        if (this.#context !== undefined && isStillValid(error)) continue
        if (!isWsmanFault(error)) throw error
        if (isContextGone(error)) {
          this.#context = undefined
          throw tooLarge ? diedOf(tooLarge, error) : error
        }
        if (!this.#size.adapt(error)) throw error
        tooLarge = error
      }
    }
  }

  #operation(): Operation<Page<T>> {
    const { resource, maxTimeMs, items } = this.#source
    const { maxElements } = this.#size
    if (this.#context === undefined) return enumerateOperation({ ...this.#source, maxElements }, items)
    return pullOperation({ resource, context: this.#context, maxElements, maxTimeMs }, items)
  }

  #finish(): Promise<void> {
    this.#over = true
    this.#leave()
    this.#released ??= this.#release()
    return this.#released
  }

  /** A context that could not be released dies by itself (EnumerationTimeoutms), so a failure is nobody's concern. */
  async #release(): Promise<void> {
    const pending = this.#next
    if (pending) {
      this.#scope.end(new AbortError('The enumeration was left.'))
      await pending.catch(() => undefined)
    }
    this.#scope.dispose()
    const context = this.#context
    if (context === undefined) return
    this.#context = undefined
    await this.#runner.cleanUp(releaseOperation(this.#source.resource, context)).catch(() => undefined)
  }
}

/** Nothing within the time allowed; the context lives on (MS-WSMV 3.1.4.9). Services without codes say it by subcode. */
function isStillValid(error: unknown): boolean {
  return (
    isWsmanFault(error, FAULT.ENUMERATE_TIMED_OUT) ||
    isWsmanFault(error, FAULT.OPERATION_TIMEDOUT) ||
    (isWsmanFault(error) && error.wsmanCode === undefined && error.subcode === 'TimedOut')
  )
}

const isContextGone = ({ wsmanCode, subcode }: WsmanFault): boolean =>
  matchesFault(wsmanCode, FAULT.ENUMERATE_INVALID_ENUMERATION_CONTEXT) ||
  subcode === 'InvalidEnumerationContext'

/** Not every service keeps an enumeration after an answer that did not fit. */
function diedOf(tooLarge: WsmanFault, fault: WsmanFault): WsmanFault {
  return new WsmanFault(fault, {
    hint:
      'An answer did not fit into the envelope, and the service gave the enumeration up over it. Start it again with ' +
      'a larger maxEnvelopeSizeKb, a smaller maxElements or fewer properties.',
    cause: tooLarge,
  }).describe(fault)
}
