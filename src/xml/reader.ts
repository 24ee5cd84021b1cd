import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { ProtocolError } from '../errors/errors.js'
import { isWsmanError } from '../errors/wsman-error.js'
import { TextChunks } from './text-chunks.js'
import { NamespaceScope, type XmlName } from './scope.js'
import { nextTextRun } from './text-runs.js'

export interface XmlAttribute {
  readonly name: XmlName
  readonly value: string
}

/** Takes the events of a document. Namespace declarations are in the scope, not among the attributes. */
export interface XmlHandler {
  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void
  endElement(): void
  /** Text, in as many pieces as it happens to come. */
  text(text: string): void
  /**
   * Whether the handler refuses on its own what is no character of XML, as it does where only those of base64 may
   * stand. Long text is then handed over without a look at each character.
   */
  checksText?(): boolean
}

/** What a peer may send at the most; the size of the whole document is limited where it is received. */
export interface XmlLimits {
  /** Elements inside each other. */
  readonly maxDepth: number
  /** Attributes of one element. */
  readonly maxAttributes: number
  /** Characters of text between two tags. */
  readonly maxTextLength: number
}

export const DEFAULT_XML_LIMITS: XmlLimits = {
  maxDepth: 128,
  maxAttributes: 256,
  maxTextLength: 64 * 1024 * 1024,
}

/** ASCII that stands for itself in text, wherever it is cut. */
const PLAIN = /^[\t\n -%'-;=-\\^-~]*$/

const NO_ATTRIBUTES: readonly XmlAttribute[] = []

/**
 * Reads a document from bytes as they arrive: UTF-8 or UTF-16, no DTD, no processing instructions (SOAP 1.2 part 1,
 * section 5), bounded. saxes tokenizes; namespaces are resolved here because that is a third cheaper.
 */
export class XmlReader {
  /** Where the events go; a handler may hand over to another at any time. */
  handler: XmlHandler
  readonly #parser = new SaxesParser({
    xmlns: false,
    position: false,
    defaultXMLVersion: '1.0',
    forceXMLVersion: true,
  })
  readonly #chunks = new TextChunks()
  readonly #limits: XmlLimits
  readonly #scopes: NamespaceScope[] = []
  #scope = NamespaceScope.root
  #depth = 0
  #started = false
  /** Characters the tokenizer got. */
  #tokenized = 0
  /** How many these were when it had read a tag. */
  #tagEnd = -1
  /** Characters of text since then. */
  #textLength = 0

  constructor(handler: XmlHandler, limits: Partial<XmlLimits> = {}) {
    this.handler = handler
    this.#limits = { ...DEFAULT_XML_LIMITS, ...limits }
    const text = (value: string): void => {
      this.#text(value)
    }
    // Few handlers on purpose: with more than seven the tokenizer's object falls out of V8's fast mode, and everything
    // takes eight times as long.
    this.#parser.on('opentag', (tag) => {
      this.#open(tag)
    })
    this.#parser.on('closetag', () => {
      this.#endTag()
      this.#depth -= 1
      this.#scope = this.#scopes.pop() ?? NamespaceScope.root
      this.handler.endElement()
    })
    this.#parser.on('text', text)
    this.#parser.on('cdata', text)
    this.#parser.on('doctype', () => {
      throw malformed('it holds a document type definition')
    })
    this.#parser.on('processinginstruction', () => {
      throw malformed('it holds a processing instruction')
    })
  }

  /** @throws ProtocolError for what is not well-formed, forbidden in SOAP, or over a limit */
  write(bytes: Uint8Array): void {
    this.#feed(this.#chunks.decode(bytes))
  }

  /** @throws ProtocolError when the document is not complete */
  end(): void {
    this.#feed(this.#chunks.end())
    if (!this.#started) throw malformed('it is empty')
    this.#tokenize(() => this.#parser.close())
  }

  /** Some services send white space before the XML declaration, where the grammar has no place for it. */
  #feed(text: string): void {
    const rest = this.#started ? text : text.trimStart()
    if (rest === '') return
    this.#started = true
    this.#tokenize(() => {
      this.#read(rest)
    })
  }

  /** The tokenizer looks at each character, which text of some length can be spared. */
  #read(text: string): void {
    let start = 0
    for (let run = nextTextRun(text, 0); run; run = nextTextRun(text, start)) {
      this.#write(text, start, run.from)
      if (!this.#pass(text.slice(run.from, run.to))) this.#write(text, run.from, run.to)
      start = run.to
    }
    this.#write(text, start, text.length)
  }

  #write(text: string, from: number, to: number): void {
    if (from === to) return
    this.#tokenized += to - from
    this.#parser.write(from === 0 && to === text.length ? text : text.slice(from, to))
  }

  /** @returns whether the text went past the tokenizer: where a tag has just ended, and nothing in it needs a closer look */
  #pass(run: string): boolean {
    if (this.#tagEnd !== this.#tokenized || this.#depth === 0) return false
    const isChecked = this.handler.checksText?.() ?? false
    const plain = isChecked ? !run.includes('&') && !run.includes(']') : PLAIN.test(run)
    if (plain) this.#text(run)
    return plain
  }

  #text(value: string): void {
    this.#textLength += value.length
    if (this.#textLength > this.#limits.maxTextLength) throw tooLarge('a text', this.#limits.maxTextLength)
    if (this.#depth > 0) this.handler.text(value)
  }

  /** Remembers that what was tokenized ends here. */
  #endTag(): void {
    this.#tagEnd = this.#parser.position
    this.#textLength = 0
  }

  /** The tokenizer throws plain errors; what the handlers throw is typed and passes. */
  #tokenize(step: () => unknown): void {
    try {
      step()
    } catch (error) {
      throw isWsmanError(error) ? error : malformed((error as Error).message.replace(/\.$/, ''))
    }
  }

  #open(tag: SaxesTagPlain): void {
    this.#endTag()
    this.#depth += 1
    if (this.#depth > this.#limits.maxDepth) throw tooLarge('the depth of elements', this.#limits.maxDepth)
    if (this.#depth === 1) this.#checkDeclaration()
    this.#scopes.push(this.#scope)
    const { attributes } = tag
    this.#scope = this.#scope.extend(attributes)
    this.handler.startElement(this.#scope.elementName(tag.name), this.#attributes(attributes), this.#scope)
  }

  #attributes(attributes: Readonly<Record<string, string>>): readonly XmlAttribute[] {
    let list: XmlAttribute[] | undefined
    let count = 0
    for (const name in attributes) {
      if (++count > this.#limits.maxAttributes) {
        throw tooLarge('the number of attributes', this.#limits.maxAttributes)
      }
      if (name === 'xmlns' || name.startsWith('xmlns:')) continue
      list ??= []
      list.push({ name: this.#scope.attributeName(name), value: attributes[name] ?? '' })
    }
    return list ?? NO_ATTRIBUTES
  }

  #checkDeclaration(): void {
    const encoding = this.#parser.xmlDecl.encoding ?? ''
    if (/^utf-?16/i.test(encoding) && !this.#chunks.isWide)
      throw malformed(`it declares ${encoding} and is not`)
  }
}

function malformed(reason: string): ProtocolError {
  return new ProtocolError(`The message is not acceptable XML: ${reason}.`, {
    code: 'ERR_WSMAN_MALFORMED_XML',
  })
}

function tooLarge(what: string, limit: number): ProtocolError {
  return new ProtocolError(`The message exceeds the limit of ${limit} on ${what}.`, {
    code: 'ERR_WSMAN_LIMIT',
  })
}
