import type { NamespaceScope, XmlName } from './scope.js'

export interface XmlAttribute {
  readonly name: XmlName
  readonly value: string
}

/** How an element begins. */
export interface XmlStart {
  readonly name: XmlName
  readonly attributes: readonly XmlAttribute[]
  /** The scope inside the element. */
  readonly scope: NamespaceScope
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
  /**
   * An element that holds nothing but this text, for handlers to whom it is worth something that it comes at once.
   * Any such element may come as the three events all the same.
   */
  leaf?(start: XmlStart, text: string): void
  /**
   * Whether the elements that begin here are many of a kind, so that it is worth while to learn how they look. Such
   * ones may then come whole.
   */
  expectsAlike?(): boolean
  /**
   * An element whose children are leaves, for handlers that spare something by taking it whole.
   * @param texts of the parts; good during this call only, like the parts
   */
  whole?(start: XmlStart, parts: readonly XmlPart[], texts: readonly string[]): void
}

/** A leaf, and the elements around it that hold nothing else, outermost first. */
export interface XmlPart {
  readonly around: readonly XmlStart[]
  readonly leaf: XmlStart
}

/** Hands on a leaf, in the three events where the handler takes no leaves. */
export function passLeaf(handler: XmlHandler, start: XmlStart, text: string): void {
  if (handler.leaf) handler.leaf(start, text)
  else spellOut(handler, start, text)
}

/** A leaf in the three events. */
export function spellOut(handler: XmlHandler, { name, attributes, scope }: XmlStart, text: string): void {
  handler.startElement(name, attributes, scope)
  if (text !== '') handler.text(text)
  handler.endElement()
}

/** Hands on an element whose children are leaves, in its events where the handler takes none whole. */
export function passWhole(
  handler: XmlHandler,
  start: XmlStart,
  parts: readonly XmlPart[],
  texts: readonly string[],
): void {
  if (handler.whole) handler.whole(start, parts, texts)
  else spellOutWhole(handler, start, parts, texts)
}

/** Such an element in its events. */
export function spellOutWhole(
  handler: XmlHandler,
  start: XmlStart,
  parts: readonly XmlPart[],
  texts: readonly string[],
): void {
  begin(handler, start)
  for (let index = 0; index < parts.length; index++) passPart(handler, parts[index], texts[index])
  handler.endElement()
}

function passPart(handler: XmlHandler, part: XmlPart | undefined, text = ''): void {
  if (part === undefined) return
  for (const outer of part.around) begin(handler, outer)
  passLeaf(handler, part.leaf, text)
  for (let open = part.around.length; open > 0; open--) handler.endElement()
}

function begin(handler: XmlHandler, { name, attributes, scope }: XmlStart): void {
  handler.startElement(name, attributes, scope)
}
