import type { SelectorValue, Selectors } from '../envelope/endpoint-reference.js'
import type { XmlElement } from '../xml/element.js'
import { invalidKeys, invalidProperties, invalidRepresentation } from './class-faults.js'
import type { ClassRegistry } from './class-registry.js'
import type { RegisteredClass, RegisteredProperty } from './registered-class.js'
import { addressParts, ownSelectors } from './class-uri.js'
import type { Found } from './instance-finder.js'
import { sameKey } from './key-values.js'
import type { EndpointRequest } from './message.js'
import { PropertyReader } from './property-reader.js'
import { keyOf } from './reference-reader.js'
import type { EndpointInstance, EndpointValue } from './types.js'
import { memberOf } from './wql/values.js'

/** The option in which clients of Windows name those of the properties they send that are to change. */
const MODIFIED = 'wmiarray:__miinstancemodifiedpropertieslist'

/**
 * What a Put of the whole instance changes. A property that is not sent stays as it is.
 * @throws EndpointFault for a body that is no instance of the class, or is another one
 */
export function changesOf(registry: ClassRegistry, found: Found, request: EndpointRequest): EndpointInstance {
  const { registered } = found
  const sent = readInstance(registry, registered, request)
  const { optionList } = request.headers
  const listed = optionList.filter(({ name }) => name.toLowerCase() === MODIFIED)
  const modified = new Set(listed.map(({ value }) => value?.toLowerCase()))
  const wanted = Object.entries(sent).filter(
    ([name]) => listed.length === 0 || modified.has(name.toLowerCase()),
  )
  assertSameKeys(found, sent)
  // An array without elements has no element in the body either.
  const emptied = registered.properties
    .filter(({ name, array }) => array && modified.has(name.toLowerCase()) && sent[name] === undefined)
    .map(({ name }) => [name, []] as const)
  return withoutKeys(registered, Object.fromEntries([...wanted, ...emptied]))
}

/** @throws EndpointFault where a key is among the properties with another value: keys are what an instance is */
export function assertSameKeys({ registered, instance }: Found, properties: EndpointInstance): void {
  for (const { name } of registered.keys) {
    const value = properties[name]
    if (value === undefined || sameKey(memberOf(instance, name), value)) continue
    throw invalidRepresentation(
      'InvalidValues',
      `${name} is a key of ${registered.name} and cannot be changed.`,
    )
  }
}

export function withoutKeys({ keys }: RegisteredClass, properties: EndpointInstance): EndpointInstance {
  const names = new Set(keys.map(({ name }) => name))
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.has(name)))
}

/**
 * The properties of an instance that is to be created. Its keys stand among them or in the selectors.
 * @throws EndpointFault for a body that is no instance of the class, and a key that is missing
 */
export function newInstance(
  registry: ClassRegistry,
  registered: RegisteredClass,
  request: EndpointRequest,
): EndpointInstance {
  const sent = readInstance(registry, registered, request)
  const selected = selectedKeys(new PropertyReader(registry), registered, request.headers.selectors)
  const properties = { ...sent, ...selected }
  for (const { name } of registered.keys) {
    const value = properties[name] ?? null
    if (value === null) throw invalidKeys(`The key ${name} of ${registered.name} is missing.`)
    if (!sameKey(value, sent[name] ?? value)) throw invalidKeys(`${name} has two values.`)
  }
  return properties
}

function selectedKeys(
  reader: PropertyReader,
  registered: RegisteredClass,
  selectors: Selectors,
): EndpointInstance {
  const entries = ownSelectors(selectors).map(([name, value]) => {
    const key = registered.keys.find((candidate) => sameName(candidate.name, name))
    if (!key) throw invalidKeys(`${registered.name} has no key ${name}.`)
    return [key.name, selectedValue(reader, key, value)]
  })
  return Object.fromEntries(entries) as EndpointInstance
}

function selectedValue(reader: PropertyReader, key: RegisteredProperty, value: SelectorValue): EndpointValue {
  const plain = keyOf(value)
  return typeof plain === 'string' ? reader.text(key, plain) : plain
}

function readInstance(
  registry: ClassRegistry,
  registered: RegisteredClass,
  { body }: EndpointRequest,
): EndpointInstance {
  return new PropertyReader(registry).instance(registered, instanceElement(registered, body))
}

/** The element of the instance, with the name of its class, or one that is derived from, and the URI of that as namespace. */
function instanceElement(registered: RegisteredClass, [first]: readonly XmlElement[]): XmlElement {
  const named = first && lineage(registered).find(({ name }) => sameName(name, first.name.local))
  if (!named) throw invalidProperties(`The body of Put and Create is an element ${registered.name}.`)
  const { className, namespace = named.namespace } = addressParts(first.name.namespace)
  if (sameName(className, named.name) && sameName(namespace, named.namespace)) return first
  throw invalidRepresentation(
    'InvalidNamespace',
    `The namespace ${first.name.namespace} is not the URI of ${named.name}.`,
  )
}

/** The class and those it is derived from. */
function lineage(registered: RegisteredClass): readonly RegisteredClass[] {
  return [registered, ...(registered.superclass ? lineage(registered.superclass) : [])]
}

const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
