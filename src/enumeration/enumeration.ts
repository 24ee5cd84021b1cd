import type { OperationRunner } from '../operations/operation.js'
import { Pages, type PageSource } from './pages.js'

/**
 * The items of a resource, asked for page by page as they are consumed. Every loop over it is an enumeration of its
 * own; leaving a loop early tells the service to release it. Memory does not grow with the number of items.
 */
export class Enumeration<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly #runner: OperationRunner
  readonly #source: PageSource<T>
  readonly #open = new Set<Pages<T>>()

  /** @internal */
  constructor(runner: OperationRunner, source: PageSource<T>) {
    this.#runner = runner
    this.#source = source
  }

  /** The items one by one. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return new ItemIterator(this.#start())
  }

  /** The items in the portions they came in. */
  pages(): AsyncIterable<T[]> {
    return { [Symbol.asyncIterator]: () => this.#start() }
  }

  /**
   * @param options.limit stop after so many items
   * @returns all items in one array, so their number should be known to be small
   */
  async toArray(options: { readonly limit?: number } = {}): Promise<T[]> {
    const { limit = Infinity } = options
    const all: T[] = []
    if (limit <= 0) return all
    for await (const page of this.pages()) {
      for (const item of page) {
        all.push(item)
        if (all.length >= limit) return all
      }
    }
    return all
  }

  /** Ends every loop that is under way and releases what it held. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open].map((pages) => pages.return()))
  }

  #start(): Pages<T> {
    const pages = new Pages(this.#runner, this.#source, () => this.#open.delete(pages))
    this.#open.add(pages)
    return pages
  }
}

/** Hands out the items of a page without a promise chain for each of them. */
class ItemIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #pages: Pages<T>
  #page: T[] = []
  #index = 0
  /** The page that is being fetched; calls that come meanwhile wait their turn. */
  #turning: Promise<void> | undefined

  constructor(pages: Pages<T>) {
    this.#pages = pages
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#turning === undefined && this.#index < this.#page.length) return Promise.resolve(this.#item())
    const turn = (this.#turning ?? Promise.resolve()).then(() =>
      this.#index < this.#page.length ? this.#item() : this.#turn(),
    )
    const settled = turn.then(
      () => undefined,
      () => undefined,
    )
    this.#turning = settled
    void settled.then(() => {
      if (this.#turning === settled) this.#turning = undefined
    })
    return turn
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#page = []
    await this.#pages.return()
    return { done: true, value: undefined }
  }

  #item(): IteratorResult<T, undefined> {
    return { done: false, value: this.#page[this.#index++] as T } // the index is below the length
  }

  async #turn(): Promise<IteratorResult<T, undefined>> {
    const turned = await this.#pages.next()
    if (turned.done === true) return turned
    this.#page = turned.value
    this.#index = 0
    return this.#item()
  }
}
