import { createRequire } from 'node:module'
import { create } from 'xmlbuilder2'
import type { XMLBuilder, XMLWriterOptions } from 'xmlbuilder2/lib/interfaces.js'
import { expect } from 'vitest'

type Create = typeof create
type Arguments = readonly (string | null)[]

/** Does everything with two builders, and finds that they do the same. */
class TwinBuilder {
  readonly #builders: readonly XMLBuilder[]

  constructor(builders: readonly XMLBuilder[]) {
    this.#builders = builders
  }

  ele(...args: Arguments): TwinBuilder {
    return new TwinBuilder(this.#both('ele', args) as XMLBuilder[])
  }

  att(...args: Arguments): this {
    this.#both('att', args)
    return this
  }

  txt(...args: Arguments): this {
    this.#both('txt', args)
    return this
  }

  end(options: XMLWriterOptions): string {
    const [ours, whole] = this.#both('end', [options]) as string[]
    expect(ours).toBe(whole)
    return ours ?? ''
  }

  #both(method: 'ele' | 'att' | 'txt' | 'end', args: readonly unknown[]): unknown[] {
    const outcomes = this.#builders.map((builder) => {
      try {
        return { result: (builder[method] as (...args: readonly unknown[]) => unknown)(...args) }
      } catch (error) {
        return { error }
      }
    })
    const [ours, whole] = outcomes
    expect(String(ours?.error)).toBe(String(whole?.error))
    if (whole && 'error' in whole) throw whole.error
    return outcomes.map(({ result }) => result)
  }
}

/** A `create` that does with the builder in this file what it does with that of xmlbuilder2 as it is installed. */
export function twinCreate(file: string): () => TwinBuilder {
  const ours = createRequire(file)(file) as { create: Create }
  return () => new TwinBuilder([ours.create(), create()])
}
