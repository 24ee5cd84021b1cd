import { UsageError } from '../errors/errors.js'
import { resourceNotFound } from './class-faults.js'
import { callUser, later, type Source } from './instance-source.js'
import { sameKey } from './key-values.js'
import type { CreateCall, DeleteCall, EndpointClass, EndpointInstance, PutCall } from './types.js'
import { memberOf } from './wql/values.js'

/** Where the instances of a class are, and how they are changed; what is missing the class does not support. */
export interface InstanceStore extends Pick<EndpointClass, 'put' | 'create' | 'delete'> {
  /** The instances of the class itself, without those of classes derived from it. */
  read(): Source<EndpointInstance>
}

/** @throws UsageError for a list with handlers, because the endpoint keeps it; for an abstract class with instances */
export function storeOf(definition: EndpointClass, keys: readonly string[]): InstanceStore {
  const { name, instances = [], put, create, delete: remove } = definition
  if (definition.abstract === true) {
    if (definition.instances === undefined && !put && !create && !remove) return { read: () => [] }
    throw new UsageError(`The class ${name} is abstract and has no instances of its own.`)
  }
  if (typeof instances !== 'function') {
    if (!put && !create && !remove) return new InstanceList(name, keys, instances)
    throw new UsageError(
      `The class ${name} has put, create or delete, which go with instances that come from a function.`,
    )
  }
  return {
    read: () => {
      const given = callUser(instances)
      return given instanceof Promise ? later(given) : given
    },
    ...(put ? { put } : {}),
    ...(create ? { create } : {}),
    ...(remove ? { delete: remove } : {}),
  }
}

/** Whoever is in the middle of reading goes on with the list as it was. */
class InstanceList implements InstanceStore {
  readonly #className: string
  readonly #keys: readonly string[]
  #instances: readonly EndpointInstance[]

  constructor(className: string, keys: readonly string[], instances: readonly EndpointInstance[]) {
    this.#className = className
    this.#keys = keys
    this.#instances = [...instances]
  }

  read(): Source<EndpointInstance> {
    return this.#instances
  }

  put({ instance, properties }: PutCall): void {
    const index = this.#indexOf(instance)
    const changed = new Set(Object.keys(properties).map((name) => name.toLowerCase()))
    const kept = Object.entries(this.#instances[index] ?? {}).filter(
      ([name]) => !changed.has(name.toLowerCase()),
    )
    this.#instances = this.#instances.with(index, { ...Object.fromEntries(kept), ...properties })
  }

  create({ properties }: CreateCall): void {
    this.#instances = [...this.#instances, properties]
  }

  delete({ instance }: DeleteCall): void {
    this.#instances = this.#instances.toSpliced(this.#indexOf(instance), 1)
  }

  /** By its keys: another request may have changed the rest since the instance was found. */
  #indexOf(instance: EndpointInstance): number {
    const index = this.#instances.findIndex((candidate) =>
      this.#keys.every((key) => sameKey(memberOf(candidate, key), memberOf(instance, key))),
    )
    if (index < 0) throw resourceNotFound(`The instance of ${this.#className} is gone.`)
    return index
  }
}
