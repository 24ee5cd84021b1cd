import { TreeBuilder } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import type { XmlAttribute, XmlHandler } from '../xml/reader.js'
import type { NamespaceScope, XmlName } from '../xml/scope.js'
import type { EndpointReference } from './endpoint-reference.js'
import {
  setMetadata,
  setProperty,
  type Instance,
  type InstanceMetadata,
  type PropertyMetadata,
  type RawValue,
} from './instance.js'
import { readReference } from './selectors.js'

/** Elements that stand around a date or time (WS-CIM mapping, DSP0230 9.2.2). */
const TIME_WRAPPERS: ReadonlySet<string> = new Set(['Datetime', 'Interval', 'Date', 'Time', 'CIM_DateTime'])

/** An element that has begun. It becomes an instance when an element begins inside it; until then it is text. */
interface Frame {
  readonly name: XmlName
  readonly attributes: readonly XmlAttribute[]
  readonly scope: NamespaceScope
  text: string
  instance?: Instance
  properties?: Record<string, PropertyMetadata>
  wrapper?: string
  reference?: EndpointReference
}

/**
 * Builds an instance from the events of its element, which `startElement` is called with first. No tree is built
 * in between: an enumeration decodes millions of properties.
 */
export class InstanceDecoder implements XmlHandler {
  readonly #frames: Frame[] = []
  readonly #done: (value: RawValue) => void
  #latest: (Pick<Frame, 'name' | 'attributes'> & { metadata: InstanceMetadata }) | undefined
  #reference: TreeBuilder | undefined
  #referenceDepth = 0
  #wrapperDepth = 0

  /** @param done takes the instance, or the bare text where the element holds no elements, or null for `xsi:nil` */
  constructor(done: (value: RawValue) => void) {
    this.#done = done
  }

  startElement(name: XmlName, attributes: readonly XmlAttribute[], scope: NamespaceScope): void {
    const parent = this.#frames.at(-1)
    if (this.#reference) {
      this.#referenceDepth += 1
      this.#reference.startElement(name, attributes, scope)
    } else if (parent && name.namespace === NS.addressing)
      this.#beginReference(parent, name, attributes, scope)
    else if (this.#wrapperDepth > 0) this.#wrapperDepth += 1
    else if (parent && isTimeWrapper(parent, name)) {
      this.#wrapperDepth = 1
      parent.wrapper = name.local
    } else {
      if (parent) parent.instance ??= {}
      this.#frames.push({ name, attributes, scope, text: '' })
    }
  }

  text(text: string): void {
    if (this.#reference) {
      this.#reference.text(text)
      return
    }
    const frame = this.#frames.at(-1)
    if (frame && !frame.instance) frame.text += text
  }

  endElement(): void {
    if (this.#reference) {
      this.#reference.endElement()
      if (this.#referenceDepth-- > 0) return
      this.#reference = undefined
    } else if (this.#wrapperDepth > 0) {
      this.#wrapperDepth -= 1
      return
    }
    const frame = this.#frames.pop()
    if (frame) this.#finish(frame)
  }

  #finish(frame: Frame): void {
    const parent = this.#frames.at(-1)
    const value = this.#valueOf(frame)
    if (!parent) {
      this.#done(value)
      return
    }
    const instance = (parent.instance ??= {})
    const { local } = frame.name
    if (!Object.hasOwn(instance, local)) setProperty(instance, local, value)
    else {
      const earlier = instance[local]
      if (Array.isArray(earlier)) earlier.push(value)
      else setProperty(instance, local, [earlier ?? null, value])
    }
    const metadata = describeProperty(frame, parent)
    if (metadata) setProperty((parent.properties ??= {}), local, metadata)
  }

  #valueOf(frame: Frame): RawValue {
    if (frame.reference) return frame.reference
    if (frame.instance) {
      setMetadata(frame.instance, this.#describe(frame))
      return frame.instance
    }
    if (isNil(frame.attributes)) return null
    return frame.wrapper === undefined ? frame.text : frame.text.trim()
  }

  /** Instances of one reply say the same about themselves, so the last answer is usually the next one. */
  #describe({ name, attributes, properties }: Frame): InstanceMetadata {
    const latest = this.#latest
    if (!properties && latest?.name === name && sameAttributes(latest.attributes, attributes)) {
      return latest.metadata
    }
    const metadata: InstanceMetadata = {
      className: name.local,
      namespaceUri: name.namespace,
      xmlName: writtenName(name),
      attributes: attributes.length === 0 ? NONE : attributeRecord(attributes),
      properties: properties ?? NONE,
    }
    if (!properties) this.#latest = { name, attributes, metadata }
    return metadata
  }

  /** A reference is kept whole: its selectors are attributes, which an instance has no place for. */
  #beginReference(
    parent: Frame,
    name: XmlName,
    attributes: readonly XmlAttribute[],
    scope: NamespaceScope,
  ): void {
    this.#reference = new TreeBuilder((root) => {
      parent.reference = readReference(root)
    })
    this.#reference.startElement(parent.name, parent.attributes, parent.scope)
    this.#reference.startElement(name, attributes, scope)
    this.#referenceDepth = 1
  }
}

/** Inside `w:XmlFragment` properties and wrappers alike have no namespace. */
function isTimeWrapper(parent: Frame, name: XmlName): boolean {
  if (!TIME_WRAPPERS.has(name.local) || parent.instance) return false
  return name.namespace === NS.cim || (name.namespace === '' && parent.name.namespace === '')
}

function isNil(attributes: readonly XmlAttribute[]): boolean {
  for (const { name, value } of attributes) {
    if (name.local === 'nil' && name.namespace === NS.xsi) return value === 'true' || value === '1'
  }
  return false
}

const NONE: Readonly<Record<string, never>> = {}
function sameAttributes(one: readonly XmlAttribute[], other: readonly XmlAttribute[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ name, value }, index) => name === other[index]?.name && value === other[index].value)
  )
}

function describeProperty(frame: Frame, parent: Frame): PropertyMetadata | undefined {
  const { name, attributes, wrapper } = frame
  const foreign = name.namespace !== parent.name.namespace && name.namespace !== ''
  const own = attributes.length === 0 ? attributes : attributes.filter((entry) => entry.name.local !== 'nil')
  if (!foreign && own.length === 0 && wrapper === undefined) return undefined
  return {
    ...(foreign ? { namespaceUri: name.namespace } : {}),
    ...(own.length > 0 ? { attributes: attributeRecord(own) } : {}),
    ...(wrapper === undefined ? {} : { wrapper }),
  }
}

function attributeRecord(attributes: readonly XmlAttribute[]): Record<string, string> {
  const record: Record<string, string> = {}
  for (const { name, value } of attributes) setProperty(record, writtenName(name), value)
  return record
}

const writtenName = (name: XmlName): string =>
  name.prefix === '' ? name.local : `${name.prefix}:${name.local}`
