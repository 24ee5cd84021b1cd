import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { resourceNotFound } from './class-faults.js'
import { cannotProcessFilter } from './class-filters.js'
import type { ClassRegistry } from './class-registry.js'
import { classQualifiers, type RegisteredClass } from './registered-class.js'
import { findReferenced, refersTo, type Found } from './instance-finder.js'
import { readRef } from './reference-reader.js'
import type { EndpointRef } from './types.js'
import type { AssociatorsQuery, ReferencesQuery } from './wql/ast.js'
import { isA } from './wql/class-info.js'
import type { ObjectPath } from './wql/object-path.js'
import { isEndpointRef, memberOf } from './wql/values.js'

/** The objects at the other ends of an object's associations, or the associations themselves. */
export interface AssociationQuery {
  readonly kind: 'associators' | 'references'
  readonly source: EndpointRef
  readonly associationClass: string | undefined
  readonly resultClass: string | undefined
  /** The property of the association that refers to the source. */
  readonly role: string | undefined
  /** The property of the association that refers to the result. */
  readonly resultRole: string | undefined
  /** The properties that are wanted of the results; empty for all. */
  readonly columns: readonly string[]
  /** A qualifier that the class of the result has, and one that the class of the association has. */
  readonly requiredQualifier?: string | undefined
  readonly requiredAssocQualifier?: string | undefined
  /** Nothing is told of the results but their keys. */
  readonly keysOnly?: boolean
}

/** Both ends of an association are properties of type reference. */
export async function* associated(
  registry: ClassRegistry,
  namespace: string,
  query: AssociationQuery,
): AsyncGenerator<Found> {
  const source = await findReferenced(registry, query.source, namespace)
  if (!source) throw resourceNotFound(`The object whose associations are asked for does not exist.`)
  const seen = new Set<string>()
  for (const registered of registry.all(namespace)) {
    const ends = registered.properties.filter(({ type }) => type === 'reference')
    if (!registered.isAssociation || !isOf(registered, query.associationClass)) continue
    if (!hasQualifier(registered, query.requiredAssocQualifier)) continue
    for await (const instance of registered.store.read()) {
      // An object may be tied to itself.
      const nears = ends.filter(({ name }) => {
        const end = memberOf(instance, name)
        return isNamed(name, query.role) && isEndpointRef(end) && refersTo(registry, end, source, namespace)
      })
      if (nears.length === 0) continue
      if (query.kind === 'references') {
        if (isResult(registered, query)) yield { registered, instance }
        continue
      }
      for (const { name } of ends.filter((end) => nears.some((near) => near.name !== end.name))) {
        const end = memberOf(instance, name)
        if (!isNamed(name, query.resultRole) || !isEndpointRef(end)) continue
        const found = await findReferenced(registry, end, namespace)
        if (!found || !isResult(found.registered, query) || seen.has(identity(found))) continue
        seen.add(identity(found))
        yield found
      }
    }
  }
}

/** @throws EndpointFault for a query that asks for definitions of classes, which no enumeration of instances can give */
export function fromWql(
  registry: ClassRegistry,
  namespace: string,
  query: AssociatorsQuery | ReferencesQuery,
): AssociationQuery {
  if (query.classDefsOnly || query.schemaOnly) {
    throw cannotProcessFilter('The endpoint answers with objects, not with definitions of classes.')
  }
  const associators = query.kind === 'associators' ? query : undefined
  return {
    kind: query.kind,
    source: fromPath(registry, namespace, query.source),
    associationClass: associators?.assocClass,
    resultClass: query.resultClass,
    role: query.role,
    resultRole: associators?.resultRole,
    columns: [],
    requiredQualifier: query.requiredQualifier,
    requiredAssocQualifier: associators?.requiredAssocQualifier,
    keysOnly: query.keysOnly,
  }
}

/** Reads the filter dialect of DSP0227 8.2. */
export function fromFilter(filter: XmlElement): AssociationQuery {
  const associators = filter.child(NS.cimBinding, 'AssociatedInstances')
  const element = associators ?? filter.child(NS.cimBinding, 'AssociationInstances')
  const object = element?.child(NS.cimBinding, 'Object')
  if (!element || !object) {
    throw cannotProcessFilter(
      'An association filter holds AssociatedInstances or AssociationInstances with Object.',
    )
  }
  const text = (name: string): string | undefined => element.childText(NS.cimBinding, name)
  return {
    kind: associators ? 'associators' : 'references',
    source: readRef(object),
    associationClass: text('AssociationClassName'),
    resultClass: text('ResultClassName'),
    role: text('Role'),
    resultRole: text('ResultRole'),
    columns: element.all(NS.cimBinding, 'IncludeResultProperty').map((entry) => entry.text.trim()),
  }
}

/** `Class="x"` leaves the name of the only key out. */
function fromPath(registry: ClassRegistry, current: string, path: ObjectPath): EndpointRef {
  const { className, namespace = current, keys } = path
  const onlyKey = registry.find(namespace, className)?.keys[0]?.name
  return {
    className,
    namespace,
    keys: Object.fromEntries(keys.map(({ name, value }) => [name ?? onlyKey ?? '', value])),
  }
}

function isOf({ info, name }: RegisteredClass, wanted: string | undefined): boolean {
  return wanted === undefined || isA(info, name, wanted)
}

function isResult(registered: RegisteredClass, query: AssociationQuery): boolean {
  return isOf(registered, query.resultClass) && hasQualifier(registered, query.requiredQualifier)
}

function hasQualifier(registered: RegisteredClass, wanted: string | undefined): boolean {
  const name = wanted?.toLowerCase()
  return (
    name === undefined || Object.keys(classQualifiers(registered)).some((key) => key.toLowerCase() === name)
  )
}

function isNamed(name: string, wanted: string | undefined): boolean {
  return wanted === undefined || name.toLowerCase() === wanted.toLowerCase()
}

function identity({ registered, instance }: Found): string {
  const keys = registered.keys.map(({ name }) => memberOf(instance, name))
  const text = JSON.stringify(keys, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return `${registered.namespace}:${registered.name} ${text}`.toLowerCase()
}
