import { TreeBody } from '../envelope/body-decoders.js'
import { EnvelopeDecoder } from '../envelope/decoder.js'
import type { ReceivedHeaders } from '../envelope/headers.js'
import { ProtocolError } from '../errors/errors.js'
import type { XmlElement } from '../xml/element.js'
import { TextChunks } from '../xml/text-chunks.js'
import { schemaValidation } from './faults.js'

/** The text of a request and whether it came as UTF-16: the reply goes back in the same encoding. */
export interface SoapText {
  readonly text: string
  readonly wide: boolean
}

export interface SoapMessage {
  readonly headers: ReceivedHeaders
  /** The elements inside `s:Body`. */
  readonly body: readonly XmlElement[]
}

/** Undefined for what is neither UTF-8 nor UTF-16. */
export function decodeText(bytes: Buffer): SoapText | undefined {
  const chunks = new TextChunks()
  try {
    const text = chunks.decode(bytes).text + chunks.end().text
    return { text, wide: chunks.isWide }
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** UTF-16 goes out little-endian with a byte order mark. */
export function encodeText(text: string, wide: boolean): Buffer {
  return wide ? Buffer.from(`\uFEFF${text}`, 'utf16le') : Buffer.from(text)
}

/** Some clients declare UTF-16 and send UTF-8, which Windows takes: what counts is how the bytes were read. */
const DECLARATION = /^\s*<\?xml\s[^>]*\?>/

/** @throws EndpointFault for what is no SOAP 1.2 message */
export function parseMessage(text: string): SoapMessage {
  const decoder = new EnvelopeDecoder(new TreeBody((elements) => elements))
  try {
    decoder.write(Buffer.from(text.replace(DECLARATION, '')))
    const message = decoder.end()
    if (message.fault) throw schemaValidation('The request is a fault.')
    return { headers: message.headers, body: message.body }
  } catch (error) {
    throw error instanceof ProtocolError ? schemaValidation(error.message) : error
  }
}
