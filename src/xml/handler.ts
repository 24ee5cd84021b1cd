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
