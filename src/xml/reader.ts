import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { ProtocolError } from '../errors/errors.js'
import { isWsmanError } from '../errors/wsman-error.js'
import { TextChunks } from './text-chunks.js'
import { NamespaceScope, type XmlName } from './scope.js'

export interface XmlAttribute {
  readonly name: XmlName
  readonly value: string
}

/** Takes the events of a document. Namespace declarations are in the scope, not among the attributes. */
export interface XmlHandler {
  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void
  endElement(): void
  text(text: string): void
}

/** What a peer may send at the most; the size of the whole document is limited where it is received. */
export interface XmlLimits {
  /** Elements inside each other. */
  readonly maxDepth: number
  /** Attributes of one element. */
  readonly maxAttributes: number
  /** Characters of one run of text. */
  readonly maxTextLength: number
}

export const DEFAULT_XML_LIMITS: XmlLimits = {
  maxDepth: 128,
  maxAttributes: 256,
  maxTextLength: 64 * 1024 * 1024,
}

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

  constructor(handler: XmlHandler, limits: Partial<XmlLimits> = {}) {
    this.handler = handler
    this.#limits = { ...DEFAULT_XML_LIMITS, ...limits }
    const text = (value: string): void => {
      if (value.length > this.#limits.maxTextLength) throw tooLarge('a text', this.#limits.maxTextLength)
      if (this.#depth > 0) this.handler.text(value)
    }
    // Few handlers on purpose: with more than seven the tokenizer's object falls out of V8's fast mode, and everything
    // takes eight times as long.
    this.#parser.on('opentag', (tag) => {
      this.#open(tag)
    })
    this.#parser.on('closetag', () => {
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
    this.#tokenize(() => this.#parser.write(rest))
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
