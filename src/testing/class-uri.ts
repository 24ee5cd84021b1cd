import type { SelectorValue, Selectors } from '../envelope/endpoint-reference.js'
import { normalize } from './cim-namespace.js'
import { resourceNotFound } from './class-faults.js'
import { internalError } from './faults.js'

/** Where WMI classes are, by namespace (MS-WSMV 3.1.4.1.1). */
export const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'
/** Where the classes of CIM are, their namespace in a selector. */
export const DMTF = 'http://schemas.dmtf.org/wbem/wscim/1'
const DMTF_CLASS = `${DMTF}/cim-schema/2`
/** For DMTF URIs without `__cimnamespace`. */
export const DMTF_NAMESPACE = 'root/hardware'
/** ERROR_WSMAN_DIFFERENT_CIM_SELECTOR. */
const DIFFERENT_CIM_SELECTOR = 0x8033813b

export const CIM_NAMESPACE = '__cimnamespace'

/** The family of URIs a client speaks in: replies and references use the same. */
export type UriFamily = 'wmi' | 'dmtf'

interface UriParts {
  readonly family: UriFamily
  /** Undefined where the URI does not say it. */
  readonly namespace: string | undefined
  /** `*` for all classes of the namespace; empty where there is none. */
  readonly className: string
}

/** What the resource URI of a request says. */
export interface ClassAddress extends UriParts {
  readonly namespace: string
}

export function addressParts(resourceUri: string): UriParts {
  const wmi = pathUnder(WMI, resourceUri)
  if (wmi !== undefined) {
    const parts = wmi.split('/')
    return { family: 'wmi', className: parts.pop() ?? '', namespace: parts.join('/') }
  }
  const all = pathUnder(DMTF, resourceUri) === '*' ? '*' : ''
  return { family: 'dmtf', className: pathUnder(DMTF_CLASS, resourceUri) ?? all, namespace: undefined }
}

/** @throws EndpointFault for a URI that names no class, or a `__cimnamespace` that contradicts it */
export function addressOf(resourceUri: string, selectors: Selectors): ClassAddress {
  const { family, namespace, className } = addressParts(resourceUri)
  if (className === '' || className.includes('/')) {
    throw resourceNotFound(`The resource URI ${resourceUri} names no class.`)
  }
  const selected = cimNamespace(selectors)
  if (namespace !== undefined && selected !== undefined && !same(namespace, selected)) {
    throw internalError(
      DIFFERENT_CIM_SELECTOR,
      `The resource URI names the namespace ${namespace} and __cimnamespace ${selected}.`,
    )
  }
  return { family, className, namespace: namespace ?? selected ?? DMTF_NAMESPACE }
}

/** The URI of a class, which is its namespace in XML too. */
export function uriOf(family: UriFamily, namespace: string, className: string): string {
  return family === 'wmi' ? `${WMI}/${namespace}/${className}` : `${DMTF_CLASS}/${className}`
}

export function cimNamespace(selectors: Selectors): string | undefined {
  const [, value] = Object.entries(selectors).find(([name]) => same(name, CIM_NAMESPACE)) ?? []
  return typeof value === 'string' ? normalize(value) : undefined
}

/** Selectors without `__cimnamespace`, which belongs to the URI. */
export function ownSelectors(selectors: Selectors): [string, SelectorValue][] {
  return Object.entries(selectors).filter(([name]) => !same(name, CIM_NAMESPACE))
}

function pathUnder(prefix: string, uri: string): string | undefined {
  return uri.toLowerCase().startsWith(`${prefix}/`) ? uri.slice(prefix.length + 1) : undefined
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
