import type { Chain, ElementShape, Tag } from './element-shape.js'

/** Elements around a leaf at the most: a date or time has one. */
export const MAX_AROUND = 1

/** Watches one element being read tag by tag, for its shape. */
export class ShapeRecorder {
  readonly #shape: ElementShape
  readonly #chains: Chain[] = []
  /** The elements that are open inside of it. */
  readonly #around: Tag[] = []
  /** The leaf of these elements has come: nothing but their ends may follow. */
  #isClosing = false
  #isOver = false

  constructor(shape: ElementShape) {
    this.#shape = shape
  }

  /** Nothing more is learnt here: the element has ended, or has no shape. */
  get isOver(): boolean {
    return this.#isOver
  }

  start(tag: Tag): void {
    if (this.#isOver) return
    this.#around.push(tag)
    if (this.#isClosing || this.#around.length > MAX_AROUND) this.#isOver = true
  }

  leaf(tag: Tag): void {
    if (this.#isOver) return
    if (this.#isClosing) this.#isOver = true
    const [first, ...others] = this.#around
    this.#chains.push(first === undefined ? [tag] : [first, ...others, tag])
    this.#isClosing = this.#around.length > 0
  }

  end(): void {
    if (this.#isOver) return
    if (this.#around.length === 0) {
      this.#isOver = true
      this.#shape.learn(this.#chains)
    } else if (!this.#isClosing) {
      // Its text has come some other way.
      this.#isOver = true
    } else {
      this.#around.pop()
      this.#isClosing = this.#around.length > 0
    }
  }
}
