import type { FaultParts } from '../errors/fault.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'

/** What the detail of a fault says beyond its code and reason. */
export type FaultDetail = Pick<
  FaultParts,
  'wsmanCode' | 'detail' | 'faultDetail' | 'machine' | 'provider' | 'cimStatusCode' | 'messageId'
>

/** Of WinRM, and of its first version (MS-WSMAN 2.2.4.1). */
const WINDOWS_FAULT: ReadonlySet<string> = new Set([
  NS.fault,
  'http://schemas.microsoft.com/ws/2005/06/wsmanfault',
])
const CIM_ERRORS: ReadonlySet<string> = new Set(['CIM_Error', 'MSFT_WmiError', 'OMI_Error'])
/** Text of a detail nobody knows is for people to read, not to keep whole. */
const MAX_TEXT = 2000

/**
 * Reads `s:Detail`: WSManFault of Windows, a class derived from CIM_Error (WMI, OMI and other services; also where it
 * stands inside a provider's fault), or any text there is.
 */
export function readFaultDetail(detail: XmlElement | undefined): FaultDetail {
  const windows = detail?.elements.find(isWindowsFault)
  const error = detail && findCimError(detail)
  const said = windows && readWindowsFault(windows)
  const cim = error && readCimError(error)
  return {
    wsmanCode: said?.code ?? cim?.wsmanCode,
    detail: said || cim ? (cim?.detail ?? said?.text) : detail && otherText(detail),
    faultDetail: detail?.childText(NS.wsman, 'FaultDetail'),
    machine: said?.machine,
    provider: said?.provider,
    cimStatusCode: cim?.cimStatusCode,
    messageId: cim?.messageId,
  }
}

interface WindowsFault {
  readonly code: number | undefined
  readonly machine: string | undefined
  readonly provider: string | undefined
  readonly text: string | undefined
}

const isWindowsFault = ({ name }: XmlElement): boolean =>
  name.local === 'WSManFault' && WINDOWS_FAULT.has(name.namespace)

/**
 * MS-WSMV 2.2.4.43. A provider's fault stands inside the service's, to any depth: its text says most, while code and
 * machine are those the outermost tells.
 */
function readWindowsFault(fault: XmlElement): WindowsFault {
  const message = childOf(fault, 'Message')
  const provider = message && childOf(message, 'ProviderFault')
  const inner = provider?.elements.find(isWindowsFault)
  const nested = inner && readWindowsFault(inner)
  return {
    code: toCode(fault.attribute('Code')) ?? nested?.code,
    machine: present(fault.attribute('Machine')) ?? nested?.machine,
    provider: nested?.provider ?? present(provider?.attribute('provider')),
    text: (provider && providerText(provider, nested?.text)) ?? present(message?.text),
  }
}

/** A provider writes plain text, an element of its own (`t:ProviderError`), or a fault with WMI's `__ExtendedStatus`. */
function providerText(provider: XmlElement, nested: string | undefined): string | undefined {
  const extended = childOf(provider, 'ExtendedError')?.elements[0]
  const description = extended && property(extended, 'Description')
  const text = nested ?? present(provider.text)
  if (text === undefined) return description ?? textInside(provider)
  return description === undefined || text.includes(description) ? text : `${text} ${description}`
}

function findCimError(parent: XmlElement): XmlElement | undefined {
  for (const element of parent.elements) {
    const found = isCimError(element) ? element : findCimError(element)
    if (found) return found
  }
  return undefined
}

/** Marked as such (CIM binding, DSP0227), or known by its class or by what every one has. */
const isCimError = (element: XmlElement): boolean =>
  element.attribute('IsCIM_Error', NS.cimBinding) === 'true' ||
  CIM_ERRORS.has(element.name.local) ||
  property(element, 'CIMStatusCode') !== undefined

function readCimError(
  error: XmlElement,
): Pick<FaultDetail, 'wsmanCode' | 'detail' | 'cimStatusCode' | 'messageId'> {
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => property(error, name)).find((text) => text !== undefined)
  const code = toCode(first('error_Code', 'OMI_Code'))
  // The results of MI are small numbers too and no Win32 errors; 0 says nothing.
  const isWindowsCode =
    code !== 0 && /^(?:hresult|win32)$/i.test(first('error_Type', 'OMI_Type') ?? 'hresult')
  const messageId = property(error, 'MessageID')
  return {
    wsmanCode: (isWindowsCode ? code : undefined) ?? codeIn(messageId),
    detail: first('Message', 'error_WindowsErrorMessage', 'OMI_ErrorMessage', 'CIMStatusCodeDescription'),
    cimStatusCode: toCode(property(error, 'CIMStatusCode')),
    messageId,
  }
}

/** `HRESULT 0x803381a6` and `Windows System Error 5` are how WMI words the identifiers of its messages. */
function codeIn(messageId = ''): number | undefined {
  const [, hresult, win32] = /^(?:HRESULT (0x[\da-f]+)|Windows System Error (\d+))$/i.exec(messageId) ?? []
  return toCode(hresult ?? win32)
}

/** The text of the elements nobody knows; DSP0226 14.6 puts names and URIs there. */
function otherText(detail: XmlElement): string | undefined {
  const texts = detail.elements
    .filter((element) => !element.is(NS.wsman, 'FaultDetail'))
    .map((element) => textInside(element))
  return present([detail.text.trim(), ...texts].filter(Boolean).join(' '))?.slice(0, MAX_TEXT)
}

function textInside(element: XmlElement): string | undefined {
  const texts = element.children.map((child) =>
    typeof child === 'string' ? child.trim() : textInside(child),
  )
  return present(texts.filter(Boolean).join(' '))?.slice(0, MAX_TEXT)
}

const childOf = (element: XmlElement, local: string): XmlElement | undefined =>
  element.elements.find(({ name }) => name.local === local)

const property = (instance: XmlElement, name: string): string | undefined =>
  present(childOf(instance, name)?.text)

function present(text: string | undefined): string | undefined {
  return text?.trim() || undefined
}

/** Decimal, signed or not, or hexadecimal; undefined for what is no 32-bit number. */
function toCode(text: string | undefined): number | undefined {
  const digits = text?.trim() ?? ''
  if (!/^(?:-?\d{1,10}|0x[\da-f]{1,8})$/i.test(digits)) return undefined
  const code = Number(digits)
  if (code > 0xffffffff || code < -0x80000000) return undefined
  return code < 0 ? code + 0x100000000 : code
}
