import { associatorsOf, referencesOf } from '../enumeration/association-filters.js'
import { createEnumeration, type EnumerateOptions } from '../enumeration/enumerate-options.js'
import { Enumeration } from '../enumeration/enumeration.js'
import { DIALECT } from '../enumeration/filters.js'
import type { CimClass } from '../envelope/cim-class.js'
import type { EndpointReference } from '../envelope/endpoint-reference.js'
import { mergeInstance, type Instance } from '../envelope/instance.js'
import type { Properties, PropertyValue } from '../envelope/instance-encoder.js'
import { locate, type ResourceLocator } from '../envelope/resource.js'
import { UsageError } from '../errors/errors.js'
import { ALL_CLASSES_OPTIONS, classSchemaResource, decodeClasses } from '../operations/class-schema.js'
import type { CallOptions } from '../operations/call-options.js'
import type { AssociationFilter, FilterExpression, TextFilter } from '../operations/filters.js'
import { invokeOperation } from '../operations/invoke.js'
import type { OperationRunner } from '../operations/operation.js'
import { createOperation, deleteOperation, getOperation, putOperation } from '../operations/transfer.js'
import { asOneCall } from '../util/call-scope.js'
import type { ClassCache } from './class-cache.js'
import {
  allClasses,
  allClassesAround,
  classResource,
  normalizeNamespace,
  type ClassFamily,
  type ClassPlace,
} from './class-uri.js'
import type {
  CimAssociatorsOptions,
  CimCallOptions,
  CimEnumerateOptions,
  CimKeys,
  CimPlace,
  CimQueryOptions,
  CimReferencesOptions,
  CimResult,
  CimTarget,
  Unspecified,
} from './cim-options.js'
import { typingContext, type Typing } from './typing.js'

/** Names the properties that are meant, for providers that would change all of them (Microsoft's own client sends it). */
const MODIFIED_PROPERTIES = 'wmiarray:__MIInstanceModifiedPropertiesList'

/** @internal */
export interface CimContext {
  readonly runner: OperationRunner
  readonly classes: ClassCache
  readonly typing: Typing
  readonly family: ClassFamily
}

/**
 * CIM classes by name: `client.cim`. Everything goes over the same verbs as `client.get` and `client.enumerate`; what is
 * added are the URIs of classes and namespaces, and types.
 *
 * With `typed: true` integers are numbers, those of 64 bits bigint, times `CimDateTime` or `CimInterval`, arrays always
 * arrays. Otherwise values are the text of the wire.
 */
export class CimClient {
  readonly #context: CimContext

  /** @internal */
  constructor(context: CimContext) {
    this.#context = context
  }

  /**
   * The instances that a query selects, streamed.
   * @param query what `wql` or `cql` returns; a string is WQL as it stands, so values in it are not escaped
   */
  query<T extends object = Unspecified, Options extends CimQueryOptions = CimQueryOptions>(
    query: TextFilter | string,
    options?: Options,
  ): Enumeration<CimResult<T, Options>> {
    const filter = typeof query === 'string' ? { dialect: DIALECT.wql, text: query } : query
    return this.#enumerate(allClasses(this.#place(options)), { ...options, filter })
  }

  /** The instances of a class and of those derived from it, streamed. */
  enumerateInstances<
    T extends object = Unspecified,
    Options extends CimEnumerateOptions = CimEnumerateOptions,
  >(className: string, options?: Options): Enumeration<CimResult<T, Options>> {
    return this.#enumerate(classResource(this.#place(options), className), { ...options })
  }

  /**
   * One instance by its keys.
   * @throws WsmanFault where there is none
   */
  async getInstance<T extends object = Unspecified, Options extends CimCallOptions = CimCallOptions>(
    target: CimTarget,
    keys: CimKeys = {},
    options?: Options,
  ): Promise<CimResult<T, Options>> {
    const { runner, typing } = this.#context
    const given: CimCallOptions = options ?? {}
    const resource = this.#target(target, keys, given)
    const result = await asOneCall(given, async (call) => {
      const instance = await runner.run(getOperation(resource), call)
      return call.typed === true ? await typing.one(instance, typingContext(resource), call) : instance
    })
    return result as CimResult<T, Options>
  }

