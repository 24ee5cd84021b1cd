import { parseScalar, type CimInstance, type CimValue } from '../envelope/cim-value.js'
import type { CimTyped } from '../envelope/cim-class.js'
import { CimDateTime } from '../envelope/cim-datetime.js'
import { CimInterval } from '../envelope/cim-interval.js'
import { isEndpointReference } from '../envelope/endpoint-reference.js'
import {
  metadataOf,
  setProperty,
  type Instance,
  type InstanceMetadata,
  type PropertyMetadata,
  type RawValue,
} from '../envelope/instance.js'
import type { TypeSource } from '../diagnostics/channels.js'
import { classNamed, typeNamed, xsiTypeName } from './xsi-types.js'

/** The class of an instance: how it is called, and what its properties are where that is known. */
export interface ClassOf {
  readonly namespace: string | undefined
  readonly className: string
  /** Properties by name in small letters; undefined where the class is not known. */
  readonly properties: ReadonlyMap<string, CimTyped> | undefined
  /** All properties of the class are there, so that a missing array is an empty one. */
  readonly isWhole: boolean
}

/** Told about each property, for diagnostics. */
export type SourceListener = (of: ClassOf, property: string, source: TypeSource) => void

/** Finds the class of an instance inside another one. */
export type EmbeddedClasses = (className: string | undefined, owner: ClassOf) => ClassOf

export const propertiesByName = (properties: readonly CimTyped[]): ReadonlyMap<string, CimTyped> =>
  new Map(properties.map((property) => [property.name.toLowerCase(), property]))

/** The class of an instance that stands in a property: what its element says, else what the class declares. */
export function embeddedClassName(
  metadata: PropertyMetadata | undefined,
  declared: CimTyped | undefined,
): string | undefined {
  return classNamed(xsiTypeName(metadata)) ?? declared?.embeddedClassName
}

/** Puts typed values in the place of text, in the instance itself: it is nobody else's yet. */
export class InstanceTyper {
  readonly #embedded: EmbeddedClasses
  readonly #told: SourceListener | undefined

  constructor(embedded: EmbeddedClasses, told?: SourceListener) {
    this.#embedded = embedded
    this.#told = told
  }

  type(instance: Instance, of: ClassOf): CimInstance {
    const typed = instance as CimInstance
    const known = metadataOf(instance)?.properties
    let hasBigint = false
    for (const name of Object.keys(instance)) {
      const value = this.#property(instance[name] as RawValue, name, of, known)
      hasBigint ||= holdsBigint(value)
      setProperty<CimValue>(typed, name, value)
    }
    if (of.isWhole) addEmptyArrays(typed, of.properties)
    if (hasBigint)
      Object.defineProperty(typed, 'toJSON', { value: toJson, configurable: true, writable: true })
    return typed
  }

  #property(
    raw: RawValue,
    name: string,
    of: ClassOf,
    known: InstanceMetadata['properties'] | undefined,
  ): CimValue {
    const declared = of.properties?.get(name.toLowerCase())
    const metadata = known && Object.hasOwn(known, name) ? known[name] : undefined
    const value = Array.isArray(raw)
      ? raw.map((item) => this.#value(item, name, of, metadata, declared))
      : this.#value(raw, name, of, metadata, declared)
    // A null array is one element with nil (MS-WSMV 3.1.4.1.26).
    return declared?.isArray === true && value !== null && !Array.isArray(value) ? [value] : value
  }

  #value(
    raw: RawValue,
    name: string,
    of: ClassOf,
    metadata: PropertyMetadata | undefined,
    declared: CimTyped | undefined,
  ): CimValue {
    if (raw === null || isEndpointReference(raw)) return raw
    if (typeof raw === 'object') {
      if (Array.isArray(raw)) return raw
      return this.type(raw, this.#embedded(embeddedClassName(metadata, declared), of))
    }
    const said = typeNamed(xsiTypeName(metadata))
    const value = said === undefined ? undefined : parseScalar(said, raw)
    if (value !== undefined) return this.#tell(value, 'xsi:type', of, name)
    // The element around a time says as much as xsi:type would.
    const time = metadata?.wrapper === undefined ? undefined : timeIn(raw)
    if (time) return this.#tell(time, 'xsi:type', of, name)
    const fitting = declared === undefined ? undefined : parseScalar(declared.type, raw)
    if (fitting !== undefined) return this.#tell(fitting, 'schema', of, name)
    return this.#tell(raw, 'text', of, name)
  }

  #tell(value: CimValue, source: TypeSource, of: ClassOf, name: string): CimValue {
    this.#told?.(of, name, source)
    return value
  }
}

const timeIn = (text: string): CimDateTime | CimInterval | undefined =>
  CimDateTime.parse(text) ?? CimInterval.parse(text)

/** What has no elements has none on the wire; null would be there, as nil. */
function addEmptyArrays(instance: CimInstance, properties: ClassOf['properties']): void {
  if (!properties) return
  const present = new Set(Object.keys(instance).map((name) => name.toLowerCase()))
  for (const [key, { name, isArray }] of properties) {
    if (isArray && !present.has(key)) setProperty<CimValue>(instance, name, [])
  }
}

/** Instances inside have a toJSON of their own. */
const holdsBigint = (value: CimValue): boolean =>
  typeof value === 'bigint' || (Array.isArray(value) && value.some(holdsBigint))

/** JSON has no integers of 64 bits: they are written as decimal text. */
function toJson(this: CimInstance): Record<string, unknown> {
  return Object.fromEntries(Object.entries(this).map(([name, value]) => [name, jsonOf(value)]))
}

function jsonOf(value: CimValue): unknown {
  if (typeof value === 'bigint') return String(value)
  return Array.isArray(value) ? value.map(jsonOf) : value
}
