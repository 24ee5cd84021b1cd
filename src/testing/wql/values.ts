import type { EndpointInstance, EndpointRef, EndpointValue } from '../types.js'
import { fold } from './case-folding.js'
import { WqlSyntaxError } from './errors.js'
import { parseObjectPath, type KeyValue, type ObjectPath } from './object-path.js'

export function isEndpointRef(value: EndpointValue): value is EndpointRef {
  return isRecord(value) && typeof value.className === 'string' && isRecord(value.keys ?? null)
}

/** An object with named members: neither an array nor a date. */
export function isRecord(value: EndpointValue): value is EndpointInstance {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** A property that an instance does not carry is NULL. Letter case does not count. */
export function memberOf(instance: EndpointInstance, name: string): EndpointValue {
  if (Object.hasOwn(instance, name)) return instance[name] ?? null
  const wanted = fold(name)
  const key = Object.keys(instance).find((candidate) => fold(candidate) === wanted)
  return key === undefined ? null : (instance[key] ?? null)
}

/**
 * Whether a reference, or the object path in its place, names the same object as a path. Letter case never counts
 * in object paths; a namespace counts only where both sides give one.
 */
export function sameObject(reference: EndpointRef | string, path: string): boolean {
  const right = readPath(path)
  const left = typeof reference === 'string' ? readPath(reference) : fromRef(reference)
  if (left === undefined || right === undefined) {
    return typeof reference === 'string' && fold(reference) === fold(path)
  }
  return (
    fold(left.className) === fold(right.className) &&
    (left.namespace === undefined ||
      right.namespace === undefined ||
      fold(left.namespace) === fold(right.namespace)) &&
    sameKeys(left, right)
  )
}

function sameKeys(left: ObjectPath, right: ObjectPath): boolean {
  if (left.keys.length !== right.keys.length || left.singleton !== right.singleton) return false
  return left.keys.every(({ name, value }) =>
    right.keys.some(
      (key) =>
        (name === undefined || key.name === undefined || fold(name) === fold(key.name)) &&
        foldedKey(value) === foldedKey(key.value),
    ),
  )
}

/** Keys are compared as text: services write numeric keys with and without quotes. */
function foldedKey(value: KeyValue): string {
  return fold(String(value))
}

function readPath(text: string): ObjectPath | undefined {
  try {
    return parseObjectPath(text)
  } catch (error) {
    if (error instanceof WqlSyntaxError) return undefined
    throw error
  }
}

function fromRef({ className, namespace, keys }: EndpointRef): ObjectPath {
  const entries = Object.entries(keys)
  return {
    server: undefined,
    namespace: namespace?.replaceAll('\\', '/'),
    className,
    keys: entries.map(([name, value]) => ({
      name,
      value: typeof value === 'number' ? String(value) : isEndpointRef(value) ? pathOf(value) : value,
    })),
    singleton: false,
  }
}

/** A reference in the form in which the keys of associations hold it. */
function pathOf({ className, keys }: EndpointRef): string {
  const written = Object.entries(keys).map(
    ([name, value]) => `${name}=${JSON.stringify(isEndpointRef(value) ? pathOf(value) : String(value))}`,
  )
  return `${className}.${written.join()}`
}
