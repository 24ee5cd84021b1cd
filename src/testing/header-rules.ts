import { ANONYMOUS } from '../envelope/actions.js'
import type { ReceivedHeaders } from '../envelope/headers.js'
import type { ProtocolSettings } from '../settings/table.js'
import { parseDuration } from '../util/duration.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import {
  encodingLimit,
  invalidHeader,
  invalidOptions,
  invalidResourceUri,
  invalidSelectors,
  missingHeader,
  notUnderstoodHeader,
  unsupportedFeature,
} from './faults.js'

/** What the headers of an acceptable request say about how it is to be answered. */
export interface RequestTerms {
  readonly action: string
  readonly resourceUri: string
  readonly messageId: string
  readonly operationTimeoutMs: number
  /** In octets. */
  readonly maxEnvelopeSize: number
}

/** Headers that say one thing, and say it once. */
const ONCE: ReadonlySet<string> = new Set([
  ...['To', 'Action', 'MessageID', 'ReplyTo', 'FaultTo', 'From'].map((name) => `${NS.addressing} ${name}`),
  ...[
    'ResourceURI',
    'SelectorSet',
    'OptionSet',
    'OperationTimeout',
    'MaxEnvelopeSize',
    'Locale',
    'FragmentTransfer',
    'RequestEPR',
    'RequestTotalItemsCountEstimate',
  ].map((name) => `${NS.wsman} ${name}`),
  ...['DataLocale', 'SessionId', 'ActivityId', 'OperationID', 'SequenceId'].map(
    (name) => `${NS.microsoft} ${name}`,
  ),
])
const UNDERSTOOD: ReadonlySet<string> = new Set([...ONCE, `${NS.addressing} RelatesTo`])

/** Windows takes message ids of up to two kilobytes (MS-WSMV note 47); ActivityId likewise (3.1.4.1.12). */
const MAX_ID_LENGTH = 2048
/** DSP0226 6.2: below this no fault could be told. */
const MIN_ENVELOPE_SIZE = 8192
/** A shorter OperationTimeout acts as this one. */
const MIN_TIMEOUT_MS = 500

/**
 * Checks the headers of a request (MS-WSMV 3.1.4.1.1 to 3.1.4.1.12). What is told in them and ignored by Windows, such
 * as RequestEPR, is ignored.
 * @throws EndpointFault for the first rule that is broken
 */
export function checkHeaders(headers: ReceivedHeaders, settings: ProtocolSettings): RequestTerms {
  checkUnderstood(headers)
  checkRepeated(headers)
  const messageId = checkMessageId(headers)
  const { to, action } = headers
  if (!to) throw missingHeader('To')
  if (!action) throw missingHeader('Action')
  checkReplyTo(headers)
  checkLocales(headers)
  checkFragment(headers)
  if ((headers.activityId ?? '').length > MAX_ID_LENGTH) throw invalidHeader('The ActivityId is too long.')
  const maxEnvelopeSize = envelopeSize(headers, settings)
  const operationTimeoutMs = operationTimeout(headers, action, settings)
  const resourceUri = checkResourceUri(headers)
  checkSelectors(headers)
  checkOptions(headers)
  return { action, resourceUri, messageId, operationTimeoutMs, maxEnvelopeSize }
}

const nameOf = ({ name }: XmlElement): string => `${name.namespace} ${name.local}`

/** SOAP 1.2 part 1, 2.4. */
function checkUnderstood({ elements }: ReceivedHeaders): void {
  const foreign = elements.find((header) => mustUnderstand(header) && !UNDERSTOOD.has(nameOf(header)))
  if (foreign) throw notUnderstoodHeader(foreign.name)
}

function checkRepeated({ elements }: ReceivedHeaders): void {
  const seen = new Set<string>()
  for (const header of elements) {
    const name = nameOf(header)
    if (seen.has(name) && ONCE.has(name)) throw invalidHeader(`The header ${header.name.local} comes twice.`)
    seen.add(name)
  }
}

function mustUnderstand(header: XmlElement): boolean {
  const value = header.attribute('mustUnderstand', NS.soap)
  return value === 'true' || value === '1'
}

