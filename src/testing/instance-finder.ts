import type { Selectors } from '../envelope/endpoint-reference.js'
import { invalidKeys, resourceNotFound } from './class-faults.js'
import type { ClassRegistry } from './class-registry.js'
import type { RegisteredClass, RegisteredProperty } from './registered-class.js'
import { ownSelectors, type ClassAddress } from './class-uri.js'
import { concat, findIn, pickFrom, type Source } from './instance-source.js'
import { sameKey } from './key-values.js'
import { keyOf } from './reference-reader.js'
import type { EndpointInstance, EndpointRef } from './types.js'
import { memberOf } from './wql/values.js'

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
      .map((entry) => pickFrom(entry.store.read(), (instance) => ({ registered: entry, instance }))),
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
    [...keys].every(([property, wanted]) => sameKey(memberOf(instance, property.name), wanted)),
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
    Object.entries(keys).every(([name, value]) => sameKey(memberOf(instance, name), value)),
  )
}

/** Whether an instance has the keys of another one. */
export function hasKeys(
  { keys }: RegisteredClass,
  instance: EndpointInstance,
  other: EndpointInstance,
): boolean {
  return keys.every(({ name }) => sameKey(memberOf(instance, name), memberOf(other, name)))
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
  return Object.entries(keys).every(([name, value]) => sameKey(memberOf(instance, name), value))
}

type Key = ReturnType<typeof keyOf>

const NO_KEYS: ReadonlyMap<RegisteredProperty, Key> = new Map()

function keysFrom(registered: RegisteredClass, selectors: Selectors): ReadonlyMap<RegisteredProperty, Key> {
  const keys = new Map<RegisteredProperty, Key>()
  for (const [name, value] of ownSelectors(selectors)) {
    const key = registered.keys.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
    if (!key) throw invalidKeys(`${registered.name} has no key ${name}.`)
    keys.set(key, keyOf(value))
  }
  const missing = registered.keys.find((key) => !keys.has(key))
  if (missing)
    throw invalidKeys(`The selector ${missing.name} is missing: it is a key of ${registered.name}.`)
  return keys
}
