import { InstanceBody } from '../../../src/envelope/body-decoders.js'
import { EnvelopeDecoder, type BodyDecoder, type DecodedMessage } from '../../../src/envelope/decoder.js'
import { InstanceDecoder } from '../../../src/envelope/instance-decoder.js'
import type { RawValue } from '../../../src/envelope/instance.js'
import { XmlReader } from '../../../src/xml/reader.js'

export const SOAP = 'http://www.w3.org/2003/05/soap-envelope'
export const ADDRESSING = 'http://schemas.xmlsoap.org/ws/2004/08/addressing'
export const WSMAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'
export const XSI = 'http://www.w3.org/2001/XMLSchema-instance'
export const CIM = 'http://schemas.dmtf.org/wbem/wscim/1/common'
export const SERVICE_CLASS = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'

const NAMESPACES = `xmlns:s="${SOAP}" xmlns:a="${ADDRESSING}" xmlns:w="${WSMAN}" xmlns:xsi="${XSI}" xmlns:cim="${CIM}" xmlns:p="${SERVICE_CLASS}"`

/** An envelope around hand-written headers and body. */
export const envelopeOf = (headers: string, body: string): string =>
  `<s:Envelope ${NAMESPACES}><s:Header>${headers}</s:Header><s:Body>${body}</s:Body></s:Envelope>`

export function decodeMessage<T>(xml: string | Uint8Array, body: BodyDecoder<T>): DecodedMessage<T> {
  const decoder = new EnvelopeDecoder(body)
  decoder.write(typeof xml === 'string' ? Buffer.from(xml) : xml)
  return decoder.end()
}

/** The body of a message as a raw value. */
export function decodeBody(xml: string): RawValue {
  const message = decodeMessage(xml, new InstanceBody((value) => value))
  if (message.fault) throw new Error('a fault')
  return message.body
}

/** One element as the instance decoder makes a value of it. */
export function decodeElement(xml: string): RawValue {
  const values = decodeElements(`<root ${NAMESPACES}>${xml}</root>`)
  const [value] = values
  if (value === undefined || values.length > 1) throw new Error(`${values.length} values`)
  return value
}

/** The children of the root, one value each, by one decoder. */
export function decodeElements(xml: string): RawValue[] {
  const values: RawValue[] = []
  const decoder = new InstanceDecoder((value) => values.push(value))
  let depth = 0
  const reader = new XmlReader({
    startElement: (...event) => {
      if (depth++ > 0) decoder.startElement(...event)
    },
    endElement: () => {
      if (--depth > 0) decoder.endElement()
    },
    text: (text) => {
      if (depth > 1) decoder.text(text)
    },
  })
  reader.write(Buffer.from(xml))
  reader.end()
  return values
}
