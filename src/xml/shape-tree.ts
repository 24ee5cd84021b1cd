/** The text around values, and how each value is escaped. */
export interface Shape {
  readonly pieces: readonly string[]
  readonly fills: readonly Fill[]
}

/** Escapes a value for its place. */
type Fill = (value: string) => string

/** What a step enters or leaves: an element, a declaration, an attribute, text, the end of an element. */
export type Mark = '<' | 'xmlns' | '@' | '.' | '>'

/** Throws for a step that no document can have. */
type Check = (mark: Mark, namespace: string, name: string, prefix: string) => void

/** So many steps are remembered; a message takes about forty, of which most are those of other messages. */
const MAX_STEPS = 8192

/** A place on the way through the structure of a document. Steps that were gone before lead to the same place again. */
export class ShapeStep {
  /** What has the structure that ends here. */
  shape: Shape | undefined
  readonly #tree: ShapeTree
  /** Most steps have one successor; these lead to it. */
  #mark: Mark | undefined
  #namespace = ''
  #name = ''
  #prefix = ''
  #next: ShapeStep | undefined
  #others: Map<string, ShapeStep> | undefined

  constructor(tree: ShapeTree) {
    this.#tree = tree
  }

  /** @throws what the tree's check throws for a step that was never gone here */
  to(mark: Mark, namespace = '', name = '', prefix = ''): ShapeStep {
    if (
      this.#next !== undefined &&
      this.#mark === mark &&
      this.#name === name &&
      this.#namespace === namespace &&
      this.#prefix === prefix
    ) {
      return this.#next
    }
    return this.#toOther(mark, namespace, name, prefix)
  }

  #toOther(mark: Mark, namespace: string, name: string, prefix: string): ShapeStep {
    // What has passed the check holds no line break, so nothing else has the key of it.
    const key = `${mark}\n${namespace}\n${name}\n${prefix}`
    const known = this.#others?.get(key)
    if (known !== undefined) return known
    const step = this.#tree.grow(mark, namespace, name, prefix)
    if (this.#next === undefined) {
      this.#mark = mark
      this.#namespace = namespace
      this.#name = name
      this.#prefix = prefix
      this.#next = step
    } else {
      this.#others ??= new Map()
      this.#others.set(key, step)
    }
    return step
  }
}

/** The structures of documents that were written before. */
export class ShapeTree {
  readonly #check: Check
  #root = new ShapeStep(this)
  #steps = 0

  /** @param check must refuse line breaks */
  constructor(check: Check) {
    this.#check = check
  }

  /** Where every document begins. */
  get root(): ShapeStep {
    return this.#root
  }

  /** A step that nothing leads to yet. Where there are too many all are forgotten, and memory stays bounded. */
  grow(mark: Mark, namespace: string, name: string, prefix: string): ShapeStep {
    this.#check(mark, namespace, name, prefix)
    if (this.#steps++ > MAX_STEPS) {
      this.#root = new ShapeStep(this)
      this.#steps = 0
    }
    return new ShapeStep(this)
  }
}
