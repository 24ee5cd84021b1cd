import { parseDuration } from '../util/duration.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import type { Selectors } from './endpoint-reference.js'
import { readOptionList, readOptions, type ReceivedOption } from './options.js'
import { readSelectors } from './selectors.js'

/** The headers of a received message, read by meaning; `elements` keeps everything that came. */
export class ReceivedHeaders {
  constructor(readonly elements: readonly XmlElement[]) {}

  get to(): string | undefined {
    return this.#text(NS.addressing, 'To')
  }

  get action(): string | undefined {
    return this.#text(NS.addressing, 'Action')
  }

  get messageId(): string | undefined {
    return this.#text(NS.addressing, 'MessageID')
  }

  get relatesTo(): string | undefined {
    return this.#text(NS.addressing, 'RelatesTo')
  }

  /** Address of `a:ReplyTo`. */
  get replyTo(): string | undefined {
    return this.find(NS.addressing, 'ReplyTo')?.childText(NS.addressing, 'Address')
  }

  get resourceUri(): string | undefined {
    return this.#text(NS.wsman, 'ResourceURI')
  }

  get selectors(): Selectors {
    const set = this.find(NS.wsman, 'SelectorSet')
    return set ? readSelectors(set) : {}
  }

  get options(): ReadonlyMap<string, string> {
    const set = this.find(NS.wsman, 'OptionSet')
    return set ? readOptions(set) : new Map()
  }

  /** Every option with its type, in the order of the message. */
  get optionList(): readonly ReceivedOption[] {
    const set = this.find(NS.wsman, 'OptionSet')
    return set ? readOptionList(set) : []
  }

  /** In milliseconds; undefined where absent or not a duration. */
  get operationTimeoutMs(): number | undefined {
    const text = this.#text(NS.wsman, 'OperationTimeout')
    return text === undefined ? undefined : parseDuration(text)
  }

  /** In octets; undefined where absent, NaN where it is no number. */
  get maxEnvelopeSize(): number | undefined {
    const text = this.#text(NS.wsman, 'MaxEnvelopeSize')
    return text === undefined ? undefined : Number(text)
  }

  get locale(): string | undefined {
    return this.find(NS.wsman, 'Locale')?.attribute('lang', NS.xml)
  }

  get dataLocale(): string | undefined {
    return this.find(NS.microsoft, 'DataLocale')?.attribute('lang', NS.xml)
  }

  get fragment(): string | undefined {
    return this.#text(NS.wsman, 'FragmentTransfer')
  }

  get sessionId(): string | undefined {
    return this.#text(NS.microsoft, 'SessionId')
  }

  get activityId(): string | undefined {
    return this.#text(NS.microsoft, 'ActivityId')
  }

  /** Of robust connections (MS-WSMV 3.1.4.1.39), which this package does not ask for. */
  get operationId(): string | undefined {
    return this.#text(NS.microsoft, 'OperationID')
  }

  /** The place of the message in a robust connection, 64 bits; undefined where absent or no number. */
  get sequenceId(): bigint | undefined {
    const text = this.#text(NS.microsoft, 'SequenceId')
    return text !== undefined && /^\d{1,20}$/.test(text) ? BigInt(text) : undefined
  }

  find(namespace: string, local: string): XmlElement | undefined {
    return this.elements.find((element) => element.is(namespace, local))
  }

  #text(namespace: string, local: string): string | undefined {
    return this.find(namespace, local)?.text.trim()
  }
}
