import type { XmlStart } from './handler.js'
import type { XmlName } from './scope.js'

/** What stands between two pieces of a document that do not change: the text of an element, or an attribute's value. */
export type Gap = 'text' | 'value'

/** What a document tells at one place. */
export class Told {
  constructor(
    readonly kind: 'start' | 'leaf' | 'empty' | 'end' | 'text',
    /** Of the element that begins here. */
    readonly start: XmlStart | undefined,
    /** Its attributes, whose values stand in gaps. */
    readonly names: readonly XmlName[],
    /** White space between tags. */
    readonly text: string,
  ) {}
}

/** A document without its texts and its attributes' values. */
export interface Outline {
  /** What stands before the first gap, between two of them, and after the last. */
  readonly pieces: readonly string[]
  readonly gaps: readonly Gap[]
  /** What the document tells, in order; each gap belongs to the next place that has one. */
  readonly told: readonly Told[]
}

const PROLOG = /(?:<\?xml\s[^>]*\?>)?[ \t\r\n]*/y
const START = /<([^\s/>!?]+)/y
const ATTRIBUTE = /[ \t\r\n]+([^\s=/>]+)[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')/y
const START_END = /[ \t\r\n]*(\/?)>/y
const END = /<\/[^>]+>/y
/** A carriage return would be told as something else. */
const BLANKS = /[ \t\n]*/y
const REST = /[ \t\r\n]*$/y

/**
 * Finds the outline of a document that was read without an error.
 * @param starts the start tags in it, as they were told
 * @returns undefined where it holds what has no place in an outline, such as comments or mixed content
 */
export function outlineOf(text: string, starts: readonly XmlStart[]): Outline | undefined {
  const scan = new Scan(text, starts)
  return scan.run() ? scan : undefined
}

class Scan implements Outline {
  readonly pieces: string[] = []
  readonly gaps: Gap[] = []
  readonly told: Told[] = []
  readonly #text: string
  readonly #starts: readonly XmlStart[]
  #next = 0
  #depth = 0
  #at = 0
  /** Where the piece began that is not over. */
  #piece = 0

  constructor(text: string, starts: readonly XmlStart[]) {
    this.#text = text
    this.#starts = starts
  }

  run(): boolean {
    this.#match(PROLOG)
    do {
      if (!this.#element()) return false
    } while (this.#depth > 0)
    if (this.#match(REST) === undefined || this.#next < this.#starts.length) return false
    this.pieces.push(this.#text.slice(this.#piece))
    return true
  }

  /** One start or end tag, and the white space behind it. */
  #element(): boolean {
    if (this.#match(END)) {
      this.#depth -= 1
      this.#tell('end')
    } else if (!this.#start()) return false
    const blanks = this.#depth > 0 ? (this.#match(BLANKS)?.[0] ?? '') : ''
    if (blanks !== '') this.#tell('text', undefined, [], blanks)
    return this.#depth === 0 || this.#text[this.#at] === '<'
  }

  #start(): boolean {
    const start = this.#starts[this.#next++]
    if (start === undefined || !this.#match(START)) return false
    const values = this.#attributes()
    if (values !== start.attributes.length) return false
    const names = start.attributes.map(({ name }) => name)
    const [, slash] = this.#match(START_END) ?? []
    if (slash === undefined) return false
    if (slash === '/') this.#tell('empty', start, names)
    else if (this.#isLeaf()) this.#tell('leaf', start, names)
    else {
      this.#depth += 1
      this.#tell('start', start, names)
    }
    return true
  }

  /** @returns how many attributes there are besides declarations */
  #attributes(): number {
    let count = 0
    for (let match = this.#match(ATTRIBUTE); match; match = this.#match(ATTRIBUTE)) {
      const [, name = '', quoted, apostrophed = ''] = match
      if (name === 'xmlns' || name.startsWith('xmlns:')) continue
      const end = this.#at - 1
      this.#gap('value', end - (quoted ?? apostrophed).length, end)
      count += 1
    }
    return count
  }

  /** Whether the element that has just begun holds nothing but text; its end is passed then. */
  #isLeaf(): boolean {
    const end = this.#text.indexOf('<', this.#at)
    if (!this.#text.startsWith('</', end)) return false
    this.#gap('text', this.#at, end)
    this.#at = end
    return this.#match(END) !== undefined
  }

  #gap(kind: Gap, start: number, end: number): void {
    this.pieces.push(this.#text.slice(this.#piece, start))
    this.gaps.push(kind)
    this.#piece = end
  }

  #tell(kind: Told['kind'], start?: XmlStart, names: readonly XmlName[] = [], text = ''): void {
    this.told.push(new Told(kind, start, names, text))
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at
    const match = expression.exec(this.#text)
    if (match === null) return undefined
    this.#at = expression.lastIndex
    return match
  }
}
