import type { EndpointInstance } from '../types.js'
import type { SelectQuery } from './ast.js'
import { fold } from './case-folding.js'
import { propertiesOf, type WqlClassInfo } from './class-info.js'
import { WqlSchemaError } from './errors.js'
import { memberOf } from './values.js'

/**
 * What the query selects of an instance, columns in alphabetical order as Windows returns them
 * (MS-WSMV 3.1.4.1.13, note 59). A column the instance does not carry is null. For `*` it is the instance itself.
 * System properties such as `__PATH` are no part of a WS-Management result.
 */
export function project(query: SelectQuery, instance: EndpointInstance): EndpointInstance {
  if (query.columns === undefined) return instance
  const spelling = new Map(Object.keys(instance).map((name) => [fold(name), name]))
  const names = query.columns.map(({ name }) => spelling.get(fold(name)) ?? name)
  return pick(instance, inOrder(names))
}

/**
 * `project` for many instances of a class, spelling the columns as the class does.
 * @throws WqlSchemaError where the class has no such property.
 */
export function compileProjection(
  query: SelectQuery,
  classInfo: WqlClassInfo,
): (instance: EndpointInstance) => EndpointInstance {
  const names = columnsOf(query, classInfo)
  return names === undefined ? (instance) => instance : (instance) => pick(instance, names)
}

/**
 * The selected columns in the order of the result, as the class spells them; undefined for `*`.
 * @throws WqlSchemaError where the class has no such property.
 */
export function columnsOf(query: SelectQuery, classInfo: WqlClassInfo): readonly string[] | undefined {
  if (query.columns === undefined) return undefined
  const properties = propertiesOf(classInfo)
  const names = query.columns.map(({ name, position }) => {
    const known = properties.get(fold(name))?.name ?? (isSystemName(name) ? name : undefined)
    if (known === undefined) throw new WqlSchemaError(`${classInfo.name} has no property ${name}`, position)
    return known
  })
  return inOrder(names)
}

function isSystemName(name: string): boolean {
  return name.startsWith('__')
}

function inOrder(names: readonly string[]): readonly string[] {
  const byFold = new Map(names.filter((name) => !isSystemName(name)).map((name) => [fold(name), name]))
  return [...byFold].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name)
}

function pick(instance: EndpointInstance, names: readonly string[]): EndpointInstance {
  return Object.fromEntries(names.map((name) => [name, memberOf(instance, name)]))
}
