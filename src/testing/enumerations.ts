import { ACTION } from '../envelope/actions.js'
import { newUuid } from '../envelope/encoder.js'
import { FAULT } from '../errors/fault-codes.js'
import type { Settings } from '../settings/table.js'
import { parseDuration } from '../util/duration.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { MAX_TIMER_MS } from './deadline.js'
import {
  EnumerationContext,
  type EnumerationMode,
  type ItemSource,
  type Page,
  type PageLimits,
} from './enumeration-context.js'
import { encodingLimit, invalidContext, schemaValidation, timedOut, unsupportedFeature } from './faults.js'
import { EndpointFault, type EndpointReply, type EndpointRequest } from './message.js'
import { userKey, type OperationQuota } from './operation-quota.js'
import { writeReply } from './reply-writer.js'

interface Open {
  readonly context: EnumerationContext
  expiry: NodeJS.Timeout | undefined
}

const MODES: readonly EnumerationMode[] = ['EnumerateObject', 'EnumerateEPR', 'EnumerateObjectAndEPR']

/** The enumerations of all users and resources that are being read (MS-WSMV 3.1.4.8 to 3.1.4.10). */
export class Enumerations {
  readonly #settings: Settings
  readonly #quota: OperationQuota
  readonly #open = new Map<string, Open>()

  constructor(settings: Settings, quota: OperationQuota) {
    this.#settings = settings
    this.#quota = quota
  }

  /**
   * Begins an enumeration, with its first items where the client asks for them.
   * @param source opens the items; it gets `n:Enumerate` and faults for a filter it does not take
   */
  async enumerate(
    request: EndpointRequest,
    source: (enumerate: XmlElement) => ItemSource,
  ): Promise<EndpointReply> {
    const enumerate = theElement(request, 'Enumerate')
    if (enumerate.child(NS.enumeration, 'Expires')) {
      throw unsupportedFeature('ExpirationTime', 0x80338017, 'Enumerations take no expiration time.')
    }
    const mode = modeOf(enumerate)
    const all = source(enumerate)
    const ended = this.#quota.take(request.principal)
    const left = request.leaveOpen?.()
    const context = new EnumerationContext(request.principal, mode, all, () => {
      ended()
      left?.()
    })
    if (!enumerate.child(NS.wsman, 'OptimizeEnumeration')) {
      return enumerateReply(this.#keep(context), '')
    }
    const wanted = enumerate.childText(NS.wsman, 'MaxElements')
    const page = await this.#read(context, request, wanted, request.operationTimeoutMs)
    const items = `<w:Items>${page.items.join('')}</w:Items>`
    if (page.ended === 'sequence') return enumerateReply('', `${items}<w:EndOfSequence/>`)
    return enumerateReply(this.#keep(context), items)
  }

  /** @throws EndpointFault for a context that ended, expired, or belongs to another user */
  async pull(request: EndpointRequest): Promise<EndpointReply> {
    const pull = theElement(request, 'Pull')
    const { id, context } = this.#take(pull, request)
    const maxTime = maxTimeOf(pull)
    const wanted = pull.childText(NS.enumeration, 'MaxElements')
    const timeoutMs = Math.min(maxTime ?? Infinity, request.operationTimeoutMs)
    const page = await this.#read(context, request, wanted, timeoutMs)
    if (page.ended === 'time' && page.items.length === 0) {
      this.#keep(context, id)
      throw maxTime !== undefined && maxTime <= request.operationTimeoutMs ? pullTimedOut() : timedOut()
    }
    const items = `<n:Items>${page.items.join('')}</n:Items>`
    return page.ended === 'sequence'
      ? pullReply(`${items}<n:EndOfSequence/>`)
      : pullReply(`<n:EnumerationContext>${this.#keep(context)}</n:EnumerationContext>${items}`)
  }

  release(request: EndpointRequest): EndpointReply {
    this.#take(theElement(request, 'Release'), request).context.close()
    return { action: `${ACTION.release}Response`, body: [] }
  }

  close(): void {
    for (const { context, expiry } of this.#open.values()) {
      clearTimeout(expiry)
      context.close()
    }
    this.#open.clear()
  }

  /** A failure ends the enumeration: Windows does not take up one whose Pull failed. */
  async #read(
    context: EnumerationContext,
    request: EndpointRequest,
    maxElements: string | undefined,
    timeoutMs: number,
  ): Promise<Page> {
    try {
      const page = await context.read(this.#limits(request, maxElements, timeoutMs))
      if (page.ended === 'item too large') {
        throw encodingLimit(
          'MaxEnvelopeSizeExceeded',
          FAULT.ENVELOPE_TOO_LARGE,
          `One item takes more than the ${request.maxEnvelopeSize} octets that MaxEnvelopeSize allows.`,
        )
      }
      return page
    } catch (error) {
      context.close()
      throw error
    }
  }

  #limits(request: EndpointRequest, maxElements: string | undefined, timeoutMs: number): PageLimits {
    const { maxBatchItems } = this.#settings.protocol
    return {
      maxElements: Math.min(countOf(maxElements), maxBatchItems),
      maxOctets: request.maxEnvelopeSize - overhead(request),
      timeoutMs,
      signal: request.signal,
    }
  }

  /** Every reply gives the enumeration a new name, which lives until EnumerationTimeoutms has passed (3.1.4.1.36). */
  #keep(context: EnumerationContext, id = newUuid()): string {
    const expire = (): void => {
      this.#open.delete(id)
      context.close()
    }
    const expiry = setTimeout(expire, Math.min(this.#settings.service.enumerationTimeoutMs, MAX_TIMER_MS))
    this.#open.set(id, { context, expiry: expiry.unref() })
    return id
  }

  #take(body: XmlElement, request: EndpointRequest): { id: string; context: EnumerationContext } {
    const id = body.childText(NS.enumeration, 'EnumerationContext') ?? ''
    const open = this.#open.get(id)
    if (!open || !isOwner(open.context, request)) throw invalidContext()
    clearTimeout(open.expiry)
    this.#open.delete(id)
    return { id, context: open.context }
  }
}

function theElement({ body }: EndpointRequest, name: string): XmlElement {
  const [first] = body
  if (!first?.is(NS.enumeration, name)) throw schemaValidation(`The body must hold the element ${name}.`)
  return first
}

function modeOf(enumerate: XmlElement): EnumerationMode {
  const text = enumerate.childText(NS.wsman, 'EnumerationMode')
  if (text === undefined) return 'EnumerateObject'
  const mode = MODES.find((known) => known === text)
  if (mode) return mode
  throw unsupportedFeature('EnumerationMode', 0x80338086, `There is no enumeration mode ${text}.`)
}

/** WS-Enumeration 3.2: without MaxElements one item is meant. */
function countOf(text = '1'): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw schemaValidation(`MaxElements cannot be ${text}.`)
  return count
}

