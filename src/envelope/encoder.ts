import { randomUUID } from 'node:crypto'
import { UsageError } from '../errors/errors.js'
import { formatDuration } from '../util/duration.js'
import { NS } from '../xml/namespaces.js'
import { escapeAttribute, escapeText } from '../xml/escape.js'
import type { Fill, Shape } from '../xml/shape-tree.js'
import { attribute, element, fillIn, writeXml, type AttributeTree, type ElementTree } from '../xml/writer.js'
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

const must = (value: boolean): AttributeTree => attribute('mustUnderstand', String(value), NS.soap)
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

const DECLARED = [NS.addressing, NS.wsman]
const DECLARED_BY_MICROSOFT = [...DECLARED, NS.microsoft]

function envelope(
  isMicrosoft: boolean,
  header: readonly (ElementTree | undefined)[],
  body: readonly ElementTree[],
): ElementTree {
  const content = [element(NS.soap, 'Header', header), element(NS.soap, 'Body', body)]
  return element(NS.soap, 'Envelope', content, [], isMicrosoft ? DECLARED_BY_MICROSOFT : DECLARED)
}

/** The headers that every request has, written once: the text between their values, and what each value is. */
class CommonHeaders {
  readonly #isMicrosoft: boolean
  readonly #shape: Shape
  /** Length of the tags that open envelope and header. */
  readonly #opening: number

  constructor(isMicrosoft: boolean) {
    const fills: Fill[] = []
    const slot = (fill: Fill): string => `{${fills.push(fill)}}`
    const text = (): string => slot(escapeText)
    const language = (): readonly AttributeTree[] => [
      attribute('lang', slot(escapeAttribute), NS.xml),
      must(false),
    ]
    const entries: readonly ElementTree[] = [
      element(NS.addressing, 'To', text()),
      element(NS.wsman, 'ResourceURI', text(), MUST),
      element(NS.addressing, 'ReplyTo', [element(NS.addressing, 'Address', ANONYMOUS, MUST)]),
      element(NS.addressing, 'Action', text(), MUST),
      element(NS.wsman, 'MaxEnvelopeSize', text(), MUST),
      element(NS.addressing, 'MessageID', text()),
      element(NS.wsman, 'Locale', [], language()),
      ...(isMicrosoft
        ? [
            element(NS.microsoft, 'DataLocale', [], language()),
            element(NS.microsoft, 'SessionId', text(), [must(false)]),
          ]
        : []),
    ]
    const xml = writeXml(envelope(isMicrosoft, entries, []))
    this.#isMicrosoft = isMicrosoft
    this.#opening = xml.indexOf('<a:To>')
    this.#shape = { pieces: xml.slice(0, xml.indexOf('</s:Header>')).split(/\{\d\}/), fills }
  }

  /** @param values in the order of the headers */
  write(
    values: readonly string[],
    rest: readonly (ElementTree | undefined)[],
    body: readonly ElementTree[],
  ): string {
    const others = writeXml(envelope(this.#isMicrosoft, rest, body))
    return fillIn(this.#shape, values) + others.slice(this.#opening)
  }
}

let common: { readonly plain: CommonHeaders; readonly microsoft: CommonHeaders } | undefined

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
  const { to, resource, action, maxEnvelopeSize, locale, dataLocale, sessionId } = headers
  common ??= { plain: new CommonHeaders(false), microsoft: new CommonHeaders(true) }
  const values = [to, resource.resourceUri, action, String(maxEnvelopeSize), messageId, locale]
  const { selectors, fragment } = resource
  const { options } = headers
  const rest = [
    selectors && selectorSet(selectors),
    options && optionSet(options),
    fragment === undefined ? undefined : element(NS.wsman, 'FragmentTransfer', fragment, MUST),
    element(NS.wsman, 'OperationTimeout', formatDuration(headers.operationTimeoutMs)),
  ]
  if (sessionId === undefined) return common.plain.write(values, rest, body)
  values.push(dataLocale, sessionId)
  return common.microsoft.write(values, rest, body)
}

/** Writes a message without headers: Identify has none (DSP0226 11.1). */
export function encodeBare(body: readonly ElementTree[]): string {
  return writeXml(element(NS.soap, 'Envelope', [element(NS.soap, 'Header'), element(NS.soap, 'Body', body)]))
}
