import { randomUUID } from 'node:crypto'
import { UsageError } from '../errors/errors.js'
import { formatDuration } from '../util/duration.js'
import { NS, prefixFor } from '../xml/namespaces.js'
import { xml, Xml } from '../xml/template.js'
import { ANONYMOUS } from './actions.js'
import { DECLARED } from './envelope-trees.js'
import { optionSet, type OptionSet } from './options.js'
import type { ResourceLocator } from './resource.js'
import { selectorSet } from './selectors.js'

/** The headers of a request, in terms of their meaning. */
export interface RequestHeaders {
  readonly to: string
  readonly action: string
  readonly resource: ResourceLocator
  /** Largest reply the sender takes, in octets. */
  readonly maxEnvelopeSize: number
  readonly operationTimeoutMs: number
  readonly locale: string
  readonly dataLocale: string
  /** Absent for services that know nothing of Microsoft's headers. */
  readonly sessionId?: string | undefined
  readonly options?: OptionSet | undefined
}

/** `uuid:` and a GUID in capitals, as Windows writes it. */
export function newUuid(): string {
  return `uuid:${randomUUID().toUpperCase()}`
}

/** The largest MaxTimeoutms of a service, in milliseconds (MS-WSMV 2.2.4.10): 49 days. */
const MAX_TIMEOUT_MS = 0xffffffff

/** @throws UsageError for a number that the header cannot carry */
function checkNumbers({ maxEnvelopeSize, operationTimeoutMs }: RequestHeaders): void {
  if (!(operationTimeoutMs >= 0 && operationTimeoutMs <= MAX_TIMEOUT_MS)) {
    throw new UsageError(
      `operationTimeoutMs must be a number from 0 to ${MAX_TIMEOUT_MS}; it is ${operationTimeoutMs}.`,
    )
  }
  if (!Number.isSafeInteger(maxEnvelopeSize) || maxEnvelopeSize < 1) {
    throw new UsageError(
      `maxEnvelopeSizeKb must be a positive number of whole octets; it is ${maxEnvelopeSize / 1024}.`,
    )
  }
}

const declarations = (namespaces: readonly string[]): readonly Xml[] =>
  namespaces.map((namespace) => new Xml(` xmlns:${prefixFor(namespace)}="${namespace}"`))

const START = xml`<s:Envelope${declarations([NS.soap, ...DECLARED])}><s:Header>`
const MICROSOFT_START = xml`<s:Envelope${declarations([NS.soap, ...DECLARED, NS.microsoft])}><s:Header>`
const REPLY_TO = xml`<a:ReplyTo><a:Address s:mustUnderstand="true">${ANONYMOUS}</a:Address></a:ReplyTo>`

/**
 * Writes a request with the headers in the order of Windows' own client (MS-WSMV 4.11.1).
 * @throws UsageError for what a header cannot carry
 */
export function encodeRequest(headers: RequestHeaders, messageId: string, body?: Xml): string {
  checkNumbers(headers)
  const { to, resource, action, maxEnvelopeSize, locale, dataLocale, sessionId, options } = headers
  const { resourceUri, selectors, fragment } = resource
  const isMicrosoft = sessionId !== undefined
  const head = [
    xml`<a:To>${to}</a:To><w:ResourceURI s:mustUnderstand="true">${resourceUri}</w:ResourceURI>`,
    REPLY_TO,
    xml`<a:Action s:mustUnderstand="true">${action}</a:Action>`,
    xml`<w:MaxEnvelopeSize s:mustUnderstand="true">${String(maxEnvelopeSize)}</w:MaxEnvelopeSize>`,
    xml`<a:MessageID>${messageId}</a:MessageID><w:Locale xml:lang="${locale}" s:mustUnderstand="false"/>`,
  ]
  if (isMicrosoft) {
    head.push(
      xml`<p:DataLocale xml:lang="${dataLocale}" s:mustUnderstand="false"/>`,
      xml`<p:SessionId s:mustUnderstand="false">${sessionId}</p:SessionId>`,
    )
  }
  if (selectors) head.push(selectorSet(selectors))
  if (options) head.push(optionSet(options))
  if (fragment !== undefined)
    head.push(xml`<w:FragmentTransfer s:mustUnderstand="true">${fragment}</w:FragmentTransfer>`)
  head.push(xml`<w:OperationTimeout>${formatDuration(headers.operationTimeoutMs)}</w:OperationTimeout>`)
  const start = isMicrosoft ? MICROSOFT_START : START
  return xml`${start}${head}</s:Header><s:Body>${body}</s:Body></s:Envelope>`.text
}

/** Writes a message without headers: Identify has none (DSP0226 11.1). */
export function encodeBare(body?: Xml): string {
  return xml`<s:Envelope${declarations([NS.soap])}><s:Header/><s:Body>${body}</s:Body></s:Envelope>`.text
}
