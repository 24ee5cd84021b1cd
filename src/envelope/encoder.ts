import { randomUUID } from 'node:crypto'
import { UsageError } from '../errors/errors.js'
import { formatDuration } from '../util/duration.js'
import { NS } from '../xml/namespaces.js'
import { element, writeXml, type AttributeTree, type ElementTree } from '../xml/writer.js'
import { ANONYMOUS } from './actions.js'
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

const must = (value: boolean): AttributeTree => ({
  namespace: NS.soap,
  name: 'mustUnderstand',
  value: String(value),
})
const language = (tag: string): readonly AttributeTree[] => [
  { namespace: NS.xml, name: 'lang', value: tag },
  must(false),
]
const MUST = [must(true)]

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
  const { resource, sessionId } = headers
  const entries: readonly ElementTree[] = [
    element(NS.addressing, 'To', headers.to),
    element(NS.wsman, 'ResourceURI', resource.resourceUri, MUST),
    element(NS.addressing, 'ReplyTo', [element(NS.addressing, 'Address', ANONYMOUS, MUST)]),
    element(NS.addressing, 'Action', headers.action, MUST),
    element(NS.wsman, 'MaxEnvelopeSize', String(headers.maxEnvelopeSize), MUST),
    element(NS.addressing, 'MessageID', messageId),
    element(NS.wsman, 'Locale', [], language(headers.locale)),
    ...(sessionId === undefined
      ? []
      : [
          element(NS.microsoft, 'DataLocale', [], language(headers.dataLocale)),
          element(NS.microsoft, 'SessionId', sessionId, [must(false)]),
        ]),
    ...selectorSet(resource.selectors ?? {}),
    ...optionSet(headers.options ?? {}),
    ...(resource.fragment === undefined
      ? []
      : [element(NS.wsman, 'FragmentTransfer', resource.fragment, MUST)]),
    element(NS.wsman, 'OperationTimeout', formatDuration(headers.operationTimeoutMs)),
  ]
  const declares = [NS.addressing, NS.wsman, ...(sessionId === undefined ? [] : [NS.microsoft])]
  return writeXml({
    ...element(NS.soap, 'Envelope', [element(NS.soap, 'Header', entries), element(NS.soap, 'Body', body)]),
    declares,
  })
}

/** Writes a message without headers: Identify has none (DSP0226 11.1). */
export function encodeBare(body: readonly ElementTree[]): string {
  return writeXml(element(NS.soap, 'Envelope', [element(NS.soap, 'Header'), element(NS.soap, 'Body', body)]))
}
