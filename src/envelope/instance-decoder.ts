import { TreeBuilder } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { spellOut, type XmlAttribute, type XmlHandler, type XmlStart } from '../xml/handler.js'
import type { NamespaceScope, XmlName } from '../xml/scope.js'
import type { EndpointReference } from './endpoint-reference.js'
import {
  setMetadata,
  setProperty,
  type InstanceMetadata,
  type PropertyMetadata,
  type RawValue,
} from './instance.js'
import { InstanceBuilder, InstanceLayout } from './instance-builder.js'
import { readReference } from './selectors.js'

/** Elements that stand around a date or time (WS-CIM mapping, DSP0230 9.2.2). */
const TIME_WRAPPERS: ReadonlyMap<string, PropertyMetadata> = new Map(
  ['Datetime', 'Interval', 'Date', 'Time', 'CIM_DateTime'].map((wrapper) => [wrapper, { wrapper }]),
)

/** An element that has begun. It becomes an instance when an element begins inside it; until then it is text. */
interface Frame extends XmlStart {
  text: string
  instance?: InstanceBuilder
  described?: Record<string, PropertyMetadata>
  wrapper?: string
  reference?: EndpointReference
}

/** What is known of the instances with one name. */
interface Kind {
  readonly layout: InstanceLayout
  /** Instances of one reply say the same about themselves, so the last answer is usually the next one. */
  latest?: {
    readonly attributes: readonly XmlAttribute[]
    readonly described: Frame['described']
    readonly metadata: InstanceMetadata
  }
}

const MAX_REMEMBERED = 256

/**
 * Builds an instance from the events of its element, which `startElement` is called with first. No tree is built
 * in between: an enumeration decodes millions of properties.
 */
export class InstanceDecoder implements XmlHandler {
  readonly #frames: Frame[] = []
  readonly #done: (value: RawValue) => void
  readonly #kinds = new Map<XmlName, Kind>()
  readonly #described = new Map<readonly XmlAttribute[], PropertyMetadata | undefined>()
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
      if (parent) this.#within(parent)
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

  /** What makes up nearly all of a reply: a property with a simple value. */
  leaf(start: XmlStart, text: string): void {
    const parent = this.#frames.at(-1)
    const { name, attributes } = start
    if (!parent?.instance || this.#reference || this.#wrapperDepth > 0 || name.namespace === NS.addressing) {
      spellOut(this, start, text)
      return
    }
    parent.instance.add(name.local, isNil(attributes) ? null : text)
    if (attributes.length > 0 || name.namespace !== parent.name.namespace) {
      this.#describeProperty(parent, start, undefined)
    }
  }

  #finish(frame: Frame): void {
    const parent = this.#frames.at(-1)
    const value = this.#valueOf(frame)
    if (!parent) {
      this.#done(value)
      return
    }
    this.#within(parent).add(frame.name.local, value)
    this.#describeProperty(parent, frame, frame.wrapper)
  }

  /** The instance that the element turned out to be. */
  #within(frame: Frame): InstanceBuilder {
    return (frame.instance ??= new InstanceBuilder(this.#kindOf(frame.name).layout))
  }

  #kindOf(name: XmlName): Kind {
    let kind = this.#kinds.get(name)
    if (kind === undefined) {
      kind = { layout: new InstanceLayout() }
      if (this.#kinds.size < MAX_REMEMBERED) this.#kinds.set(name, kind)
    }
    return kind
  }

  #valueOf(frame: Frame): RawValue {
    if (frame.reference) return frame.reference
    if (frame.instance) {
      const instance = frame.instance.finish()
      setMetadata(instance, this.#describe(frame))
      return instance
    }
    if (isNil(frame.attributes)) return null
    return frame.wrapper === undefined ? frame.text : frame.text.trim()
  }

  #describe({ name, attributes, described }: Frame): InstanceMetadata {
    const kind = this.#kindOf(name)
    const { latest } = kind
    if (latest && sameAttributes(latest.attributes, attributes) && sameEntries(latest.described, described)) {
      return latest.metadata
    }
    const metadata: InstanceMetadata = {
      className: name.local,
      namespaceUri: name.namespace,
      xmlName: writtenName(name),
      attributes: attributes.length === 0 ? NONE : attributeRecord(attributes),
      properties: described ?? NONE,
    }
    kind.latest = { attributes, described, metadata }
    return metadata
  }

  #describeProperty(parent: Frame, { name, attributes }: XmlStart, wrapper: string | undefined): void {
    const metadata = this.#propertyMetadata(parent.name, name, attributes, wrapper)
    if (metadata) setProperty((parent.described ??= {}), name.local, metadata)
  }

  /** Equal ones are one object where that is cheap: then the metadata of their instances can be one, too. */
  #propertyMetadata(
    parent: XmlName,
    name: XmlName,
    attributes: readonly XmlAttribute[],
    wrapper: string | undefined,
  ): PropertyMetadata | undefined {
    const foreign = name.namespace !== parent.namespace && name.namespace !== ''
    if (foreign) return describeProperty(attributes, wrapper, name.namespace)
    if (attributes.length === 0) return wrapper === undefined ? undefined : TIME_WRAPPERS.get(wrapper)
    if (wrapper !== undefined) return describeProperty(attributes, wrapper)
    const known = this.#described.get(attributes)
    if (known !== undefined || this.#described.has(attributes)) return known
    const metadata = describeProperty(attributes)
    if (this.#described.size < MAX_REMEMBERED) this.#described.set(attributes, metadata)
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
  if (parent.instance || !TIME_WRAPPERS.has(name.local)) return false
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

function sameEntries(one: Frame['described'], other: Frame['described']): boolean {
  if (one === undefined || other === undefined) return one === other
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && one[name] === other[name])
  )
}

function describeProperty(
  attributes: readonly XmlAttribute[],
  wrapper?: string,
  namespaceUri?: string,
): PropertyMetadata | undefined {
  const own = attributes.filter((entry) => entry.name.local !== 'nil')
  if (namespaceUri === undefined && own.length === 0 && wrapper === undefined) return undefined
  return {
    ...(namespaceUri === undefined ? {} : { namespaceUri }),
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
