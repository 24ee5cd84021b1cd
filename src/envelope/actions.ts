const transfer = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'
const enumeration = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'
const shell = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'

/** The action URIs of the verbs (MS-WSMV 3.1.4.2 to 3.1.4.17). */
export const ACTION = {
  get: `${transfer}/Get`,
  put: `${transfer}/Put`,
  create: `${transfer}/Create`,
  delete: `${transfer}/Delete`,
  enumerate: `${enumeration}/Enumerate`,
  pull: `${enumeration}/Pull`,
  release: `${enumeration}/Release`,
  command: `${shell}/Command`,
  signal: `${shell}/Signal`,
  send: `${shell}/Send`,
  receive: `${shell}/Receive`,
} as const

/** The actions that replies with a fault carry (WS-Addressing and DSP0226 14.2). */
export const FAULT_ACTION = {
  addressing: 'http://schemas.xmlsoap.org/ws/2004/08/addressing/fault',
  wsman: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault',
} as const

/** Replies to the sender, over the connection the request came on (MS-WSMV 3.1.4.1.3). */
export const ANONYMOUS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'
