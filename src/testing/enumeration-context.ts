import { sleep } from '../util/abortable.js'
import { MAX_TIMER_MS } from './deadline.js'
import type { EndpointPrincipal } from './message.js'
import type { ReleaseOperation } from './operation-quota.js'

/** An item in the forms it can be asked for, written when it is wanted. */
export interface EnumerationItem {
  object(): string
  reference(): string
}

export type ItemSource = Iterable<EnumerationItem> | AsyncIterable<EnumerationItem>

/** What the items of an enumeration are (MS-WSMV 3.1.4.1.17). */
export type EnumerationMode = 'EnumerateObject' | 'EnumerateEPR' | 'EnumerateObjectAndEPR'

export interface PageLimits {
  readonly maxElements: number
  /** Octets that the items of the page may take together. */
  readonly maxOctets: number
  /** How long the page may take to fill. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

interface Written {
  readonly xml: string
}

export interface Page {
  readonly items: readonly string[]
  /** Why it has no more items. */
  readonly ended: 'sequence' | 'full' | 'time' | 'item too large'
}

/** One enumeration that is being read: it takes from its source what a page holds and no more. */
export class EnumerationContext {
  readonly owner: EndpointPrincipal
  readonly mode: EnumerationMode
  readonly #iterator: Iterator<EnumerationItem> | AsyncIterator<EnumerationItem>
  readonly #ended: ReleaseOperation
  /** Asked of the source and not there yet when a page had to go. */
  #awaited: Promise<IteratorResult<EnumerationItem>> | undefined
  /** Written, and too large for the rest of the page before. */
  #held: Written | undefined

  /** @param ended called when the sequence has ended or is given up */
  constructor(owner: EndpointPrincipal, mode: EnumerationMode, source: ItemSource, ended: ReleaseOperation) {
    this.owner = owner
    this.mode = mode
    this.#ended = ended
    this.#iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  }

  async read({ maxElements, maxOctets, timeoutMs, signal }: PageLimits): Promise<Page> {
    const items: string[] = []
    let room = maxOctets
    const over = new AbortController()
    const expiry = sleep(Math.min(timeoutMs, MAX_TIMER_MS), AbortSignal.any([signal, over.signal]))
    const expired = expiry.then(() => 'time' as const)
    expired.catch(() => undefined)
    try {
      while (items.length < maxElements) {
        const item = this.#held ?? (await this.#next(expired))
        this.#held = undefined
        if (typeof item === 'string') return { items, ended: item }
        room -= Buffer.byteLength(item.xml)
        if (room < 0) {
          this.#held = item
          return { items, ended: items.length > 0 ? 'full' : 'item too large' }
        }
        items.push(item.xml)
      }
      return { items, ended: 'full' }
    } finally {
      over.abort()
    }
  }

  /** Lets the source clean up. It may be in the middle of something, so nobody waits for it. */
  close(): void {
    this.#ended()
    const ignore = (): undefined => undefined
    try {
      void Promise.resolve(this.#iterator.return?.()).catch(ignore)
    } catch {
      // A source that fails while it is given up has nobody to tell.
    }
  }

  async #next(expired: Promise<'time'>): Promise<Written | 'time' | 'sequence'> {
    let result = this.#awaited ?? this.#iterator.next()
    if (result instanceof Promise) {
      this.#awaited = result
      const first = await Promise.race([result, expired])
      if (first === 'time') return 'time'
      this.#awaited = undefined
      result = first
    }
    if (!result.done) return { xml: this.#write(result.value) }
    this.#ended()
    return 'sequence'
  }

  #write(item: EnumerationItem): string {
    switch (this.mode) {
      case 'EnumerateObject':
        return item.object()
      case 'EnumerateEPR':
        return item.reference()
      case 'EnumerateObjectAndEPR':
        return `<w:Item>${item.object()}${item.reference()}</w:Item>`
    }
  }
}
