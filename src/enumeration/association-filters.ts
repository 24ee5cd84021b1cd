import { EndpointReference } from '../envelope/endpoint-reference.js'
import { locate, type Resource } from '../envelope/resource.js'
import { UsageError } from '../errors/errors.js'
import type { AssociationFilter } from '../operations/filters.js'
import { DIALECT } from './filters.js'

/** Narrows which associations of an object are asked for (DSP0227 8.2). */
export interface ReferencesParameters {
  /** The class of what is given: of the associations, for `referencesOf`; of the objects, for `associatorsOf`. */
  readonly resultClassName?: string | undefined
  /** The property of the association that refers to the object. */
  readonly role?: string | undefined
  /** The only properties that are wanted. The items are then fragments without a class. */
  readonly includeResultProperty?: string | readonly string[] | undefined
}

/** Narrows which objects at the other ends of an object's associations are asked for (DSP0227 8.2). */
export interface AssociatorsParameters extends ReferencesParameters {
  /** The class of the associations. */
  readonly associationClassName?: string | undefined
  /** The property of the association that refers to the objects that are given. */
  readonly resultRole?: string | undefined
}

/**
 * The objects that associations tie to an object. For the URI of all classes in its namespace:
 * `client.enumerate('wmicimv2/*', { filter: associatorsOf('wmicimv2/Win32_Service?Name=WinRM') })`.
 * @param object one instance: a reference, a locator, or a string with selectors
 * @throws UsageError for what names no instance
 */
export function associatorsOf(object: Resource, parameters: AssociatorsParameters = {}): AssociationFilter {
  const { associationClassName, resultRole } = parameters
  return { ...filter('associators', object, parameters), associationClassName, resultRole }
}

/** The associations of an object themselves, which refer to it; otherwise like `associatorsOf`. */
export function referencesOf(object: Resource, parameters: ReferencesParameters = {}): AssociationFilter {
  return filter('references', object, parameters)
}

function filter(
  kind: AssociationFilter['kind'],
  object: Resource,
  { role, resultClassName, includeResultProperty = [] }: ReferencesParameters,
): AssociationFilter {
  const { resourceUri, selectors = {}, fragment } = locate(object)
  if (fragment !== undefined) throw new UsageError('A part of an instance has no associations.')
  if (resourceUri.endsWith('*')) throw new UsageError(`${resourceUri} names no instance.`)
  return {
    dialect: DIALECT.association,
    kind,
    object: new EndpointReference(resourceUri, selectors),
    role,
    resultClassName,
    includeResultProperty: [includeResultProperty].flat(),
  }
}
