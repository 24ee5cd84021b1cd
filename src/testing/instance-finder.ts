import {
  isEndpointReference,
  type EndpointReference,
  type SelectorValue,
  type Selectors,
} from '../envelope/endpoint-reference.js'
import { isScalar } from './cim-value-writer.js'
import type { ClassRegistry, RegisteredClass, RegisteredProperty } from './class-registry.js'
import { addressParts, CIM_NAMESPACE, type ClassAddress } from './class-uri.js'
import { invalidKeys, resourceNotFound } from './faults.js'
import { concat, findIn, instancesOf, pickFrom, type Source } from './instance-source.js'
import type { EndpointInstance, EndpointRef, EndpointValue } from './types.js'
import { isEndpointRef, memberOf } from './wql/values.js'

/** An instance with the class it is of, which may be derived from the one that was asked for. */
export interface Found {
  readonly registered: RegisteredClass
  readonly instance: EndpointInstance
}

/** @throws EndpointFault where the namespace has no such class */
export function findClass(
  registry: ClassRegistry,
  { namespace, className }: Pick<ClassAddress, 'namespace' | 'className'>,
): RegisteredClass {
  const registered = registry.find(namespace, className)
  if (registered) return registered
  throw resourceNotFound(`The namespace ${namespace} has no class ${className}.`)
}

/** The instances of a class and of every class derived from it (MS-WSMV 3.1.4.1.27). */
export function allInstances(registry: ClassRegistry, registered: RegisteredClass): Source<Found> {
  return concat(
    registry
      .withSubclasses(registered)
      .map((entry) => pickFrom(instancesOf(entry), (instance) => ({ registered: entry, instance }))),
  )
}

/**
 * The instance that the selectors name.
 * @throws EndpointFault where they are not the keys of the class, or name no instance
 */
export async function findInstance(
  registry: ClassRegistry,
  registered: RegisteredClass,
  selectors: Selectors,
): Promise<Found> {
  const isSingleton = registered.definition.singleton === true && ownSelectors(selectors).length === 0
  const keys = isSingleton ? NO_KEYS : keysFrom(registered, selectors)
  const found = await findIn(allInstances(registry, registered), ({ instance }) =>
    [...keys].every(([property, wanted]) => equals(memberOf(instance, property.name), wanted)),
  )
  if (found) return found
  throw resourceNotFound(`${registered.name} has no instance with these selectors.`)
}

/** The object a reference points to, if it is there. */
export async function findReferenced(
  registry: ClassRegistry,
  { className, namespace, keys }: EndpointRef,
  defaultNamespace: string,
): Promise<Found | undefined> {
  const registered = registry.find(namespace ?? defaultNamespace, className)
  if (!registered) return undefined
  return findIn(allInstances(registry, registered), ({ instance }) =>
    Object.entries(keys).every(([name, value]) => equals(memberOf(instance, name), value)),
  )
}

/** Whether a reference points to this object, under its own class or one that its class derives from. */
export function refersTo(
  registry: ClassRegistry,
  { className, namespace, keys }: EndpointRef,
  { registered, instance }: Found,
  defaultNamespace: string,
): boolean {
  const target = registry.find(namespace ?? defaultNamespace, className)
  if (!target || !registry.withSubclasses(target).includes(registered)) return false
  return Object.entries(keys).every(([name, value]) => equals(memberOf(instance, name), value))
}

/** Selectors without `__cimnamespace`, which belongs to the URI. */
export function ownSelectors(selectors: Selectors): [string, SelectorValue][] {
  return Object.entries(selectors).filter(([name]) => name.toLowerCase() !== CIM_NAMESPACE)
}

const NO_KEYS: ReadonlyMap<RegisteredProperty, SelectorValue> = new Map()

function keysFrom(
  registered: RegisteredClass,
  selectors: Selectors,
): ReadonlyMap<RegisteredProperty, SelectorValue> {
  const keys = new Map<RegisteredProperty, SelectorValue>()
  for (const [name, value] of ownSelectors(selectors)) {
    const key = registered.keys.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
    if (!key) throw invalidKeys(`${registered.name} has no key ${name}.`)
    keys.set(key, value)
  }
  const missing = registered.keys.find((key) => !keys.has(key))
  if (missing)
    throw invalidKeys(`The selector ${missing.name} is missing: it is a key of ${registered.name}.`)
  return keys
}

/** Neither letter case nor the difference between `5` and `"5"` counts. */
function equals(actual: EndpointValue, wanted: SelectorValue): boolean {
  if (isEndpointReference(wanted)) return isEndpointRef(actual) && sameTarget(actual, wanted)
  if (!isScalar(actual)) return false
  const text = actual instanceof Date ? actual.toISOString() : String(actual)
  return text.toLowerCase() === String(wanted).toLowerCase()
}

function sameTarget(ref: EndpointRef, reference: EndpointReference): boolean {
  const { className } = addressParts(reference.resourceUri)
  const wanted = ownSelectors(reference.selectors)
  const keys = new Map(Object.entries(ref.keys).map(([name, value]) => [name.toLowerCase(), value]))
  return (
    className.toLowerCase() === ref.className.toLowerCase() &&
    wanted.length === keys.size &&
    wanted.every(([name, value]) => {
      const actual = keys.get(name.toLowerCase())
      return actual !== undefined && equals(actual, value)
    })
  )
}
