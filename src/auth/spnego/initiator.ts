import { AuthenticationError, ProtocolError } from '../../errors/errors.js'
import { context } from '../asn1.js'
import { MechList } from './mech-list.js'
import type { NegotiableContext } from './mic-capable.js'
import { encodeMechTypes, encodeNegTokenInit } from './neg-token-init.js'
import { decodeNegTokenResp, encodeNegTokenResp, type NegTokenResp } from './neg-token-resp.js'
import { SpnegoContext } from './spnego-context.js'

/** A mechanism the client would use. */
export interface Candidate {
  /** As it is called in `fallbackReason`. */
  readonly name: string
  /** Its object identifiers, all of which go into the offer. */
  readonly oids: readonly string[]
  /**
   * Makes the context when its turn has come, which for all but the preferred mechanism may be never.
   * @param fallbackReason why the mechanisms before it are not used; undefined for the preferred one
   */
  readonly create: (fallbackReason: string | undefined) => NegotiableContext | Promise<NegotiableContext>
}

/**
 * The client's side of SPNEGO (RFC 4178, MS-SPNG): offers the candidates in their order with the first token of the first
 * one that can make one, and follows the service's choice.
 */
export class SpnegoInitiator extends SpnegoContext {
  readonly #candidates: readonly Candidate[]
  readonly #skipped: string[] = []
  #offered: readonly Candidate[] = []
  #list = new MechList(new Uint8Array(), false)
  #mode: 'undecided' | 'framed' | 'raw' = 'undecided'

  /** @param candidates in the order of preference, at least one */
  constructor(candidates: readonly Candidate[]) {
    super()
    this.#candidates = candidates
  }

  /** Why the preferred mechanism is not used, in plain words; undefined while it is. */
  get fallbackReason(): string | undefined {
    return this.#skipped.length === 0 ? undefined : this.#skipped.join(' ')
  }

  protected async first(): Promise<Uint8Array | undefined> {
    for (const [index, candidate] of this.#candidates.entries()) {
      try {
        this.adopt(await candidate.create(this.fallbackReason))
        const mechToken = await this.inner.step()
        this.#offered = this.#candidates.slice(index)
        const mechTypesDer = encodeMechTypes(this.#offered.flatMap(({ oids }) => oids))
        this.#list = new MechList(mechTypesDer, false)
        return encodeNegTokenInit({ mechTypesDer, mechToken })
      } catch (error) {
        if (index === this.#candidates.length - 1 || isRefusal(error)) throw error
        this.#skipped.push(`${candidate.name} is not possible: ${reasonOf(error)}`)
      }
    }
    throw new AuthenticationError('ERR_WSMAN_SCHEME_NOT_OFFERED', 'There is no mechanism to negotiate.')
  }

  protected async later(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (!token) throw new ProtocolError('The service ended the negotiation without a token.')
    const isFirst = this.#mode === 'undecided'
    // Some services answer the preferred mechanism's token without SPNEGO. Nothing was chosen that needs protection.
    if (isFirst) this.#mode = token[0] === context(1) ? 'framed' : 'raw'
    if (this.#mode === 'raw') return this.stepRaw(token)
    const response = decodeNegTokenResp(token)
    if (response.negState === 'reject') throw rejected(this.mechanism)
    if (response.negState === 'requestMic') this.#list.demand()
    const switched = isFirst ? await this.#select(response.supportedMech) : undefined
    const reply = switched ?? (await this.#stepInner(response))
    if (response.mechListMic) await this.#list.verify(this.inner, response.mechListMic)
    if (response.negState !== 'acceptCompleted') return this.#goOn(reply)
    this.#accept(reply)
    return undefined
  }

  /**
   * Follows the service's choice; what it says about that later is ignored (MS-SPNG 3.3.5).
   * @returns the first token of the chosen mechanism where that is not the preferred one
   */
  async #select(oid: string | undefined): Promise<Uint8Array | undefined> {
    const index = oid === undefined ? 0 : this.#offered.findIndex(({ oids }) => oids.includes(oid))
    if (index === 0) return undefined
    const candidate = this.#offered[index]
    if (!candidate) throw new ProtocolError('The service chose a mechanism that was not offered.')
    this.#skipped.push(`The service chose ${candidate.name}.`)
    this.#list.demand()
    this.adopt(await candidate.create(this.fallbackReason))
    return this.inner.step()
  }

  async #stepInner({ responseToken }: NegTokenResp): Promise<Uint8Array | undefined> {
    if (!responseToken) return undefined
    if (this.inner.complete) throw new ProtocolError('The service sent a token too many.')
    return this.inner.step(responseToken)
  }

  #accept(reply: Uint8Array | undefined): void {
    if (!this.inner.complete || reply) {
      throw new ProtocolError('The service called the handshake complete before it was.')
    }
    if (!this.#list.isSettled(this.inner)) {
      throw new ProtocolError('The service did not sign the list of mechanisms.', {
        hint: 'Somebody between the two sides may have changed what was offered.',
      })
    }
    this.finish()
  }

  async #goOn(responseToken: Uint8Array | undefined): Promise<Uint8Array> {
    const mechListMic = await this.#list.sign(this.inner)
    if (!responseToken && !mechListMic)
      throw new ProtocolError('The service waits for a token that is not due.')
    return encodeNegTokenResp({ negState: 'acceptIncomplete', responseToken, mechListMic })
  }
}

/** A password that was refused once is not tried with another mechanism: that could lock the account. */
function isRefusal(error: unknown): boolean {
  return error instanceof AuthenticationError && error.code === 'ERR_WSMAN_UNAUTHORIZED'
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const rejected = (mechanism: string): AuthenticationError =>
  new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `The service refused the credential (${mechanism}).`)
