import { providerFailure } from './class-faults.js'
import { EndpointFault } from './message.js'

/** Instances as they come, one at a time: a list may be longer than the memory. */
export type Source<T> = Iterable<T> | AsyncIterable<T>

/** One source after the other. What is synchronous stays so: it is read many times faster. */
export function concat<T>(sources: readonly Source<T>[]): Source<T> {
  return sources.every(isSync) ? chain(sources) : chainAsync(sources)
}

/** What `pick` returns for each, and nothing where it returns undefined. */
export function pickFrom<T, R>(source: Source<T>, pick: (value: T) => R | undefined): Source<R> {
  return isSync(source) ? pickSync(source, pick) : pickAsync(source, pick)
}

/** The first value for which `test` holds. */
export async function findIn<T>(source: Source<T>, test: (value: T) => boolean): Promise<T | undefined> {
  for await (const value of source) if (test(value)) return value
  return undefined
}

/** What fails in the user's own code becomes a fault with its message, unless it is a fault already. */
export function asFault(error: unknown): EndpointFault {
  if (error instanceof EndpointFault) return error
  return providerFailure(error instanceof Error ? error.message : String(error))
}

export function callUser<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw asFault(error)
  }
}

function isSync<T>(source: Source<T>): source is Iterable<T> {
  return !(Symbol.asyncIterator in source)
}

export async function* later<T>(given: Promise<Iterable<T>>): AsyncGenerator<T> {
  yield* await given
}

function* chain<T>(sources: readonly Iterable<T>[]): Generator<T> {
  for (const source of sources) yield* source
}

async function* chainAsync<T>(sources: readonly Source<T>[]): AsyncGenerator<T> {
  for (const source of sources) yield* source
}

function* pickSync<T, R>(source: Iterable<T>, pick: (value: T) => R | undefined): Generator<R> {
  try {
    for (const value of source) {
      const picked = pick(value)
      if (picked !== undefined) yield picked
    }
  } catch (error) {
    throw asFault(error)
  }
}

async function* pickAsync<T, R>(
  source: AsyncIterable<T>,
  pick: (value: T) => R | undefined,
): AsyncGenerator<R> {
  try {
    for await (const value of source) {
      const picked = pick(value)
      if (picked !== undefined) yield picked
    }
  } catch (error) {
    throw asFault(error)
  }
}
