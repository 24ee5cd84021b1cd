import { ACTION } from '../envelope/actions.js'
import { classItems } from './class-enumeration.js'
import type { ClassRegistry } from './class-registry.js'
import { addressOf, type ClassAddress } from './class-uri.js'
import { inTime } from './deadline.js'
import type { Enumerations } from './enumerations.js'
import { actionNotSupported, invalidKeys, schemaValidation } from './faults.js'
import { fragmentOf } from './fragment.js'
import { findClass, findInstance, ownSelectors } from './instance-finder.js'
import { asFault } from './instance-source.js'
import { InstanceWriter } from './instance-writer.js'
import type { EndpointReply, EndpointRequest, EndpointService } from './message.js'
import { readParameters } from './parameter-reader.js'

/** Instances, queries and methods of classes (MS-WSMV 3.1.4.1.34.3.1, DSP0227). */
export class ClassService implements EndpointService {
  readonly #registry: ClassRegistry
  readonly #enumerations: Enumerations

  constructor(registry: ClassRegistry, enumerations: Enumerations) {
    this.#registry = registry
    this.#enumerations = enumerations
  }

  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    const { selectors } = request.headers
    const address = addressOf(request.resourceUri, selectors)
    switch (request.action) {
      case ACTION.get:
        return this.#get(request, address)
      case ACTION.enumerate:
        return this.#enumerations.enumerate(request, (enumerate) => {
          const [key] = ownSelectors(selectors)
          if (key) throw invalidKeys(`An enumeration takes no selectors; ${key[0]} is one.`)
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
    const { selectors, fragment } = request.headers
    const registered = findClass(this.#registry, address)
    const found = await inTime(request, findInstance(this.#registry, registered, selectors))
    const writer = new InstanceWriter(this.#registry, address.family)
    const action = `${ACTION.get}Response`
    if (fragment !== undefined) return { action, body: fragmentOf(writer, found, fragment), fragment }
    return { action, body: writer.instance(found.registered, found.instance, 'en-US') }
  }

  /** The action is the resource URI with the method's name (DSP0230 10.3). */
  async #invoke(request: EndpointRequest, address: ClassAddress): Promise<EndpointReply> {
    const { action, body, headers } = request
    const prefix = `${request.resourceUri}/`.toLowerCase()
    if (!action.toLowerCase().startsWith(prefix)) throw actionNotSupported(action)
    const registered = findClass(this.#registry, address)
    const isStatic =
      ownSelectors(headers.selectors).length === 0 &&
      registered.keys.length > 0 &&
      registered.definition.singleton !== true
    const target = isStatic
      ? { registered, instance: undefined }
      : await inTime(request, findInstance(this.#registry, registered, headers.selectors))
    const method = target.registered.methods.get(action.slice(prefix.length).toLowerCase())
    if (!method) throw actionNotSupported(action)
    const [input] = body
    if (!input?.name.local.toLowerCase().endsWith('_input')) {
      throw schemaValidation(`The body of a method call is an element ${method.name}_INPUT.`)
    }
    const call = { instance: target.instance, parameters: readParameters(input) }
    const output = await inTime(
      request,
      runUser(() => method.run(call)),
    )
    const writer = new InstanceWriter(this.#registry, address.family)
    return { action: `${action}Response`, body: writer.output(registered, method.name, output) }
  }
}

async function runUser<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw asFault(error)
  }
}
