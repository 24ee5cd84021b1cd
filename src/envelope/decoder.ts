import { ProtocolError } from '../errors/errors.js'
import type { FaultParts } from '../errors/fault.js'
import { hintFor } from '../errors/situations.js'
import type { XmlLimits } from '../xml/guard.js'
import { leafElement, TreeBuilder, type XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import {
  passLeaf,
  passWhole,
  type XmlAttribute,
  type XmlHandler,
  type XmlPart,
  type XmlStart,
} from '../xml/handler.js'
import { XmlReader } from '../xml/reader.js'
import type { NamespaceScope, XmlName } from '../xml/scope.js'
import { commonVocabulary } from '../xml/vocabulary.js'
import { readFault } from './fault.js'
import { ReceivedHeaders } from './headers.js'

/** Takes the events of everything inside `s:Body` and makes a value of it. */
export interface BodyDecoder<T> extends XmlHandler {
  /** Called once, when the body has ended. @throws ProtocolError when it is not what the verb answers with */
  result(headers: ReceivedHeaders): T
}

/** A whole message: a value, or a fault in its place. */
export type DecodedMessage<T> =
  | { readonly headers: ReceivedHeaders; readonly fault: FaultParts }
  | { readonly headers: ReceivedHeaders; readonly fault?: never; readonly body: T }

/** Where in the envelope the next element stands. */
type Place = 'document' | 'envelope' | 'header' | 'body'

/**
 * Decodes a SOAP 1.2 message while its bytes arrive. Nothing but the headers and the value is kept. A fault may come in
 * SOAP 1.1, because that is how a peer answers that knows nothing else; no other message may.
 */
export class EnvelopeDecoder<T> {
  readonly #body: BodyDecoder<T>
  readonly #frame: Frame
  readonly #reader: XmlReader
  readonly #locale: string | undefined

  /** @param locale the language of the request, for a fault whose reason comes in several */
  constructor(body: BodyDecoder<T>, limits?: Partial<XmlLimits>, locale?: string) {
    this.#body = body
    this.#locale = locale
    this.#frame = new Frame(body)
    this.#reader = new XmlReader(this.#frame, limits, limits ? undefined : commonVocabulary())
    this.#frame.reader = this.#reader
  }

  write(chunk: Uint8Array): void {
    this.#reader.write(chunk)
  }

  /** @throws ProtocolError when the message is cut or is no SOAP envelope */
  end(): DecodedMessage<T> {
    this.#reader.end()
    const { sawBody, fault, soap } = this.#frame
    if (!sawBody) throw notAnEnvelope('it has no Body')
    const headers = new ReceivedHeaders(this.#frame.headers)
    if (fault) return { headers, fault: readFault(fault, headers, this.#locale) }
    if (soap === NS.soap11) throw notAnEnvelope('it is one of SOAP 1.1')
    return { headers, body: this.#body.result(headers) }
  }
}

/** Envelope, Header and Body themselves; what is inside goes to tree builders and to the body's decoder. */
class Frame implements XmlHandler {
  /** Whose handler this is, or whoever it hands over to. */
  reader: { handler: XmlHandler } = { handler: this }
  readonly headers: XmlElement[] = []
  soap: string = NS.soap
  fault: XmlElement | undefined
  sawBody = false
  readonly #body: BodyDecoder<unknown>
  #place: Place = 'document'

  constructor(body: BodyDecoder<unknown>) {
    this.#body = body
  }

  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void {
    switch (this.#place) {
      case 'document':
        if (name.local !== 'Envelope' || (name.namespace !== NS.soap && name.namespace !== NS.soap11)) {
          throw notAnEnvelope(`its root is <${name.local}>${name.namespace ? ` in ${name.namespace}` : ''}`)
        }
        this.soap = name.namespace
        this.#place = 'envelope'
        return
      case 'envelope':
        this.#enter(name)
        return
      case 'header':
        this.#collect(name, attributes, scope, (header) => this.headers.push(header))
        return
      default:
        this.#startBody(name, attributes, scope)
    }
  }

  endElement(): void {
    this.#place = this.#place === 'envelope' ? 'document' : 'envelope'
  }

  text(): void {
    // White space between the parts of the envelope.
  }

  leaf(start: XmlStart, text: string): void {
    if (this.#place === 'header') {
      this.headers.push(leafElement(start, text))
      return
    }
    // The start may make another handler responsible.
    this.startElement(start.name, start.attributes, start.scope)
    if (text !== '') this.reader.handler.text(text)
    this.reader.handler.endElement()
  }

  #enter(name: XmlName): void {
    if (name.namespace !== this.soap || (name.local !== 'Header' && name.local !== 'Body') || this.sawBody) {
      throw notAnEnvelope(`<${name.local}> stands where Header or Body belongs`)
    }
    this.sawBody = name.local === 'Body'
    this.#place = this.sawBody ? 'body' : 'header'
  }

  #startBody(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void {
    if (name.local === 'Fault' && name.namespace === this.soap) {
      this.#collect(name, attributes, scope, (fault) => (this.fault ??= fault))
      return
    }
    const inside = new InsideBody(this.#body, () => (this.reader.handler = this))
    this.reader.handler = inside
    inside.startElement(name, attributes, scope)
  }

  /** Hands one element to a tree builder and takes over again when it has ended. */
  #collect(
    name: XmlName,
    attributes: readonly XmlAttribute[],
    scope: NamespaceScope,
    done: (element: XmlElement) => void,
  ): void {
    const builder = new TreeBuilder((element) => {
      this.reader.handler = this
      done(element)
    })
    this.reader.handler = builder
    builder.startElement(name, attributes, scope)
  }
}

/** Hands what is inside of `s:Body` on, until the element ends that it began with. */
class InsideBody implements XmlHandler {
  readonly #body: BodyDecoder<unknown>
  readonly #ended: () => void
  #depth = 0

  constructor(body: BodyDecoder<unknown>, ended: () => void) {
    this.#body = body
    this.#ended = ended
  }

  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void {
    this.#depth += 1
    this.#body.startElement(name, attributes, scope)
  }

  endElement(): void {
    this.#depth -= 1
    if (this.#depth === 0) this.#ended()
    this.#body.endElement()
  }

  text(text: string): void {
    this.#body.text(text)
  }

  checksText(): boolean {
    return this.#body.checksText?.() ?? false
  }

  leaf(start: XmlStart, text: string): void {
    passLeaf(this.#body, start, text)
  }

  expectsAlike(): boolean {
    return this.#body.expectsAlike?.() ?? false
  }

  whole(start: XmlStart, parts: readonly XmlPart[], texts: readonly string[]): void {
    passWhole(this.#body, start, parts, texts)
  }
}

function notAnEnvelope(reason: string): ProtocolError {
  return new ProtocolError(`The peer did not answer with a SOAP 1.2 envelope: ${reason}.`, {
    hint: hintFor('noSoapThere'),
  })
}
