/** The text around values, and how each value is escaped. */
export interface Shape {
  readonly pieces: readonly string[]
  readonly fills: readonly Fill[]
}

/** Escapes a value for its place. */
export type Fill = (value: string) => string

/** So many steps are remembered; a message takes about a hundred, of which most are those of other messages. */
const MAX_STEPS = 8192

/** A place on the way through the structure of a document. Steps that were gone before lead to the same place again. */
export class ShapeStep {
  /** What has the structure that ends here. */
  shape: Shape | undefined
  readonly #tree: ShapeTree
  /** Most steps have one successor. */
  #token = ''
  #next: ShapeStep | undefined
  #others: Map<string, ShapeStep> | undefined

  constructor(tree: ShapeTree) {
    this.#tree = tree
  }

  /** @param check is called for what has not been said in this place before, and throws where it cannot be */
  to(token: string, check?: (token: string) => void): ShapeStep {
    if (this.#next !== undefined && this.#token === token) return this.#next
    const known = this.#others?.get(token)
    if (known !== undefined) return known
    check?.(token)
    const step = this.#tree.grow()
    if (this.#next === undefined) {
      this.#token = token
      this.#next = step
    } else {
      this.#others ??= new Map()
      this.#others.set(token, step)
    }
    return step
  }
}

/** The structures of documents that were written before. */
export class ShapeTree {
  #root = new ShapeStep(this)
  #steps = 0

  /** Where every document begins. */
  get root(): ShapeStep {
    return this.#root
  }

  /** A step that nothing leads to yet. Where there are too many all are forgotten, and memory stays bounded. */
  grow(): ShapeStep {
    if (this.#steps++ > MAX_STEPS) {
      this.#root = new ShapeStep(this)
      this.#steps = 0
    }
    return new ShapeStep(this)
  }
}
