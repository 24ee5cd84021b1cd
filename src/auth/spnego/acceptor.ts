import { AuthenticationError, ProtocolError } from '../../errors/errors.js'
import { isNtlmMessage } from '../ntlm/message.js'
import { MechList } from './mech-list.js'
import type { NegotiableContext } from './mic-capable.js'
import { decodeNegTokenInit, framedMechanism } from './neg-token-init.js'
import { decodeNegTokenResp, encodeNegTokenResp, type NegState } from './neg-token-resp.js'
import { OID } from './oids.js'
import { SpnegoContext } from './spnego-context.js'

/** A mechanism the service takes. */
export interface AcceptedMechanism {
  /** Its object identifiers: `OID.ntlm`, or `OID.kerberos` and `OID.microsoftKerberos`. */
  readonly oids: readonly string[]
  /** Makes the acceptor of one handshake. */
  readonly create: () => NegotiableContext | Promise<NegotiableContext>
}

/**
 * The service's side of SPNEGO (RFC 4178, MS-SPNG): takes the first mechanism of the client's list that it knows. Tokens
 * of NTLM and Kerberos without SPNEGO are taken as well.
 */
export class SpnegoAcceptor extends SpnegoContext {
  readonly #mechanisms: readonly AcceptedMechanism[]
  #list: MechList | undefined

  constructor(mechanisms: readonly AcceptedMechanism[]) {
    super()
    this.#mechanisms = mechanisms
  }

  protected async first(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (!token) throw new ProtocolError('The client sent no token.')
    const mechanism = isNtlmMessage(token) ? OID.ntlm : framedMechanism(token)
    if (mechanism === OID.spnego) return this.#negotiate(token)
    await this.#choose(mechanism === undefined ? [] : [mechanism])
    return this.stepRaw(token)
  }

  protected async later(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (!this.#list) return this.stepRaw(token)
    if (!token) throw new ProtocolError('The client ended the negotiation without a token.')
    const { negState, responseToken, mechListMic } = decodeNegTokenResp(token)
    if (negState === 'reject') throw refused('The client gave up.')
    if (responseToken && this.inner.complete) throw new ProtocolError('The client sent a token too many.')
    const reply = responseToken && (await this.inner.step(responseToken))
    if (mechListMic) await this.#list.verify(this.inner, mechListMic)
    return this.#reply(this.#list, reply, 'acceptIncomplete')
  }

  async #negotiate(token: Uint8Array): Promise<Uint8Array> {
    const { mechTypes, mechTypesDer, mechToken } = decodeNegTokenInit(token)
    const oid = await this.#choose(mechTypes)
    const isPreferred = oid === mechTypes[0]
    this.#list = new MechList(Buffer.from(mechTypesDer), !isPreferred)
    const reply = isPreferred && mechToken ? await this.inner.step(mechToken) : undefined
    return this.#reply(this.#list, reply, isPreferred ? 'acceptIncomplete' : 'requestMic', oid)
  }

  async #choose(oids: readonly string[]): Promise<string> {
    for (const oid of oids) {
      const mechanism = this.#mechanisms.find((candidate) => candidate.oids.includes(oid))
      if (!mechanism) continue
      this.adopt(await mechanism.create())
      return oid
    }
    throw refused('The client offers no mechanism that is taken here.')
  }

  async #reply(
    list: MechList,
    responseToken: Uint8Array | undefined,
    incomplete: NegState,
    supportedMech?: string,
  ): Promise<Uint8Array> {
    const mechListMic = await list.sign(this.inner)
    const isDone = this.inner.complete && list.isSettled(this.inner)
    if (isDone) this.finish()
    else if (!responseToken && !mechListMic && supportedMech === undefined) {
      throw new ProtocolError('The client left out a token that is due.')
    }
    const negState = isDone ? 'acceptCompleted' : incomplete
    return encodeNegTokenResp({ negState, supportedMech, responseToken, mechListMic })
  }
}

const refused = (message: string): AuthenticationError =>
  new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', message)
