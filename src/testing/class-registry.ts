import { UsageError } from '../errors/errors.js'
import { normalize } from './cim-namespace.js'
import { storeOf } from './instance-store.js'
import { resolveMethods, resolveProperties, type RegisteredClass } from './registered-class.js'
import type { EndpointClass } from './types.js'

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
    const properties = resolveProperties(definition, superclass?.properties)
    const sorted = [...properties].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry)
    const keys = sorted.filter(({ key }) => key)
    const references = sorted.filter(({ type }) => type === 'reference')
    return {
      definition,
      name: definition.name,
      namespace,
      superclass,
      isAssociation: references.length > 1 || says(definition, 'association'),
      properties: sorted,
      keys,
      store: storeOf(
        definition,
        keys.map(({ name }) => name),
      ),
      methods: resolveMethods(definition, superclass?.methods),
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

const says = ({ qualifiers = {} }: EndpointClass, name: string): boolean =>
  Object.entries(qualifiers).some(([key, value]) => key.toLowerCase() === name && value === true)

function assertNames({ name, namespace, superclass, properties, methods = {} }: EndpointClass): void {
  const parameters = Object.values(methods).flatMap((method) =>
    typeof method === 'function' ? [] : Object.keys(method.parameters ?? {}),
  )
  const names = [name, superclass ?? name, ...Object.keys(properties), ...Object.keys(methods), ...parameters]
  for (const part of [...names, ...normalize(namespace).split('/')]) {
    if (!NAME.test(part)) {
      throw new UsageError(`${JSON.stringify(part)}, of the class ${name}, is no name that CIM knows.`)
    }
  }
}
