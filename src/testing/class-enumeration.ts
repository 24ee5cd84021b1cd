import type { XmlElement } from '../xml/element.js'
import { associated, fromFilter, fromWql, type AssociationQuery } from './associations.js'
import { queryNeedsAllClasses } from './class-faults.js'
import {
  cannotProcessFilter,
  dialectNotAvailable,
  DIALECT,
  filterOf,
  selectorFilter,
  type Filter,
} from './class-filters.js'
import type { ClassRegistry } from './class-registry.js'
import type { ClassAddress } from './class-uri.js'
import type { EnumerationItem, ItemSource } from './enumeration-context.js'
import { unsupportedFeature } from './faults.js'
import { allInstances, findClass, type Found } from './instance-finder.js'
import { pickFrom } from './instance-source.js'
import { InstanceWriter } from './instance-writer.js'
import type { SelectQuery } from './wql/ast.js'
import { WqlError } from './wql/errors.js'
import { compileWhere } from './wql/evaluate.js'
import { parseWql } from './wql/parse-wql.js'
import { compileProjection } from './wql/project.js'
import { memberOf } from './wql/values.js'

/**
 * The items of an enumeration of classes (MS-WSMV 3.1.4.1.13).
 * @param enumerate `n:Enumerate`
 * @throws EndpointFault for a class that is not there and a filter that cannot be processed
 */
export function classItems(
  registry: ClassRegistry,
  address: ClassAddress,
  enumerate: XmlElement,
): ItemSource {
  const filter = filterOf(enumerate)
  if (!filter || filter.dialect === DIALECT.selector) return ofClass(registry, address, filter)
  const { dialect, element } = filter
  if (dialect !== DIALECT.wql && dialect !== DIALECT.association) throw dialectNotAvailable(dialect)
  if (address.className !== '*') throw queryNeedsAllClasses()
  if (dialect === DIALECT.wql) return ofQuery(registry, address, element.text)
  return ofAssociations(registry, address, fromFilter(element))
}

function ofClass(registry: ClassRegistry, address: ClassAddress, filter: Filter | undefined): ItemSource {
  if (address.className === '*') {
    throw unsupportedFeature(
      'FilteringRequired',
      0x80338070,
      'All classes together can only be enumerated with a filter.',
    )
  }
  const registered = findClass(registry, address)
  const test = filter ? selectorFilter(filter, registered) : () => true
  const writer = new InstanceWriter(registry, address.family)
  return pickFrom(allInstances(registry, registered), (found) =>
    test(found) ? objectItem(writer, found) : undefined,
  )
}

function ofQuery(registry: ClassRegistry, address: ClassAddress, text: string): ItemSource {
  try {
    const query = parseWql(text)
    if (query.kind === 'select') return ofSelect(registry, address, query)
    return ofAssociations(registry, address, fromWql(registry, address.namespace, query))
  } catch (error) {
    throw error instanceof WqlError ? cannotProcessFilter(error.message) : error
  }
}

function ofSelect(registry: ClassRegistry, address: ClassAddress, query: SelectQuery): ItemSource {
  const registered = findClass(registry, { ...address, className: query.className })
  const writer = new InstanceWriter(registry, address.family)
  const plans = new Map(
    registry.withSubclasses(registered).map((entry) => {
      const { info } = entry
      return [entry, { test: compileWhere(query, info), project: compileProjection(query, info) }]
    }),
  )
  return pickFrom(allInstances(registry, registered), (found): EnumerationItem | undefined => {
    const plan = plans.get(found.registered)
    if (!plan?.test(found.instance)) return undefined
    if (query.columns === undefined) return objectItem(writer, found)
    return {
      object: () => writer.projection(found.registered, plan.project(found.instance)),
      reference: () => writer.reference(found.registered, found.instance),
    }
  })
}

function ofAssociations(registry: ClassRegistry, address: ClassAddress, query: AssociationQuery): ItemSource {
  const writer = new InstanceWriter(registry, address.family)
  return pickFrom(associated(registry, address.namespace, query), (found) => {
    if (query.columns.length > 0) return columnsItem(writer, found, query.columns)
    return objectItem(writer, query.keysOnly === true ? onlyKeys(found) : found)
  })
}

/** What is not told is null. */
function onlyKeys({ registered, instance }: Found): Found {
  const keys = registered.keys.map(({ name }) => [name, memberOf(instance, name)] as const)
  return { registered, instance: Object.fromEntries(keys) }
}

function columnsItem(
  writer: InstanceWriter,
  { registered, instance }: Found,
  columns: readonly string[],
): EnumerationItem {
  const wanted = new Set(columns.map((name) => name.toLowerCase()))
  const selected = registered.properties
    .filter(({ name }) => wanted.has(name.toLowerCase()))
    .map(({ name }) => [name, memberOf(instance, name)] as const)
  return {
    object: () => writer.projection(registered, Object.fromEntries(selected)),
    reference: () => writer.reference(registered, instance),
  }
}

function objectItem(writer: InstanceWriter, { registered, instance }: Found): EnumerationItem {
  return {
    object: () => writer.instance(registered, instance),
    reference: () => writer.reference(registered, instance),
  }
}
