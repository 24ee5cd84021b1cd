import type { AssociatorsParameters, ReferencesParameters } from '../enumeration/association-filters.js'
import type { EnumerateOptions } from '../enumeration/enumerate-options.js'
import type { CimInstance } from '../envelope/cim-value.js'
import type { EndpointReference, Selectors } from '../envelope/endpoint-reference.js'
import type { Instance } from '../envelope/instance.js'
import type { ResourceLocator } from '../envelope/resource.js'
import type { CallOptions } from '../operations/call-options.js'

/** Where classes are. */
export interface CimPlace {
  /**
   * The CIM namespace. Default `root/cimv2`. It goes into Windows' URIs, and into the selector `__cimnamespace` with
   * those of the DMTF; the empty string leaves the selector out.
   */
  readonly namespace?: string | undefined
  /**
   * What the class stands under, as in `http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2`. Default: Windows' own URIs,
   * or, with `compatibility: 'dmtf'`, those of the DMTF and of the vendors that are known by their prefixes.
   */
  readonly schemaUri?: string | undefined
}

/** What every call takes. */
export interface CimCallOptions extends CimPlace, CallOptions {
  /** Values follow the types of CIM; see `EnumerateOptions`. Default false: the text of the wire. */
  readonly typed?: boolean | undefined
}

/** What calls take that give many instances. */
export interface CimQueryOptions extends CimPlace, Omit<EnumerateOptions, 'mode' | 'filter'> {}

/** Of `enumerateInstances`. */
export interface CimEnumerateOptions extends CimQueryOptions {
  /** Fewer instances, as with `selectorFilter`. */
  readonly filter?: EnumerateOptions['filter']
}

/** Of `associators`. */
export interface CimAssociatorsOptions extends CimQueryOptions, AssociatorsParameters {}

/** Of `references`. */
export interface CimReferencesOptions extends CimQueryOptions, ReferencesParameters {}

/**
 * One instance: a reference or locator; a string as in `Win32_Service?Name=WinRM`; or, where a class alone will do, its
 * name.
 */
export type CimTarget = string | EndpointReference | ResourceLocator

/** The keys of an instance by name. */
export type CimKeys = Selectors

/** Stands for a type that was not given. */
declare const unspecified: unique symbol
/** No type of the caller's own. */
export interface Unspecified {
  readonly [unspecified]: never
}

/** What a call gives: the caller's own type, else typed or raw values, by the options. */
export type CimResult<T, Options> = T extends Unspecified
  ? Options extends { readonly typed: true }
    ? CimInstance
    : Instance
  : T
