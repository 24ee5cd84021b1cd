import type { Selectors } from '../envelope/endpoint-reference.js'
import { locate, type ResourceLocator } from '../envelope/resource.js'
import { UsageError } from '../errors/errors.js'

const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'
const DMTF = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2'
/** All classes of a namespace, for queries (DSP0227 6.1). */
const DMTF_ALL = 'http://schemas.dmtf.org/wbem/wscim/1/*'

/** The selector that names the namespace where the URI does not (MS-WSMV 3.1.4.1.1). */
const NAMESPACE_SELECTOR = '__cimnamespace'

const DEFAULT_NAMESPACE = 'root/cimv2'
/** Of DMTF URIs without the selector, by MS-WSMV 3.1.4.1.1. */
const DEFAULT_OF_DMTF_URIS = 'root/hardware'

/** What the classes of vendors stand under, by what their names begin with (recordings of AMT and openwsman). */
const VENDOR_SCHEMAS: ReadonlyMap<string, string> = new Map([
  ['amt', 'http://intel.com/wbem/wscim/1/amt-schema/1'],
  ['ips', 'http://intel.com/wbem/wscim/1/ips-schema/1'],
  ['linux', 'http://sblim.sf.net/wbem/wscim/1/cim-schema/2'],
  ['omc', 'http://schema.omc-project.org/wbem/wscim/1/cim-schema/2'],
  ['pg', 'http://schema.openpegasus.org/wbem/wscim/1/cim-schema/2'],
  ['vmware', 'http://schemas.vmware.com/wbem/wscim/1/cim-schema/2'],
])

/** How classes are named: under Windows' own URIs, whose path holds the namespace, or under those of the DMTF. */
export type ClassFamily = 'wmi' | 'dmtf'

/** Where classes are. */
export interface ClassPlace {
  readonly family: ClassFamily
  /** Undefined: the default of the family. The empty string: none is named. */
  readonly namespace?: string | undefined
  /** What the class stands under, where it is none of the known ones. */
  readonly schemaUri?: string | undefined
}

/** `root\cimv2` and `/root/cimv2/` are `root/cimv2`. */
export function normalizeNamespace(namespace: string = DEFAULT_NAMESPACE): string {
  return namespace.replaceAll('\\', '/').replace(/^\/+|\/+$/g, '')
}

/**
 * A class, or with keys one instance of it.
 * @param name `Win32_Service`, or with keys `Win32_Service?Name=WinRM`
 * @throws UsageError for what cannot be the name of a class
 */
export function classResource(place: ClassPlace, name: string, keys: Selectors = {}): ResourceLocator {
  const [, className, query] = /^([A-Za-z_]\w*)(\?[^]*)?$/.exec(name) ?? []
  if (className === undefined) throw new UsageError(`${JSON.stringify(name)} is not the name of a class.`)
  const { base, selectors } = schemaOf(place, className)
  const { resourceUri, selectors: given } = locate(`${base}/${className}${query ?? ''}`)
  return { resourceUri, selectors: { ...selectors, ...given, ...keys } }
}

/** What queries go to: all classes of a namespace. */
export function allClasses(place: ClassPlace): ResourceLocator {
  const { family, namespace, schemaUri } = place
  if (family === 'wmi' && schemaUri === undefined) {
    return { resourceUri: `${WMI}/${normalizeNamespace(namespace)}/*` }
  }
  return { resourceUri: DMTF_ALL, selectors: namespaceSelector(namespace) }
}

/** All classes of the namespace that an instance is in. */
export function allClassesAround(instance: ResourceLocator, place: ClassPlace): ResourceLocator {
  const namespace = namespaceOf(instance)
  const isWmi = instance.resourceUri.startsWith(`${WMI}/`)
  return allClasses({ family: isWmi ? 'wmi' : 'dmtf', namespace: namespace ?? place.namespace })
}

function schemaOf({ family, namespace, schemaUri }: ClassPlace, className: string) {
  if (family === 'wmi' && schemaUri === undefined) {
    return { base: `${WMI}/${normalizeNamespace(namespace)}`, selectors: {} }
  }
  const vendor = VENDOR_SCHEMAS.get(className.slice(0, className.indexOf('_')).toLowerCase())
  const base = (schemaUri ?? vendor ?? DMTF).replace(/\/+$/, '')
  // DMTF URIs always carry the namespace; vendors' own services have one and may not know the selector.
  const isDmtf = base === DMTF
  return { base, selectors: isDmtf || namespace !== undefined ? namespaceSelector(namespace) : {} }
}

function namespaceSelector(namespace: string | undefined): Selectors {
  return namespace === '' ? {} : { [NAMESPACE_SELECTOR]: normalizeNamespace(namespace) }
}

/** The namespace that a resource is in; undefined where neither its URI nor its selectors say. */
export function namespaceOf({ resourceUri, selectors = {} }: ResourceLocator): string | undefined {
  const inUri = namespaceInUri(resourceUri)
  if (inUri !== undefined) return inUri
  const selector = Object.entries(selectors).find(([name]) => name.toLowerCase() === NAMESPACE_SELECTOR)
  const value = selector?.[1]
  return typeof value === 'string' ? normalizeNamespace(value) : undefined
}

/** The CIM namespace that stands in a URI of WMI: `…/wmi/root/cimv2/Win32_Service`. */
export function namespaceInUri(uri: string): string | undefined {
  if (!uri.startsWith(`${WMI}/`)) return undefined
  return normalizeNamespace(uri.slice(WMI.length, uri.lastIndexOf('/')))
}

/**
 * The namespace to look for the definition of a class in, by the namespace of its XML.
 * @param around that of what was asked for
 * @returns undefined for what is no class of CIM, such as the configuration
 */
export function schemaNamespace(namespaceUri: string, around: string | undefined): string | undefined {
  const inUri = namespaceInUri(namespaceUri)
  if (inUri !== undefined) return inUri
  return namespaceUri.includes('/wscim/1/') ? (around ?? DEFAULT_OF_DMTF_URIS) : undefined
}
