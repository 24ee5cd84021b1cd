import { randomUUID } from 'node:crypto'
import { UsageError } from '../errors/errors.js'
import { formatDuration } from '../util/duration.js'
import { NS } from '../xml/namespaces.js'
import { element, fillIn, TreeWriter, writeXml, type ElementTree } from '../xml/writer.js'
import type { OptionSet } from './options.js'
import { BODY_START, envelope, headerForm, headerTrees, plainNames } from './request-headers.js'
import type { ResourceLocator } from './resource.js'

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

const BODIES = {
  plain: new TreeWriter((body) => envelope(false, [], body), BODY_START),
  microsoft: new TreeWriter((body) => envelope(true, [], body), BODY_START),
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

/**
 * Writes a request with the headers in the order of Windows' own client (MS-WSMV 4.11.1).
 * @throws UsageError for what a header cannot carry
 */
export function encodeRequest(
  headers: RequestHeaders,
  messageId: string,
  body: readonly ElementTree[],
): string {
  checkNumbers(headers)
  const { to, resource, action, maxEnvelopeSize, locale, dataLocale, sessionId, options } = headers
  const { resourceUri, selectors, fragment } = resource
  const operationTimeout = formatDuration(headers.operationTimeoutMs)
  const size = String(maxEnvelopeSize)
  const values = [to, resourceUri, action, size, messageId, locale]
  if (sessionId !== undefined) values.push(dataLocale, sessionId)
  const isMicrosoft = sessionId !== undefined
  const selectorNames = plainNames(selectors, values)
  const optionNames = plainNames(options, values)
  if (selectorNames === undefined || optionNames === undefined) {
    const texts = { to, resourceUri, action, maxEnvelopeSize: size, messageId, locale, dataLocale, sessionId }
    const trees = headerTrees({ ...texts, selectors, options, fragment, operationTimeout })
    return writeXml(envelope(isMicrosoft, trees, body))
  }
  if (fragment !== undefined) values.push(fragment)
  values.push(operationTimeout)
  const form = headerForm({ isMicrosoft, selectorNames, optionNames, hasFragment: fragment !== undefined })
  return fillIn(form, values) + (isMicrosoft ? BODIES.microsoft : BODIES.plain).write(body)
}

/** Writes a message without headers: Identify has none (DSP0226 11.1). */
export function encodeBare(body: readonly ElementTree[]): string {
  return writeXml(element(NS.soap, 'Envelope', [element(NS.soap, 'Header'), element(NS.soap, 'Body', body)]))
}
