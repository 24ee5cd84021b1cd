import { faultByCode } from '../errors/fault-codes.js'
import type { FaultParts } from '../errors/fault.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import type { ReceivedHeaders } from './headers.js'

/** Reads `s:Fault` with the details that WinRM, WMI and other services put into it (MS-WSMV 2.2.4.43, 4.10). */
export function readFault(fault: XmlElement, headers: ReceivedHeaders): FaultParts {
  const code = fault.child(NS.soap, 'Code')
  const detail = fault.child(NS.soap, 'Detail')
  const windows = detail?.child(NS.fault, 'WSManFault')
  const wmi = detail?.elements.find(({ name }) => name.local === 'MSFT_WmiError')
  const wsmanCode = windows
    ? numeric(windows.attribute('Code'))
    : numeric(wmi && propertyText(wmi, 'error_Code'))
  return {
    wsmanCode,
    wsmanName: wsmanCode === undefined ? undefined : faultByCode(wsmanCode)?.name,
    faultCode: localPart(code?.childText(NS.soap, 'Value')) ?? 'Unknown',
    subcode: localPart(code?.child(NS.soap, 'Subcode')?.childText(NS.soap, 'Value')),
    reason: fault.child(NS.soap, 'Reason')?.childText(NS.soap, 'Text') ?? '',
    detail: (windows && innermostMessage(windows)) ?? (wmi && propertyText(wmi, 'Message')),
    faultDetail: detail?.childText(NS.wsman, 'FaultDetail'),
    machine: windows?.attribute('Machine') || undefined,
    provider: windows
      ?.child(NS.fault, 'Message')
      ?.child(NS.fault, 'ProviderFault')
      ?.attribute('provider')
      ?.trim(),
    notUnderstood: headers.elements
      .filter((element) => element.is(NS.soap, 'NotUnderstood'))
      .map((element) => element.attribute('qname') ?? ''),
  }
}

/** A provider's fault stands inside the service's; the innermost text says most. */
function innermostMessage(windows: XmlElement): string | undefined {
  const message = windows.child(NS.fault, 'Message')
  const provider = message?.child(NS.fault, 'ProviderFault')
  const nested = provider?.child(NS.fault, 'WSManFault')
  const text = (nested && innermostMessage(nested)) ?? provider?.text.trim() ?? ''
  return text || message?.text.trim() || undefined
}

function propertyText(instance: XmlElement, name: string): string | undefined {
  return instance.elements.find((element) => element.name.local === name)?.text.trim()
}

function numeric(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

function localPart(qname: string | undefined): string | undefined {
  return qname?.slice(qname.indexOf(':') + 1)
}
