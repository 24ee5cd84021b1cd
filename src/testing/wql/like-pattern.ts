import { foldPattern } from './case-folding.js'
import { WqlSyntaxError } from './errors.js'

type Element = { readonly kind: 'any' } | { readonly kind: 'one' } | Literal | CharacterSet

interface Literal {
  readonly kind: 'literal'
  readonly unit: string
}

interface CharacterSet {
  readonly kind: 'set'
  readonly negated: boolean
  readonly ranges: readonly (readonly [low: string, high: string])[]
}

/**
 * The operand of LIKE (MS-WMI 2.2.1.1): `%` any text, `_` any one UTF-16 unit, `[a-f]` or `[a=f]` a range,
 * `[abc]` a set, `[^...]` anything else, `[^]` the caret. Nothing else is special; a metacharacter is quoted by brackets.
 */
export class LikePattern {
  readonly #elements: readonly Element[]

  private constructor(
    /** As it was written, escapes resolved. */
    readonly text: string,
    elements: readonly Element[],
  ) {
    this.#elements = elements
  }

  /** @param position Where the string starts in the query, for errors. */
  static parse(text: string, position: number): LikePattern {
    const folded = foldPattern(text)
    const elements: Element[] = []
    for (let at = 0; at < folded.length; at++) {
      const unit = folded.charAt(at)
      if (unit === '%') elements.push({ kind: 'any' })
      else if (unit === '_') elements.push({ kind: 'one' })
      else if (unit === '[') {
        const end = folded.indexOf(']', at)
        if (end <= at + 1) {
          throw new WqlSyntaxError(
            '[ in a LIKE pattern opens a set such as [a-f]: write [[] for itself',
            position,
          )
        }
        elements.push(parseSet(folded.slice(at + 1, end)))
        at = end
      } else elements.push({ kind: 'literal', unit })
    }
    return new LikePattern(text, elements)
  }

  /** Whether the pattern stands for nothing but its own text. */
  get isLiteral(): boolean {
    return this.#elements.every(({ kind }) => kind === 'literal')
  }

  /** Case-insensitive. Takes time in proportion to the product of both lengths at worst. */
  matches(text: string): boolean {
    const units = foldPattern(text)
    const elements = this.#elements
    let element = 0
    let unit = 0
    let afterAny = -1
    let resumeAt = 0
    while (unit < units.length) {
      const current = elements[element]
      if (current?.kind === 'any') {
        afterAny = ++element
        resumeAt = unit
      } else if (current !== undefined && fits(current, units.charAt(unit))) {
        element++
        unit++
      } else if (afterAny >= 0) {
        // Only the last % needs another try: what an earlier one could take more of, the last one can take too.
        element = afterAny
        unit = ++resumeAt
      } else return false
    }
    return elements.slice(element).every(({ kind }) => kind === 'any')
  }
}

function fits(element: Exclude<Element, { kind: 'any' }>, unit: string): boolean {
  switch (element.kind) {
    case 'one':
      return true
    case 'literal':
      return element.unit === unit
    case 'set':
      return element.ranges.some(([low, high]) => low <= unit && unit <= high) !== element.negated
  }
}

/** @param content What stands between the brackets: not empty. */
function parseSet(content: string): CharacterSet {
  const negated = content.startsWith('^') && content.length > 1
  const ranges: (readonly [string, string])[] = []
  for (let at = negated ? 1 : 0; at < content.length; at++) {
    const low = content.charAt(at)
    const dash = content.charAt(at + 1)
    const isRange = (dash === '-' || dash === '=') && at + 2 < content.length
    ranges.push([low, isRange ? content.charAt(at + 2) : low])
    if (isRange) at += 2
  }
  return { kind: 'set', negated, ranges }
}
