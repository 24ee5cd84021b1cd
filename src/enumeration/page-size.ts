import { FAULT, matchesFault } from '../errors/fault-codes.js'
import type { WsmanFault } from '../errors/fault.js'

/** More than any service takes without being told to; it goes by the smaller of this and its own limit. */
const RAISED_KB = 8192
/** What every version of WinRM takes (MaxEnvelopeSizekb of 1.1), and what no service may refuse (DSP0226 6.2). */
const MODEST_KB = 150
const LEAST_KB = 8

/**
 * How much is asked for at a time. It changes when the service says that an answer does not fit: first the envelope is
 * raised, because a single item may need it, then fewer items are asked for.
 */
export class PageSize {
  /** Undefined until something has to change: the default of the client. */
  envelopeKb: number | undefined
  maxElements: number
  #largestPage = 0
  #mayRaise: boolean

  /** @param envelopeKb a limit of the caller, which is kept to */
  constructor(maxElements: number, envelopeKb: number | undefined) {
    this.maxElements = maxElements
    this.envelopeKb = envelopeKb
    this.#mayRaise = envelopeKb === undefined
  }

  /** A page of that many items came. */
  fitted(count: number): void {
    this.#largestPage = Math.max(this.#largestPage, count)
  }

  /**
   * Changes what the fault complains about.
   * @returns whether it is worth asking again: false for other faults, and where nothing is left to change
   */
  adapt(fault: WsmanFault): boolean {
    if (matchesFault(fault.wsmanCode, FAULT.MAX_ENVELOPE_SIZE)) return this.#lowerEnvelope()
    return isTooLarge(fault) && (this.#raiseEnvelope() || this.#halveElements())
  }

  #raiseEnvelope(): boolean {
    if (!this.#mayRaise) return false
    this.#mayRaise = false
    this.envelopeKb = RAISED_KB
    return true
  }

  /** More than ever came at once need not be halved down from. */
  #halveElements(): boolean {
    if (this.maxElements <= 1) return false
    const known = this.#largestPage > 1 ? Math.min(this.maxElements, this.#largestPage) : this.maxElements
    this.maxElements = Math.max(1, Math.floor(known / 2))
    return true
  }

  #lowerEnvelope(): boolean {
    this.#mayRaise = false
    const { envelopeKb = RAISED_KB } = this
    if (envelopeKb <= LEAST_KB) return false
    this.envelopeKb = envelopeKb > MODEST_KB ? MODEST_KB : Math.max(LEAST_KB, Math.floor(envelopeKb / 2))
    return true
  }
}

/** In the words of Windows, and in those of other services (DSP0226 6.2). */
function isTooLarge({ wsmanCode, subcode, faultDetail = '' }: WsmanFault): boolean {
  return (
    matchesFault(wsmanCode, FAULT.ENVELOPE_TOO_LARGE) ||
    matchesFault(wsmanCode, FAULT.MAX_ENVELOPE_SIZE_EXCEEDED) ||
    (subcode === 'EncodingLimit' && faultDetail.endsWith('/MaxEnvelopeSizeExceeded'))
  )
}