  /** Makes an instance. Never sent twice. @returns the way to it */
  async createInstance(
    className: string,
    properties: Properties,
    options: CimPlace & CallOptions = {},
  ): Promise<EndpointReference> {
    const resource = classResource(this.#place(options), className)
    return await this.#context.runner.run(createOperation(resource, properties), options)
  }

  /**
   * Changes properties of an instance. It is read, changed and written back whole, and the request names the properties
   * that are meant, so that others are left alone by providers that heed it.
   * @returns the instance as the service then has it, as text; empty where it does not say
   */
  async modifyInstance(
    target: CimTarget,
    keys: CimKeys,
    changes: Properties,
    options: CimPlace & CallOptions = {},
  ): Promise<Instance> {
    const { runner } = this.#context
    const resource = this.#target(target, keys, options)
    if (Object.values(changes).every((value) => value === undefined))
      throw new UsageError('Nothing is to be changed.')
    return await asOneCall(options, async (call) => {
      const current: Instance<PropertyValue> = await runner.run(getOperation(resource), call)
      const named = namedLike(current, changes)
      const put = putOperation(resource, mergeInstance(current, named))
      const modified = Object.keys(named).map((value) => ({ value, type: 'xs:string' }))
      return await runner.run({ ...put, options: { [MODIFIED_PROPERTIES]: modified } }, call)
    })
  }

  /** Deletes an instance. */
  async deleteInstance(
    target: CimTarget,
    keys: CimKeys = {},
    options: CimPlace & CallOptions = {},
  ): Promise<void> {
    await this.#context.runner.run(deleteOperation(this.#target(target, keys, options)), options)
  }

  /** The objects that associations tie to an instance, streamed (DSP0227 8.2). */
  associators<T extends object = Unspecified, Options extends CimAssociatorsOptions = CimAssociatorsOptions>(
    target: CimTarget,
    options?: Options,
  ): Enumeration<CimResult<T, Options>> {
    return this.#associated(target, options, (object) => associatorsOf(object, options))
  }

  /** The associations of an instance themselves, streamed (DSP0227 8.2). */
  references<T extends object = Unspecified, Options extends CimReferencesOptions = CimReferencesOptions>(
    target: CimTarget,
    options?: Options,
  ): Enumeration<CimResult<T, Options>> {
    return this.#associated(target, options, (object) => referencesOf(object, options))
  }

  /**
   * Calls a method (MS-WSMV 3.1.4.1.32): of a class where it is static, else of an instance. Never sent twice.
   * @returns the out parameters, `ReturnValue` among them; whether it means success is the method's own affair
   */
  async invokeMethod<T extends object = Unspecified, Options extends CimCallOptions = CimCallOptions>(
    target: CimTarget,
    method: string,
    parameters: Properties = {},
    options?: Options,
  ): Promise<CimResult<T, Options>> {
    const { runner } = this.#context
    const given: CimCallOptions = options ?? {}
    const resource = this.#target(target, {}, given)
    const result = await asOneCall(given, async (call) => {
      const output = await runner.run(invokeOperation(resource, method, parameters), call)
      return call.typed === true ? await this.#typedOutput(output, resource, method, call) : output
    })
    return result as CimResult<T, Options>
  }

  /**
   * The definition of a class (MS-WSMV 3.1.4.1.38). Asked for once for all calls of the client.
   * @throws WsmanFault where there is no such class, and by services that tell no definitions: Windows before 8 and
   * Server 2012, many others
   */
  async getClass(
    className: string,
    options: Pick<CimPlace, 'namespace'> & Pick<CallOptions, 'signal' | 'timeoutMs'> = {},
  ): Promise<CimClass> {
    const namespace = normalizeNamespace(options.namespace)
    const { classes } = this.#context
    return await asOneCall(options, ({ signal }) => classes.get(namespace, className, signal))
  }

  /** The definitions of all classes of a namespace, streamed. */
  enumerateClasses(options: Omit<CimQueryOptions, 'schemaUri' | 'typed'> = {}): Enumeration<CimClass> {
    const namespace = normalizeNamespace(options.namespace)
    return new Enumeration(this.#context.runner, {
      mode: 'object',
      optimize: options.optimize ?? true,
      prefetch: options.prefetch ?? 1,
      maxElements: options.maxElements,
      maxTimeMs: options.maxTimeMs,
      expiresMs: options.expiresMs,
      resource: classSchemaResource(namespace),
      items: decodeClasses(namespace),
      options: { ...options, optionSet: { ...ALL_CLASSES_OPTIONS, ...options.optionSet } },
    })
  }

  #associated<T, Options>(
    target: CimTarget,
    options: CimQueryOptions | undefined,
    filterOf: (object: ResourceLocator) => AssociationFilter,
  ): Enumeration<CimResult<T, Options>> {
    const object = this.#target(target, {}, options ?? {})
    const around = allClassesAround(object, this.#place(options))
    return this.#enumerate(around, { ...options, filter: filterOf(object) })
  }

  #enumerate<T, Options>(
    resource: ResourceLocator,
    options: EnumerateOptions & { filter?: FilterExpression | undefined },
  ): Enumeration<CimResult<T, Options>> {
    const { runner, typing } = this.#context
    runner.lifetime.assertAlive()
    const context = typingContext(resource, options.filter)
    const refine =
      options.typed === true
        ? (instances: Instance[], call: CallOptions) => typing.all(instances, context, call)
        : undefined
    const instances = createEnumeration<'object'>(runner, resource, { ...options, mode: 'object' }, refine)
    return instances as Enumeration<unknown> as Enumeration<CimResult<T, Options>>
  }

  async #typedOutput(output: Instance, resource: ResourceLocator, method: string, call: CallOptions) {
    const { classes, typing } = this.#context
    const { namespace = normalizeNamespace(), className = '' } = typingContext(resource)
    const { definition } = await classes.find(namespace, className, call.signal)
    const name = method.slice(method.lastIndexOf('/') + 1).toLowerCase()
    const declared = definition?.methods.find((candidate) => candidate.name.toLowerCase() === name)
    return await typing.output(output, { namespace, definition: declared }, call)
  }

  #place(options: CimPlace | undefined): ClassPlace {
    const { namespace, schemaUri } = options ?? {}
    return { family: this.#context.family, namespace, schemaUri }
  }

  #target(target: CimTarget, keys: CimKeys, options: CimPlace): ResourceLocator {
    if (typeof target === 'string' && !/^[\w.+-]+[:/]/.test(target)) {
      return classResource(this.#place(options), target, keys)
    }
    const { resourceUri, selectors, fragment } = locate(target)
    if (fragment !== undefined)
      throw new UsageError('A part of an instance is read and written with get and put.')
    return { resourceUri, selectors: { ...selectors, ...keys } }
  }
}

/** The changes under the names the instance has them by: CIM does not heed letter case, objects do. */
function namedLike(current: Instance<unknown>, changes: Properties): Record<string, PropertyValue> {
  const names = new Map(Object.keys(current).map((name) => [name.toLowerCase(), name]))
  const entries = Object.entries(changes).flatMap(([name, value]) =>
    value === undefined ? [] : [[names.get(name.toLowerCase()) ?? name, value] as const],
  )
  return Object.fromEntries(entries)
}
