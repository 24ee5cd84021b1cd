import { metadataOf } from '../envelope/instance.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { UsageError } from '../errors/errors.js'
import { NS } from '../xml/namespaces.js'

/** The element around the properties of a resource. */
export interface ElementName {
  readonly name: string
  readonly namespaceUri: string
}

/** Elements of winrm/config whose names are not the capitalised end of their URI (MS-WSMV 2.2.4). */
const CONFIG_ELEMENTS: Readonly<Record<string, string>> = {
  certmapping: 'CertMapping',
  plugin: 'PlugInConfiguration',
  defaultports: 'DefaultPorts',
}

/**
 * What the properties go into: as given, else as they were read, else as the resource URI tells. A class stands in the
 * namespace of its URI, under its own name; so does a section of the configuration.
 *
 * @throws UsageError where the URI names no class, as one that ends in `*`
 */
export function rootElement(resource: ResourceLocator, properties: object, given?: ElementName): ElementName {
  if (given) return given
  const read = metadataOf(properties)
  if (read && read.className !== 'XmlFragment')
    return { name: read.className, namespaceUri: read.namespaceUri }
  const uri = resource.resourceUri
  const last = uri.slice(uri.lastIndexOf('/') + 1)
  const name = uri.startsWith(NS.config) ? configElement(last) : last
  if (/^[A-Za-z_]\w*$/.test(name)) return { name, namespaceUri: uri }
  throw new UsageError(`The resource ${uri} does not tell the name of the element its properties go into.`, {
    hint: 'Pass `element: { name, namespaceUri }`.',
  })
}

function configElement(last: string): string {
  const lower = last.toLowerCase()
  return CONFIG_ELEMENTS[lower] ?? lower.charAt(0).toUpperCase() + lower.slice(1)
}
