import { typingChannel, type TypeSource, type TypingTrace } from '../diagnostics/channels.js'
import type { CimMethodDefinition, CimTyped } from '../envelope/cim-class.js'
import type { CimInstance } from '../envelope/cim-value.js'
import { isEndpointReference } from '../envelope/endpoint-reference.js'
import { metadataOf, type Instance, type RawValue } from '../envelope/instance.js'
import type { ResourceLocator } from '../envelope/resource.js'
import type { CallOptions } from '../operations/call-options.js'
import type { FilterExpression } from '../operations/filters.js'
import type { ClassCache, KnownClass } from './class-cache.js'
import { namespaceOf, schemaNamespace } from './class-uri.js'
import { embeddedClassName, InstanceTyper, propertiesByName, type ClassOf } from './typed-instances.js'
import type { CallSignal } from '../util/signal.js'

/** What was asked for: answers do not always say of which class they are. */
export interface TypingContext {
  readonly namespace: string | undefined
  readonly className: string | undefined
}

/** A projection has no class of its own: it is that of FROM, which no literal can stand before. */
export function typingContext(resource: ResourceLocator, filter?: FilterExpression): TypingContext {
  const { resourceUri } = resource
  const last = resourceUri.slice(resourceUri.lastIndexOf('/') + 1)
  const from = filter && 'text' in filter ? /\bfrom\s+([a-z_]\w*)/i.exec(filter.text)?.[1] : undefined
  const result = filter && 'object' in filter ? filter.resultClassName : undefined
  return {
    namespace: namespaceOf(resource),
    className: from ?? result ?? (/^[A-Za-z_]\w*$/.test(last) ? last : undefined),
  }
}

/** Gives instances the types of their classes, whose definitions are asked for once. */
export class Typing {
  readonly #classes: ClassCache

  constructor(classes: ClassCache) {
    this.#classes = classes
  }

  async one(instance: Instance, context: TypingContext, options: CallOptions): Promise<CimInstance> {
    const [typed] = await this.all([instance], context, options)
    return typed ?? {}
  }

  /** @returns the same objects; the values in them are replaced */
  async all(instances: Instance[], context: TypingContext, options: CallOptions): Promise<CimInstance[]> {
    const run = new TypingRun(this.#classes, options.signal)
    return await run.type(instances, (instance) => run.classOf(instance, context))
  }

  /** Types the output of a method by what it is declared with. */
  async output(
    output: Instance,
    method: { readonly namespace: string; readonly definition: CimMethodDefinition | undefined },
    options: CallOptions,
  ): Promise<CimInstance> {
    const { namespace, definition } = method
    const of: ClassOf = {
      namespace,
      className: metadataOf(output)?.className ?? '',
      properties: definition && propertiesByName([...returnValue(definition), ...definition.parameters]),
      isWhole: false,
    }
    const [typed] = await new TypingRun(this.#classes, options.signal).type([output], () => of)
    return typed ?? {}
  }
}

const returnValue = ({ returnType }: CimMethodDefinition): readonly CimTyped[] =>
  returnType === undefined
    ? []
    : [{ name: 'ReturnValue', type: returnType, isArray: false, isEmbedded: false, qualifiers: {} }]

type Missing = Map<string, readonly [namespace: string, className: string]>

/** The typing of one reply: what it found out about classes holds to its end. */
class TypingRun {
  readonly #classes: ClassCache
  readonly #signal: CallSignal | undefined
  readonly #found = new Map<string, KnownClass>()
  readonly #made = new Map<string, ClassOf>()
  #missing: Missing = new Map()

  constructor(classes: ClassCache, signal: CallSignal | undefined) {
    this.#classes = classes
    this.#signal = signal
  }

  async type(instances: Instance[], classOf: (instance: Instance) => ClassOf): Promise<CimInstance[]> {
    do {
      this.#missing = new Map()
      for (const instance of instances) this.#look(instance, classOf(instance))
      await Promise.all([...this.#missing].map(([key, names]) => this.#ask(key, ...names)))
      // What is inside a class is known only once the class is.
    } while (this.#missing.size > 0)
    const report = typingChannel.hasSubscribers ? new TypingReport() : undefined
    const typer = new InstanceTyper(
      (className, owner) => this.#named(owner.namespace, className),
      report && ((of, property, source) => report.note(of, property, source)),
    )
    const typed = instances.map((instance) => typer.type(instance, classOf(instance)))
    report?.publish(this.#classes.host, (of) => this.#known(of.namespace, of.className)?.error)
    return typed
  }

  classOf(instance: Instance, context: TypingContext): ClassOf {
    const { className = '', namespaceUri = '' } = metadataOf(instance) ?? {}
    if (className === 'XmlFragment') return this.#named(context.namespace, context.className, false)
    return this.#named(schemaNamespace(namespaceUri, context.namespace), className, true)
  }

  #named(namespace: string | undefined, className = '', isWhole = true): ClassOf {
    const key = keyOf(namespace, `${className} ${String(isWhole)}`)
    const made = this.#made.get(key)
    if (made) return made
    const known = this.#known(namespace, className)
    const properties = known?.definition && propertiesByName(known.definition.properties)
    const of: ClassOf = { namespace, className, properties, isWhole }
    if (known || namespace === undefined || className === '') this.#made.set(key, of)
    else this.#missing.set(keyOf(namespace, className), [namespace, className])
    return of
  }

  #known(namespace: string | undefined, className: string): KnownClass | undefined {
    if (namespace === undefined) return undefined
    return this.#found.get(keyOf(namespace, className)) ?? this.#classes.peek(namespace, className)
  }

  async #ask(key: string, namespace: string, className: string): Promise<void> {
    this.#found.set(key, await this.#classes.find(namespace, className, this.#signal))
  }

  /** Finds the classes of the instances inside. */
  #look(instance: Instance, of: ClassOf): void {
    const known = metadataOf(instance)?.properties
    for (const name of Object.keys(instance)) {
      const value = instance[name] as RawValue
      if (typeof value !== 'object' || value === null) continue
      const metadata = known && Object.hasOwn(known, name) ? known[name] : undefined
      for (const item of Array.isArray(value) ? value : [value]) {
        if (typeof item !== 'object' || item === null || Array.isArray(item) || isEndpointReference(item))
          continue
        const declared = of.properties?.get(name.toLowerCase())
        this.#look(item, this.#named(of.namespace, embeddedClassName(metadata, declared)))
      }
    }
  }
}

const keyOf = (namespace: string | undefined, className: string): string =>
  `${namespace ?? ''}:${className}`.toLowerCase()

/** Gathers where types came from, class by class. */
class TypingReport {
  readonly #classes = new Map<ClassOf, Map<string, Set<TypeSource>>>()

  note(of: ClassOf, property: string, source: TypeSource): void {
    const sources = this.#classes.get(of) ?? new Map<string, Set<TypeSource>>()
    this.#classes.set(of, sources)
    sources.set(property, (sources.get(property) ?? new Set<TypeSource>()).add(source))
  }

  publish(host: string, schemaError: (of: ClassOf) => unknown): void {
    for (const [of, sources] of this.#classes) {
      const trace: TypingTrace = {
        host,
        namespace: of.namespace,
        className: of.className,
        sources: Object.fromEntries([...sources].map(([name, set]) => [name, [...set]] as const)),
        schemaError: schemaError(of),
      }
      typingChannel.publish(trace)
    }
  }
}
