import { ACTION } from '../envelope/actions.js'
import { changesOf, newInstance } from './class-changes.js'
import { classItems } from './class-enumeration.js'
import { alreadyExists, enumerationHasKeys } from './class-faults.js'
import type { ClassRegistry } from './class-registry.js'
import { addressOf, ownSelectors, type ClassAddress } from './class-uri.js'
import { inTime } from './deadline.js'
import type { Enumerations } from './enumerations.js'
import { actionNotSupported, fragmentsNotSupported, schemaValidation } from './faults.js'
import { fragmentChange, fragmentOf } from './fragment.js'
import { allInstances, findClass, findInstance, hasKeys, type Found } from './instance-finder.js'
import { asFault, findIn } from './instance-source.js'
import { InstanceWriter } from './instance-writer.js'
import type { EndpointReply, EndpointRequest, EndpointService } from './message.js'
import { readParameters } from './parameter-reader.js'
import { PropertyReader } from './property-reader.js'
import { providerContext } from './provider-context.js'

/** Instances, queries and methods of classes (MS-WSMV 3.1.4.1.34.3.1, DSP0227). */
export class ClassService implements EndpointService {
  readonly #registry: ClassRegistry
  readonly #enumerations: Enumerations

  constructor(registry: ClassRegistry, enumerations: Enumerations) {
    this.#registry = registry
    this.#enumerations = enumerations
  }

  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    const { action, headers } = request
    const address = addressOf(request.resourceUri, headers.selectors)
    const isGetOrPut = action === ACTION.get || action === ACTION.put
    if (headers.fragment !== undefined && !isGetOrPut) throw fragmentsNotSupported()
    switch (action) {
      case ACTION.get:
        return this.#get(request, address)
      case ACTION.put:
        return this.#put(request, address)
      case ACTION.create:
        return this.#create(request, address)
      case ACTION.delete:
        return this.#delete(request, address)
      case ACTION.enumerate:
        return this.#enumerations.enumerate(request, (enumerate) => {
          const [key] = ownSelectors(headers.selectors)
          if (key) throw enumerationHasKeys(`An enumeration takes no selectors; ${key[0]} is one.`)
          return classItems(this.#registry, address, enumerate)
        })
      case ACTION.pull:
        return this.#enumerations.pull(request)
      case ACTION.release:
        return this.#enumerations.release(request)
      default:
        return this.#invoke(request, address)
    }
  }

  async #get(request: EndpointRequest, address: ClassAddress): Promise<EndpointReply> {
    const { fragment } = request.headers
    const found = await this.#find(request, address)
    const writer = new InstanceWriter(this.#registry, address.family)
    const action = `${ACTION.get}Response`
    if (fragment !== undefined) return { action, body: fragmentOf(writer, found, fragment), fragment }
    return { action, body: writer.instance(found.registered, found.instance, 'en-US') }
  }

  /** Answers with the instance, or the part of it, as it then is (DSP0226 7.4 and 7.8). */
  async #put(request: EndpointRequest, address: ClassAddress): Promise<EndpointReply> {
    const { fragment } = request.headers
    const found = await this.#find(request, address)
    const { store } = found.registered
    if (!store.put) throw actionNotSupported(request.action)
    const properties =
      fragment === undefined
        ? changesOf(this.#registry, found, request)
        : fragmentChange(new PropertyReader(this.#registry), found, fragment, request.body)
    await change(request, () => store.put?.({ instance: found.instance, properties }))
    const { registered, instance } = await this.#find(request, address)
    const writer = new InstanceWriter(this.#registry, address.family)
    const action = `${ACTION.put}Response`
    if (fragment === undefined) return { action, body: writer.instance(registered, instance) }
    return { action, body: fragmentOf(writer, { registered, instance }, fragment), fragment }
  }

  async #create(request: EndpointRequest, address: ClassAddress): Promise<EndpointReply> {
    const registered = findClass(this.#registry, address)
    const { store } = registered
    if (!store.create) throw actionNotSupported(request.action)
    const properties = newInstance(this.#registry, registered, request)
    const twin = findIn(allInstances(this.#registry, registered), ({ instance }) =>
      hasKeys(registered, instance, properties),
    )
    if (await inTime(request, twin)) {
      throw alreadyExists(`${registered.name} has an instance with these keys already.`)
    }
    const context = providerContext(request)
    await change(request, () => store.create?.({ properties, context }))
    const writer = new InstanceWriter(this.#registry, address.family)
    return { action: `${ACTION.create}Response`, body: writer.created(registered, properties) }
  }

  async #delete(request: EndpointRequest, address: ClassAddress): Promise<EndpointReply> {
    const { registered, instance } = await this.#find(request, address)
    const { store } = registered
    if (!store.delete) throw actionNotSupported(request.action)
    await change(request, () => store.delete?.({ instance }))
    return { action: `${ACTION.delete}Response`, body: [] }
  }

  /** The action is the resource URI with the method's name (DSP0230 10.3). */
  async #invoke(request: EndpointRequest, address: ClassAddress): Promise<EndpointReply> {
    const { action, body, headers } = request
    const prefix = `${request.resourceUri}/`.toLowerCase()
    if (!action.toLowerCase().startsWith(prefix)) throw actionNotSupported(action)
    const registered = findClass(this.#registry, address)
    const name = action.slice(prefix.length).toLowerCase()
    const namesNone =
      ownSelectors(headers.selectors).length === 0 &&
      registered.keys.length > 0 &&
      registered.definition.singleton !== true
    const isStatic = registered.methods.get(name)?.isStatic ?? namesNone
    const target = isStatic ? { registered, instance: undefined } : await this.#find(request, address)
    const method = target.registered.methods.get(name)
    if (!method) throw actionNotSupported(action)
    const [input] = body
    if (!input?.name.local.toLowerCase().endsWith('_input')) {
      throw schemaValidation(`The body of a method call is an element ${method.name}_INPUT.`)
    }
    const parameters = method.parameters
      ? new PropertyReader(this.#registry).parameters(target.registered, method, input)
      : readParameters(input)
    const call = { instance: target.instance, parameters }
    const output = await change(request, () => method.run(call))
    const writer = new InstanceWriter(this.#registry, address.family)
    return { action: `${action}Response`, body: writer.output(registered, method, output) }
  }

  #find(request: EndpointRequest, address: ClassAddress): Promise<Found> {
    const registered = findClass(this.#registry, address)
    return inTime(request, findInstance(this.#registry, registered, request.headers.selectors))
  }
}

/** Runs what the endpoint's user supplied, for as long as the client waits. */
function change<T>(request: EndpointRequest, run: () => T | Promise<T>): Promise<T> {
  return inTime(request, runUser(run))
}

async function runUser<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw asFault(error)
  }
}
