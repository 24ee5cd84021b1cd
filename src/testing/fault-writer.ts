import { FAULT_ACTION } from '../envelope/actions.js'
import { faultByCode } from '../errors/fault-codes.js'
import { escapeAttribute, escapeText } from '../xml/escape.js'
import { NS } from '../xml/namespaces.js'
import type { EndpointFault } from './message.js'
import { printable } from './printable.js'
import { writeFaultReply } from './reply-writer.js'

/** The action of a fault follows from the specification that defines its subcode, told by the subcode's prefix. */
const ACTIONS: Readonly<Record<string, string>> = {
  w: FAULT_ACTION.wsman,
  n: `${NS.enumeration}/fault`,
  x: `${NS.transfer}/fault`,
}

const FAULT_DETAIL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail'

/**
 * Writes a fault in the form of Windows' recorded ones (MS-WSMV 2.2.4.43).
 * @param machine the name of the machine that raises it
 */
export function writeFault(fault: EndpointFault, machine: string, relatesTo: string | undefined): string {
  const { parts } = fault
  const subcode =
    parts.subcode === undefined
      ? ''
      : `<s:Subcode><s:Value>${escapeText(parts.subcode)}</s:Value></s:Subcode>`
  const body =
    `<s:Fault><s:Code><s:Value>s:${parts.code}</s:Value>${subcode}</s:Code>` +
    `<s:Reason><s:Text xml:lang="en-US">${text(reasonOf(fault))}</s:Text></s:Reason>${detail(fault, machine)}</s:Fault>`
  const prefix = parts.subcode?.split(':')[0] ?? ''
  const action = ACTIONS[prefix] ?? FAULT_ACTION.addressing
  return writeFaultReply({ action, body, extra: notUnderstood(fault) }, relatesTo)
}

function reasonOf({ message, parts }: EndpointFault): string {
  const known = parts.wsmanCode === undefined ? undefined : faultByCode(parts.wsmanCode)
  return parts.reason ?? known?.description ?? message
}

function detail({ message, parts }: EndpointFault, machine: string): string {
  const { wsmanCode, faultDetail } = parts
  if (wsmanCode === undefined && faultDetail === undefined) return ''
  const narrowed =
    faultDetail === undefined
      ? ''
      : `<w:FaultDetail>${FAULT_DETAIL}/${escapeText(faultDetail)}</w:FaultDetail>`
  const fault = wsmanCode === undefined ? '' : wsmanFault(wsmanCode, machine, inner(message, parts, machine))
  return `<s:Detail>${narrowed}${fault}</s:Detail>`
}

function inner(message: string, { provider, wsmanCode }: EndpointFault['parts'], machine: string): string {
  if (!provider) return text(message)
  const words = provider.nested ? wsmanFault(wsmanCode ?? 0, machine, text(message)) : text(message)
  return `<f:ProviderFault provider="${escapeAttribute(provider.name)}" path="${escapeAttribute(provider.path)}">${words}</f:ProviderFault>`
}

function wsmanFault(code: number, machine: string, message: string): string {
  return `<f:WSManFault xmlns:f="${NS.fault}" Code="${code}" Machine="${escapeAttribute(machine)}"><f:Message>${message}</f:Message></f:WSManFault>`
}

/** The name is repeated with the prefix and the namespace of the sender (SOAP 1.2 part 1, 5.4.8). */
function notUnderstood({ parts: { notUnderstood: name } }: EndpointFault): string {
  if (!name) return ''
  const prefix = name.prefix || 'h'
  return `<s:NotUnderstood qname="${prefix}:${name.local}" xmlns:${prefix}="${escapeAttribute(name.namespace)}" />`
}

const text = (value: string): string => escapeText(printable(value))
