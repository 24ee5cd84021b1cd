/** The namespaces of the protocol, each with the prefix Windows writes it with (MS-WSMV 2.2.1). */
export const NS = {
  soap: 'http://www.w3.org/2003/05/soap-envelope',
  /** SOAP 1.1: only ever read, in faults. */
  soap11: 'http://schemas.xmlsoap.org/soap/envelope/',
  addressing: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  transfer: 'http://schemas.xmlsoap.org/ws/2004/09/transfer',
  enumeration: 'http://schemas.xmlsoap.org/ws/2004/09/enumeration',
  eventing: 'http://schemas.xmlsoap.org/ws/2004/08/eventing',
  wsman: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  cimBinding: 'http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd',
  identity: 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd',
  microsoft: 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
  fault: 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault',
  shell: 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell',
  config: 'http://schemas.microsoft.com/wbem/wsman/1/config',
  cim: 'http://schemas.dmtf.org/wbem/wscim/1/common',
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
  xml: 'http://www.w3.org/XML/1998/namespace',
  xmlns: 'http://www.w3.org/2000/xmlns/',
} as const

const PREFIXES: ReadonlyMap<string, string> = new Map([
  [NS.soap, 's'],
  [NS.addressing, 'a'],
  [NS.transfer, 'x'],
  [NS.enumeration, 'n'],
  [NS.eventing, 'e'],
  [NS.wsman, 'w'],
  [NS.cimBinding, 'b'],
  [NS.identity, 'wsmid'],
  [NS.microsoft, 'p'],
  [NS.fault, 'f'],
  [NS.shell, 'rsp'],
  [NS.config, 'cfg'],
  [NS.cim, 'cim'],
  [NS.xsi, 'xsi'],
  [NS.xml, 'xml'],
])

/** The prefix to write a namespace with; `p` for the namespace of a resource, as Windows does. */
export function prefixFor(namespace: string): string {
  return PREFIXES.get(namespace) ?? 'p'
}
