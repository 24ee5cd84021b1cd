import { UsageError } from '../errors/errors.js'
import { normalize } from './cim-namespace.js'
import { storeOf, type InstanceStore } from './instance-store.js'
import type { EndpointClass, EndpointInstance, MethodCall, PropertyDefinition } from './types.js'
import type { WqlClassInfo } from './wql/class-info.js'

export type EndpointMethod = (call: MethodCall) => EndpointInstance | Promise<EndpointInstance>

/** A property with all its facts, its name as the class spells it. */
export interface RegisteredProperty extends PropertyDefinition {
  readonly name: string
}

/** A class with what it inherits. */
export interface RegisteredClass {
  readonly definition: EndpointClass
  readonly name: string
  /** With slashes: `root/cimv2`. */
  readonly namespace: string
  readonly superclass: RegisteredClass | undefined
  /** Inherited ones included, in the order of Windows' replies: by name, without letter case. */
  readonly properties: readonly RegisteredProperty[]
  readonly keys: readonly RegisteredProperty[]
  readonly store: InstanceStore
  /** Inherited ones included, by name in lower case. */
  readonly methods: ReadonlyMap<string, { readonly name: string; readonly run: EndpointMethod }>
  /** What queries need to know. */
  readonly info: WqlClassInfo
}

const NAME = /^[A-Za-z_]\w*$/

/** The classes of the endpoint by namespace and name; letter case does not count. */
export class ClassRegistry {
  readonly #classes = new Map<string, RegisteredClass>()
  readonly #subclasses = new Map<RegisteredClass, RegisteredClass[]>()

  /** @throws UsageError for classes that cannot be served */
  constructor(classes: readonly EndpointClass[]) {
    const definitions = new Map<string, EndpointClass>()
    for (const definition of classes) {
      assertNames(definition)
      const key = keyOf(definition.namespace, definition.name)
      if (definitions.has(key)) throw new UsageError(`The class ${definition.name} is given twice.`)
      definitions.set(key, definition)
    }
    for (const key of definitions.keys()) this.#register(key, definitions, [])
  }

  find(namespace: string, name: string): RegisteredClass | undefined {
    return this.#classes.get(keyOf(namespace, name))
  }

  all(namespace: string): readonly RegisteredClass[] {
    const wanted = normalize(namespace).toLowerCase()
    return [...this.#classes.values()].filter((entry) => entry.namespace.toLowerCase() === wanted)
  }

  /** The class and every class derived from it. */
  withSubclasses(registered: RegisteredClass): readonly RegisteredClass[] {
    const derived = this.#subclasses.get(registered) ?? []
    return [registered, ...derived.flatMap((subclass) => this.withSubclasses(subclass))]
  }

  #register(
    key: string,
    definitions: ReadonlyMap<string, EndpointClass>,
    below: readonly string[],
  ): RegisteredClass | undefined {
    const known = this.#classes.get(key)
    const definition = definitions.get(key)
    if (known || !definition) return known
    if (below.includes(key)) throw new UsageError(`The class ${definition.name} is its own superclass.`)
    const superclass =
      definition.superclass === undefined
        ? undefined
        : this.#register(keyOf(definition.namespace, definition.superclass), definitions, [...below, key])
    const registered = this.#resolve(definition, superclass)
    this.#classes.set(key, registered)
    if (superclass) {
      this.#subclasses.set(superclass, [...(this.#subclasses.get(superclass) ?? []), registered])
    }
    return registered
  }

  #resolve(definition: EndpointClass, superclass: RegisteredClass | undefined): RegisteredClass {
    const namespace = normalize(definition.namespace)
    const properties = new Map(superclass?.properties.map((entry) => [entry.name.toLowerCase(), entry]))
    for (const [name, given] of Object.entries(definition.properties)) {
      const facts = typeof given === 'string' ? { type: given } : given
      properties.set(name.toLowerCase(), { ...facts, name })
    }
    const sorted = [...properties].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry)
    const keys = sorted.filter(({ key }) => key)
    const own = Object.entries(definition.methods ?? {}).map(
      ([name, run]) => [name.toLowerCase(), { name, run }] as const,
    )
    return {
      definition,
      name: definition.name,
      namespace,
      superclass,
      properties: sorted,
      keys,
      store: storeOf(
        definition,
        keys.map(({ name }) => name),
      ),
      methods: new Map([...(superclass?.methods ?? []), ...own]),
      info: {
        name: definition.name,
        properties: Object.fromEntries(sorted.map((entry) => [entry.name, entry])),
        superclassOf: (name) => this.find(namespace, name)?.definition.superclass,
        ...(definition.superclass === undefined ? {} : { superclass: definition.superclass }),
      },
    }
  }
}

const keyOf = (namespace: string | undefined, name: string): string =>
  `${normalize(namespace)}:${name}`.toLowerCase()

function assertNames({ name, namespace, superclass, properties, methods = {} }: EndpointClass): void {
  const names = [name, superclass ?? name, ...Object.keys(properties), ...Object.keys(methods)]
  for (const part of [...names, ...normalize(namespace).split('/')]) {
    if (!NAME.test(part)) {
      throw new UsageError(`${JSON.stringify(part)}, of the class ${name}, is no name that CIM knows.`)
    }
  }
}