function maxTimeOf(pull: XmlElement): number | undefined {
  const text = pull.childText(NS.enumeration, 'MaxTime')
  if (text === undefined) return undefined
  const maxTime = parseDuration(text)
  if (maxTime === undefined || maxTime < 0) throw schemaValidation(`MaxTime cannot be ${text}.`)
  return maxTime
}

function pullTimedOut(): EndpointFault {
  return new EndpointFault('No item came within MaxTime. The enumeration is still valid.', {
    code: 'Receiver',
    subcode: 'n:TimedOut',
    wsmanCode: FAULT.ENUMERATE_TIMED_OUT,
  })
}

/** Octets of the longest reply that has no items yet. */
function overhead({ headers }: EndpointRequest): number {
  const wrapping = enumerateReply(newUuid(), '<w:Items></w:Items><w:EndOfSequence/>')
  return Buffer.byteLength(writeReply(wrapping, headers.messageId))
}

function enumerateReply(context: string, rest: string): EndpointReply {
  return {
    action: `${ACTION.enumerate}Response`,
    body: `<n:EnumerateResponse><n:EnumerationContext>${context}</n:EnumerationContext>${rest}</n:EnumerateResponse>`,
  }
}

function pullReply(content: string): EndpointReply {
  return { action: `${ACTION.pull}Response`, body: `<n:PullResponse>${content}</n:PullResponse>` }
}

function isOwner({ owner }: EnumerationContext, { principal }: EndpointRequest): boolean {
  return userKey(owner) === userKey(principal)
}
