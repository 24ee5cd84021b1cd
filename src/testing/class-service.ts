import { ACTION } from '../envelope/actions.js'
import type { XmlElement } from '../xml/element.js'
import type { ClassRegistry, RegisteredClass } from './class-registry.js'
import { addressOf, type ClassAddress } from './class-uri.js'
import {
  cannotProcessFilter,
  dialectNotAvailable,
  DIALECT,
  filterOf,
  selectorFilter,
  type Filter,
} from './class-filters.js'
import { inTime } from './deadline.js'
import type { EnumerationItem, ItemSource } from './enumeration-context.js'
import type { Enumerations } from './enumerations.js'
import {
  actionNotSupported,
  invalidKeys,
  resourceNotFound,
  schemaValidation,
  unsupportedFeature,
} from './faults.js'
import { asFault, pickFrom } from './instance-source.js'
import { allInstances, findInstance, ownSelectors, type Found } from './instance-finder.js'
import { InstanceWriter } from './instance-writer.js'
import { EndpointFault, type EndpointReply, type EndpointRequest, type EndpointService } from './message.js'
import { readParameters } from './parameter-reader.js'
import type { SelectQuery } from './wql/ast.js'
import { WqlError } from './wql/errors.js'
import { compileWhere } from './wql/evaluate.js'
import { parseWql } from './wql/parse-wql.js'
import { compileProjection } from './wql/project.js'

/** Instances, queries and methods of classes (MS-WSMV 3.1.4.1.34.3.1, DSP0227). */
export class ClassService implements EndpointService {
  readonly #registry: ClassRegistry
  readonly #enumerations: Enumerations

  constructor(registry: ClassRegistry, enumerations: Enumerations) {
    this.#registry = registry
    this.#enumerations = enumerations
  }

  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    const address = addressOf(request.resourceUri, request.headers.selectors)
    switch (request.action) {
      case ACTION.get:
        return this.#get(request, address)
      case ACTION.enumerate:
        return this.#enumerations.enumerate(request, (enumerate) => this.#items(request, address, enumerate))
      case ACTION.pull:
        return this.#enumerations.pull(request)
      case ACTION.release:
        return this.#enumerations.release(request)
      default:
        return this.#invoke(request, address)
    }
  }

  async #get(request: EndpointRequest, address: ClassAddress): Promise<EndpointReply> {
    const registered = this.#find(address)
    const { selectors } = request.headers
    const found = await inTime(request, findInstance(this.#registry, registered, selectors))
    const writer = new InstanceWriter(this.#registry, address.family)
    return {
      action: `${ACTION.get}Response`,
      body: writer.instance(found.registered, found.instance, 'en-US'),
    }
  }

  #items(request: EndpointRequest, address: ClassAddress, enumerate: XmlElement): ItemSource {
    const [key] = ownSelectors(request.headers.selectors)
    if (key) throw invalidKeys(`An enumeration takes no selectors; ${key[0]} is one.`)
    const filter = filterOf(enumerate)
    if (!filter || filter.dialect === DIALECT.selector) return this.#ofClass(address, filter)
    if (filter.dialect === DIALECT.wql) return this.#query(address, filter.element.text)
    throw dialectNotAvailable(filter.dialect)
  }

  #ofClass(address: ClassAddress, filter: Filter | undefined): ItemSource {
    if (address.className === '*') {
      throw unsupportedFeature(
        'FilteringRequired',
        0x80338070,
        'All classes together can only be enumerated with a filter.',
      )
    }
    const registered = this.#find(address)
    const test = filter ? selectorFilter(filter, registered) : () => true
    const writer = new InstanceWriter(this.#registry, address.family)
    return pickFrom(allInstances(this.#registry, registered), (found) =>
      test(found) ? objectItem(writer, found) : undefined,
    )
  }

  #query(address: ClassAddress, text: string): ItemSource {
    if (address.className !== '*') {
      throw new EndpointFault('With a WQL filter the class in the resource URI must be *.', {
        code: 'Sender',
        subcode: 'a:DestinationUnreachable',
        faultDetail: 'InvalidResourceURI',
        wsmanCode: 0x803380fb,
      })
    }
    return asFilterFault(() => {
      const query = parseWql(text)
      if (query.kind === 'select') return this.#select(address, query)
      throw cannotProcessFilter(`The endpoint cannot run ${query.kind} queries.`)
    })
  }

  #select(address: ClassAddress, query: SelectQuery): ItemSource {
    const registered = this.#find({ ...address, className: query.className })
    const writer = new InstanceWriter(this.#registry, address.family)
    const plans = new Map(
      this.#registry
        .withSubclasses(registered)
        .map(({ info }, index, all) => [
          all[index],
          { test: compileWhere(query, info), project: compileProjection(query, info) },
        ]),
    )
    return pickFrom(allInstances(this.#registry, registered), (found): EnumerationItem | undefined => {
      const plan = plans.get(found.registered)
      if (!plan?.test(found.instance)) return undefined
      if (query.columns === undefined) return objectItem(writer, found)
      return {
        object: () => writer.projection(found.registered, plan.project(found.instance)),
        reference: () => writer.reference(found.registered, found.instance),
      }
    })
  }

  async #invoke(request: EndpointRequest, address: ClassAddress): Promise<EndpointReply> {
    const { action, body, headers } = request
    const prefix = `${request.resourceUri}/`
    if (!action.toLowerCase().startsWith(prefix.toLowerCase())) throw actionNotSupported(action)
    const registered = this.#find(address)
    const name = action.slice(prefix.length).toLowerCase()
    const isStatic = ownSelectors(headers.selectors).length === 0 && registered.keys.length > 0
    const target = isStatic
      ? { registered, instance: undefined }
      : await inTime(request, findInstance(this.#registry, registered, headers.selectors))
    const method = target.registered.methods.get(name)
    if (!method) throw actionNotSupported(action)
    const [input] = body
    if (!input?.name.local.toLowerCase().endsWith('_input')) {
      throw schemaValidation(`The body of a method call is an element ${method.name}_INPUT.`)
    }
    const call = { instance: target.instance, parameters: readParameters(input) }
    const output = await inTime(
      request,
      runMethod(() => method.run(call)),
    )
    const writer = new InstanceWriter(this.#registry, address.family)
    return { action: `${action}Response`, body: writer.output(registered, method.name, output) }
  }

  #find({ namespace, className }: ClassAddress): RegisteredClass {
    const registered = this.#registry.find(namespace, className)
    if (registered) return registered
    throw resourceNotFound(`The namespace ${namespace} has no class ${className}.`)
  }
}

function objectItem(writer: InstanceWriter, { registered, instance }: Found): EnumerationItem {
  return {
    object: () => writer.instance(registered, instance),
    reference: () => writer.reference(registered, instance),
  }
}

async function runMethod<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw asFault(error)
  }
}

function asFilterFault<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof WqlError ? cannotProcessFilter(error.message) : error
  }
}
