import { ACTION } from '../envelope/actions.js'
import { InstanceBody } from '../envelope/body-decoders.js'
import { asInstance, type Instance } from '../envelope/instance.js'
import type { ResourceLocator } from '../envelope/resource.js'
import type { Operation } from './operation.js'

/** WS-Transfer Get (MS-WSMV 3.1.4.2). */
export function getOperation(resource: ResourceLocator): Operation<Instance> {
  return {
    name: 'Get',
    action: ACTION.get,
    resource,
    lane: 'call',
    idempotent: true,
    body: [],
    decoder: () => new InstanceBody(asInstance),
  }
}
