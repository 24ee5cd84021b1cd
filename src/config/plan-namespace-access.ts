import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { decodeSecurityDescriptor, encodeSecurityDescriptor } from '../settings/sddl/bytes.js'
import type { SecurityDescriptor } from '../settings/sddl/descriptor.js'
import { formatSddl } from '../settings/sddl/format.js'
import type { DescriptorChange } from './descriptor-change.js'
import { texts } from './method-output.js'
import { remark, type PlanPart } from './plan.js'
import { isUnavailable, wmiClass, WmiObjects } from './wmi-objects.js'

/**
 * What it takes that the descriptor of a WMI namespace says something of an account (`GetSD` and `SetSD` of
 * `__SystemSecurity`, which hand it over in bytes and so lose nothing of it).
 */
export async function planNamespaceAccess(
  runner: OperationRunner,
  namespace: string,
  change: DescriptorChange,
  options: CallOptions,
): Promise<PlanPart> {
  const path = `namespaces[${namespace}].security`
  let descriptor: SecurityDescriptor
  try {
    descriptor = await readSecurity(runner, namespace, options)
  } catch (error) {
    if (!isUnavailable(error)) throw error
    const message = `The security of the namespace ${namespace} cannot be read: ${error.message}`
    return { steps: [], warnings: [remark('unavailable', path, message)] }
  }
  const next = change.apply(descriptor)
  const from = formatSddl(descriptor)
  const to = formatSddl(next)
  const doubt = change.doubt(next)
  const warnings =
    doubt === undefined ? [] : [remark('dubious', path, `In the namespace ${namespace}, ${doubt}.`)]
  if (from === to) return { steps: [], warnings }
  const description = change.describe(`the WMI namespace ${namespace}`)
  const run = async (bounds: CallOptions): Promise<void> => {
    const current = change.apply(await readSecurity(runner, namespace, bounds))
    const SD = [...encodeSecurityDescriptor(current)]
    await new WmiObjects(runner, bounds).invoke(securityOf(namespace), 'SetSD', { SD })
  }
  const step = {
    name: `change who may use the WMI namespace ${namespace}`,
    changes: [{ path, action: 'set', from, to, description } as const],
    run,
  }
  return { steps: [step], warnings }
}

const securityOf = (namespace: string) => wmiClass(namespace, '__SystemSecurity')

async function readSecurity(
  runner: OperationRunner,
  namespace: string,
  options: CallOptions,
): Promise<SecurityDescriptor> {
  const { SD } = await new WmiObjects(runner, options).invoke(securityOf(namespace), 'GetSD')
  return decodeSecurityDescriptor(Uint8Array.from(texts(SD).map(Number)))
}