function checkMessageId({ messageId }: ReceivedHeaders): string {
  if (!messageId) throw invalidHeader('The MessageID is missing or empty.')
  if (messageId.length > MAX_ID_LENGTH) throw invalidHeader('The MessageID is longer than 2048 characters.')
  return messageId
}

function checkReplyTo(headers: ReceivedHeaders): void {
  if (headers.replyTo === undefined) throw missingHeader('ReplyTo')
  const faultTo = headers.find(NS.addressing, 'FaultTo')
  const faultAddress = faultTo ? (faultTo.childText(NS.addressing, 'Address') ?? '') : ANONYMOUS
  for (const address of [headers.replyTo, faultAddress]) {
    if (address.replace(/\/$/, '') === ANONYMOUS) continue
    throw unsupportedFeature(
      'AddressingMode',
      0x80338076,
      `Replies go back over the connection of the request only, not to ${address}.`,
    )
  }
}

function checkLocales(headers: ReceivedHeaders): void {
  for (const [namespace, name] of [
    [NS.wsman, 'Locale'],
    [NS.microsoft, 'DataLocale'],
  ] as const) {
    const header = headers.find(namespace, name)
    if (!header || !mustUnderstand(header)) continue
    throw unsupportedFeature(name, 0x80338087, `The ${name} header must not be marked mustUnderstand.`)
  }
}

/** MS-WSMV 3.1.4.1.18. */
function checkFragment(headers: ReceivedHeaders): void {
  const header = headers.find(NS.wsman, 'FragmentTransfer')
  if (header && !mustUnderstand(header)) {
    throw invalidHeader('The FragmentTransfer header must be marked mustUnderstand.')
  }
}

function envelopeSize({ maxEnvelopeSize }: ReceivedHeaders, settings: ProtocolSettings): number {
  const limit = settings.maxEnvelopeSizeKb * 1024
  if (maxEnvelopeSize === undefined) return limit
  if (!Number.isInteger(maxEnvelopeSize)) throw invalidHeader('The MaxEnvelopeSize is no whole number.')
  if (maxEnvelopeSize < MIN_ENVELOPE_SIZE) {
    throw encodingLimit(
      'MinimumEnvelopeLimit',
      0x8033807e,
      `The MaxEnvelopeSize ${maxEnvelopeSize} is less than ${MIN_ENVELOPE_SIZE} octets.`,
    )
  }
  return Math.min(maxEnvelopeSize, limit)
}

/** MaxTimeoutms holds for every request but Pull (MS-WSMV 2.2.4.10). */
function operationTimeout(
  headers: ReceivedHeaders,
  action: string,
  { maxTimeoutMs }: ProtocolSettings,
): number {
  const text = headers.find(NS.wsman, 'OperationTimeout')?.text.trim()
  if (text === undefined) return maxTimeoutMs
  const asked = parseDuration(text)
  if (asked === undefined || asked < 0) {
    throw invalidHeader(`The OperationTimeout header holds no duration that can be waited for: ${text}.`)
  }
  const wanted = Math.max(Math.round(asked), MIN_TIMEOUT_MS)
  return action === `${NS.enumeration}/Pull` ? wanted : Math.min(wanted, maxTimeoutMs)
}

function checkResourceUri({ resourceUri }: ReceivedHeaders): string {
  if (!resourceUri) throw invalidResourceUri('The request names no resource.')
  if (/^[a-z][a-z0-9+.-]*:\S+$/i.test(resourceUri)) return resourceUri
  throw invalidResourceUri(`${resourceUri} is no absolute URI.`)
}

/** Names do not distinguish letter case (MS-WSMV 3.1.4.1.2). */
function checkSelectors(headers: ReceivedHeaders): void {
  const seen = new Set<string>()
  for (const selector of headers.find(NS.wsman, 'SelectorSet')?.all(NS.wsman, 'Selector') ?? []) {
    const name = selector.attribute('Name')?.toLowerCase()
    if (!name) throw invalidSelectors('InvalidSelectors', 'A selector has no name.')
    if (seen.has(name)) throw invalidSelectors('DuplicateSelectors', `The selector ${name} comes twice.`)
    seen.add(name)
  }
}

function checkOptions({ optionList }: ReceivedHeaders): void {
  if (optionList.some(({ name }) => name === ''))
    throw invalidOptions('InvalidName', 'An option has no name.')
}
