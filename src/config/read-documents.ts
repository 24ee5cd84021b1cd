import { Enumeration } from '../enumeration/enumeration.js'
import type { CallOptions } from '../operations/call-options.js'
import { decodeDocuments } from '../operations/document.js'
import type { OperationRunner } from '../operations/operation.js'
import type { XmlElement } from '../xml/element.js'

/** All items of a resource, of which there are few. */
export async function readDocuments(
  runner: OperationRunner,
  resourceUri: string,
  options: CallOptions,
): Promise<readonly XmlElement[]> {
  const enumeration = new Enumeration(runner, {
    resource: { resourceUri },
    mode: 'object',
    optimize: true,
    prefetch: 0,
    items: decodeDocuments,
    options,
  })
  return await enumeration.toArray()
}
