import { InstanceBody } from '../envelope/body-decoders.js'
import { writeInEnvelope } from '../envelope/envelope-trees.js'
import { asInstance, type Instance } from '../envelope/instance.js'
import { instanceTree, type Properties } from '../envelope/instance-encoder.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { UsageError } from '../errors/errors.js'
import type { Operation } from './operation.js'

/**
 * Calls a method (MS-WSMV 3.1.4.1.32). Never sent twice.
 *
 * @param action the method's name, or its whole action URI
 * @throws UsageError for an action that names no method
 */
export function invokeOperation(
  resource: ResourceLocator,
  action: string,
  parameters: Properties,
): Operation<Instance> {
  const uri = action.includes(':') ? action : `${resource.resourceUri}/${action}`
  const method = uri.slice(uri.lastIndexOf('/') + 1)
  if (!/^[A-Za-z_]\w*$/.test(method)) {
    throw new UsageError(`${JSON.stringify(action)} is neither the name of a method nor an action URI.`)
  }
  return {
    name: 'Invoke',
    action: uri,
    resource,
    lane: 'call',
    idempotent: false,
    body: () => writeInEnvelope([instanceTree(`${method}_INPUT`, resource.resourceUri, parameters)]),
    decoder: () => new InstanceBody((value) => (typeof value === 'string' ? {} : asInstance(value))),
  }
}
