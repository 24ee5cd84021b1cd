import { ACTION } from '../envelope/actions.js'
import { InstanceBody, TreeBody } from '../envelope/body-decoders.js'
import type { EndpointReference } from '../envelope/endpoint-reference.js'
import { writeInEnvelope } from '../envelope/envelope-trees.js'
import { asInstance, type Instance, type RawValue } from '../envelope/instance.js'
import { instanceTree, type Properties } from '../envelope/instance-encoder.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { NS } from '../xml/namespaces.js'
import { element, type ElementTree } from '../xml/writer.js'
import { createDocumentOperation } from './document.js'
import type { Operation } from './operation.js'
import { rootElement, type ElementName } from './root-element.js'

/** WS-Transfer Get (MS-WSMV 3.1.4.2). */
export function getOperation(resource: ResourceLocator): Operation<Instance> {
  return { ...get(resource), decoder: () => new InstanceBody(asInstance) }
}

/** Get of a part: the elements the expression selects, or bare text where it selects text (DSP0226 7.7). */
export function getFragmentOperation(resource: ResourceLocator): Operation<RawValue> {
  return { ...get(resource), decoder: () => new InstanceBody((value) => value) }
}

const get = (resource: ResourceLocator) =>
  ({ name: 'Get', action: ACTION.get, resource, lane: 'call', idempotent: true }) as const

/** WS-Transfer Put (MS-WSMV 3.1.4.3). Putting the same values twice leaves the same resource. */
export function putOperation(
  resource: ResourceLocator,
  properties: Properties,
  name?: ElementName,
): Operation<Instance> {
  const root = rootElement(resource, properties, name)
  return put(resource, instanceTree(root.name, root.namespaceUri, properties))
}

/** Put of a part: properties, or the text that the expression selects (DSP0226 7.7). */
export function putFragmentOperation(
  resource: ResourceLocator,
  value: Properties | string,
  name?: ElementName,
): Operation<Instance> {
  if (typeof value === 'string') return put(resource, element(NS.wsman, 'XmlFragment', value))
  const root = rootElement(resource, value, name)
  const { children = [] } = instanceTree(root.name, root.namespaceUri, value)
  return put(resource, element(NS.wsman, 'XmlFragment', children))
}

function put(resource: ResourceLocator, tree: ElementTree): Operation<Instance> {
  return {
    name: 'Put',
    action: ACTION.put,
    resource,
    lane: 'call',
    idempotent: true,
    body: () => writeInEnvelope([tree]),
    decoder: () => new InstanceBody((value) => (typeof value === 'string' ? {} : asInstance(value))),
  }
}

/** WS-Transfer Create (MS-WSMV 3.1.4.5). Never sent twice. */
export function createOperation(
  resource: ResourceLocator,
  properties: Properties,
  name?: ElementName,
): Operation<EndpointReference> {
  const root = rootElement(resource, properties, name)
  return createDocumentOperation(resource, instanceTree(root.name, root.namespaceUri, properties))
}

/** WS-Transfer Delete (MS-WSMV 3.1.4.4). A second one would fail, and say so although the first succeeded. */
export function deleteOperation(resource: ResourceLocator): Operation<void> {
  return {
    name: 'Delete',
    action: ACTION.delete,
    resource,
    lane: 'call',
    idempotent: false,
    decoder: () => new TreeBody(() => undefined),
  }
}
