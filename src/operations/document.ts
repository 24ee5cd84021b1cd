import { ACTION } from '../envelope/actions.js'
import { TreeBody } from '../envelope/body-decoders.js'
import type { EndpointReference } from '../envelope/endpoint-reference.js'
import { writeInEnvelope } from '../envelope/envelope-trees.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { readReference } from '../envelope/selectors.js'
import { ProtocolError } from '../errors/errors.js'
import { TreeBuilder, type XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import type { ElementTree } from '../xml/writer.js'
import type { Operation } from './operation.js'
import type { ItemDecoderFactory } from './page-body.js'

/** Get of a resource of which attributes and namespaces count, too (MS-WSMV 3.1.4.2). */
export function getDocumentOperation(resource: ResourceLocator): Operation<XmlElement> {
  return {
    name: 'Get',
    action: ACTION.get,
    resource,
    lane: 'call',
    idempotent: true,
    decoder: () =>
      new TreeBody(([document]) => {
        if (!document) throw new ProtocolError('The reply to Get holds no resource.')
        return document
      }),
  }
}

/**
 * Put of such a resource (MS-WSMV 3.1.4.3).
 * @returns what the service then has; undefined where it does not say
 */
export function putDocumentOperation(
  resource: ResourceLocator,
  document: ElementTree,
): Operation<XmlElement | undefined> {
  return {
    name: 'Put',
    action: ACTION.put,
    resource,
    lane: 'call',
    idempotent: true,
    body: () => writeInEnvelope([document]),
    decoder: () => new TreeBody(([element]) => element),
  }
}

/** Create with a document (MS-WSMV 3.1.4.5). Never sent twice. */
export function createDocumentOperation(
  resource: ResourceLocator,
  document: ElementTree,
): Operation<EndpointReference> {
  return {
    name: 'Create',
    action: ACTION.create,
    resource,
    lane: 'call',
    idempotent: false,
    body: () => writeInEnvelope([document]),
    decoder: () =>
      new TreeBody((elements) => {
        const created = elements.find((entry) => entry.is(NS.transfer, 'ResourceCreated'))
        if (!created) throw new ProtocolError('The service created a resource and did not say which.')
        return readReference(created)
      }),
  }
}

/** Items whose attributes and namespaces count. */
export const decodeDocuments: ItemDecoderFactory<XmlElement> = (deliver) => new TreeBuilder(deliver)
