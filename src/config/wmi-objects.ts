import type { EndpointReference, Selectors } from '../envelope/endpoint-reference.js'
import type { Instance, RawValue } from '../envelope/instance.js'
import type { Properties } from '../envelope/instance-encoder.js'
import type { OptionSet } from '../envelope/options.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { isWsmanFault, type WsmanFault } from '../errors/fault.js'
import { createEnumeration } from '../enumeration/enumerate-options.js'
import type { CallOptions } from '../operations/call-options.js'
import type { FilterExpression } from '../operations/filters.js'
import type { ObjectAndReference } from '../operations/item-decoders.js'
import { invokeOperation } from '../operations/invoke.js'
import type { OperationRunner } from '../operations/operation.js'
import { createOperation, deleteOperation, getOperation } from '../operations/transfer.js'
import { methodFailed } from './method-output.js'

const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'

/** A class of WMI: `root/cimv2`, `Win32_Service`. `*` stands for every class of the namespace, for queries. */
export const wmiClass = (namespace: string, className: string, selectors?: Selectors): ResourceLocator => {
  const resourceUri = `${WMI}/${namespace.replaceAll('\\', '/')}/${className}`
  return selectors === undefined ? { resourceUri } : { resourceUri, selectors }
}

/** The few objects of WMI that access to a host depends on. */
export class WmiObjects {
  readonly #runner: OperationRunner
  readonly #options: CallOptions

  constructor(runner: OperationRunner, options: CallOptions) {
    this.#runner = runner
    this.#options = options
  }

  get host(): string {
    return this.#runner.host
  }

  get(resource: ResourceLocator): Promise<Instance> {
    return this.#runner.run(getOperation(resource), this.#options)
  }

  /** @param context named values for the provider (`wmi:`, MS-WSMV 3.1.4.1.10) */
  async all(resource: ResourceLocator, context: OptionSet = {}): Promise<readonly Instance[]> {
    return await createEnumeration(this.#runner, resource, this.#few('object', context)).toArray()
  }

  /** With the way to each, so that nobody here needs to know its keys. */
  async allWithReferences(resource: ResourceLocator): Promise<readonly ObjectAndReference[]> {
    return await createEnumeration(this.#runner, resource, this.#few('objectAndEpr', {})).toArray()
  }

  async query(namespace: string, filter: FilterExpression): Promise<readonly Instance[]> {
    const resource = wmiClass(namespace, '*')
    return await createEnumeration(this.#runner, resource, { ...this.#few('object', {}), filter }).toArray()
  }

  /** @param context named values for the provider (`wmi:` and `wmiarray:`, MS-WSMV 3.1.4.1.10) */
  create(
    resource: ResourceLocator,
    properties: Properties,
    context: OptionSet = {},
  ): Promise<EndpointReference> {
    return this.#runner.run(createOperation(resource, properties), this.#with(context))
  }

  delete(resource: ResourceLocator): Promise<void> {
    return this.#runner.run(deleteOperation(resource), this.#options)
  }

  /**
   * @param meanings what values other than 0 mean, where they are the method's own; else they are codes of Windows
   * @throws WsmanFault also where the method returns anything but 0
   */
  async invoke(
    resource: ResourceLocator,
    method: string,
    parameters: Properties = {},
    meanings?: Readonly<Record<number, string>>,
  ): Promise<Instance> {
    const output = await this.#runner.run(invokeOperation(resource, method, parameters), this.#options)
    const code = Number(output.ReturnValue ?? 0)
    if (code === 0) return output
    const { resourceUri } = resource
    const name = `${resourceUri.slice(resourceUri.lastIndexOf('/') + 1)}.${method}`
    const meaning = meanings && (meanings[code] ?? 'it failed')
    throw methodFailed(name, code, this.#runner.host, meaning)
  }

  #few<Mode extends 'object' | 'objectAndEpr'>(mode: Mode, context: OptionSet) {
    return { ...this.#with(context), mode, prefetch: 0 } as const
  }

  #with(context: OptionSet): CallOptions {
    return { ...this.#options, optionSet: { ...this.#options.optionSet, ...context } }
  }
}

/** The text of a property; empty where it is null or missing. */
export const textOf = (value: RawValue | undefined): string => (typeof value === 'string' ? value.trim() : '')

/**
 * No such class or instance, or no right to it, so that nothing can be known; anything else, as a lost connection, a
 * lack of room or an abort, is the caller's to know.
 */
export function isUnavailable(error: unknown): error is WsmanFault {
  return isWsmanFault(error) && !error.retryable
}
