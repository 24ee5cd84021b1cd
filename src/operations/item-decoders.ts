import { InstanceDecoder } from '../envelope/instance-decoder.js'
import type { EndpointReference } from '../envelope/endpoint-reference.js'
import { asInstance, type Instance } from '../envelope/instance.js'
import { readReference } from '../envelope/selectors.js'
import { ProtocolError } from '../errors/errors.js'
import { TreeBuilder } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { passLeaf, spellOut, type XmlHandler, type XmlStart } from '../xml/handler.js'
import type { ItemDecoderFactory } from './page-body.js'

/** Items that are resources: the instance itself, or `w:XmlFragment` for a projection (MS-WSMV 3.1.4.8). */
export const decodeObjects: ItemDecoderFactory<Instance> = (deliver) =>
  new InstanceDecoder((value) => {
    deliver(asInstance(value))
  })

/** Items that are references. */
export const decodeReferences: ItemDecoderFactory<EndpointReference> = (deliver) =>
  new TreeBuilder((root) => {
    deliver(readReference(root))
  })

/** An instance and the reference to it. */
export interface ObjectAndReference<T = Instance> {
  readonly object: T
  readonly reference: EndpointReference
}

/** `w:Item` around an instance and its reference (DSP0226 8.7). */
export const decodeObjectsAndReferences: ItemDecoderFactory<ObjectAndReference> = (deliver) =>
  new PairDecoder(deliver)

class PairDecoder implements XmlHandler {
  readonly #deliver: (item: ObjectAndReference) => void
  readonly #objects = new InstanceDecoder((value) => (this.#object = asInstance(value)))
  readonly #references = new TreeBuilder((root) => (this.#reference = readReference(root)))
  #inside: XmlHandler = this.#objects
  #depth = 0
  #object: Instance | undefined
  #reference: EndpointReference | undefined

  constructor(deliver: (item: ObjectAndReference) => void) {
    this.#deliver = deliver
  }

  startElement: XmlHandler['startElement'] = (name, attributes, scope) => {
    this.#depth += 1
    if (this.#depth === 1) return
    if (this.#depth === 2) {
      const isReference = name.local === 'EndpointReference' && name.namespace === NS.addressing
      this.#inside = isReference ? this.#references : this.#objects
    }
    this.#inside.startElement(name, attributes, scope)
  }

  endElement(): void {
    this.#depth -= 1
    if (this.#depth > 0) {
      this.#inside.endElement()
      return
    }
    if (!this.#object || !this.#reference) {
      throw new ProtocolError('An item of the enumeration is not an object with its reference.')
    }
    this.#deliver({ object: this.#object, reference: this.#reference })
    this.#object = this.#reference = undefined
  }

  text(text: string): void {
    if (this.#depth > 1) this.#inside.text(text)
  }

  leaf(start: XmlStart, text: string): void {
    if (this.#depth > 1) passLeaf(this.#inside, start, text)
    else spellOut(this, start, text)
  }
}
