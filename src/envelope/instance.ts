import { ProtocolError } from '../errors/errors.js'
import { isCimDateTime } from './cim-datetime.js'
import { isCimInterval } from './cim-interval.js'
import { isEndpointReference, type EndpointReference } from './endpoint-reference.js'

/** A value as it stood on the wire: nothing is guessed. Repeated elements are an array, `xsi:nil` is null. */
export type RawValue = string | null | { [property: string]: RawValue } | EndpointReference | RawValue[]

/** The properties of a resource by name, in the order of the wire. Its own enumerable keys are exactly the properties. */
export type Instance<T = RawValue> = Record<string, T>

/** What XML says about one property beyond its value. Only properties that say more than a value are listed. */
export interface PropertyMetadata {
  /** Where it differs from the instance's own. */
  readonly namespaceUri?: string
  /** Attributes by their qualified name as written, `xsi:nil` left out. */
  readonly attributes?: Readonly<Record<string, string>>
  /** The element around the value, as in `<cim:Datetime>`: `Datetime`, `Interval`, `Date`, `Time` or `CIM_DateTime`. */
  readonly wrapper?: string
}

/** What XML says about an instance beyond its properties. */
export interface InstanceMetadata {
  /** Local name of the element; the class, for CIM instances. */
  readonly className: string
  readonly namespaceUri: string
  /** The name as written: `p:Win32_Service`. */
  readonly xmlName: string
  /** Attributes of the element by their qualified name as written. */
  readonly attributes: Readonly<Record<string, string>>
  readonly properties: Readonly<Record<string, PropertyMetadata>>
}

/** Both builds of the package share one registry, so that an instance of one is known to the other. */
const REGISTRY = Symbol.for('wsman.instanceMetadata')
const known = Reflect.get(globalThis, REGISTRY) as WeakMap<object, InstanceMetadata> | undefined
const registry = known ?? new WeakMap<object, InstanceMetadata>()
Reflect.set(globalThis, REGISTRY, registry)

/** The element name, namespace and attributes an instance was read with; undefined for objects made otherwise. */
export function metadataOf(instance: object): InstanceMetadata | undefined {
  return registry.get(instance)
}

export function setMetadata(instance: object, metadata: InstanceMetadata): void {
  registry.set(instance, metadata)
}

/** Sets a property as data, whatever it is called: `__proto__` must not reach the prototype. */
export function setProperty<T>(target: Instance<T>, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
  } else target[name] = value
}

/** A resource without properties is an empty element. @throws ProtocolError for what is no resource */
export function asInstance(value: RawValue): Instance {
  if (isPlainInstance(value)) return value
  if (value === null || (typeof value === 'string' && value.trim() === '')) return {}
  throw new ProtocolError('The reply holds something else where a resource is due.')
}

/** A copy with changes in place, nested instances merged likewise; it is written back the way it was read. */
export function mergeInstance<T>(current: Instance<T>, changes: Instance<T | undefined>): Instance<T> {
  const merged: Instance<T> = {}
  for (const [name, value] of Object.entries(current)) setProperty(merged, name, value)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined
    const both = isPlainInstance(before) && isPlainInstance(value)
    setProperty(merged, name, both ? (mergeInstance(before, value) as T) : value)
  }
  const metadata = metadataOf(current)
  if (metadata) setMetadata(merged, metadata)
  return merged
}

function isPlainInstance(value: unknown): value is Instance<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !isCimDateTime(value) &&
    !isCimInterval(value) &&
    !isEndpointReference(value)
  )
}
