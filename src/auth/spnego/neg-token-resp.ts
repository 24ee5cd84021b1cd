import { ProtocolError } from '../../errors/errors.js'
import { context, der, DerReader, derOid, readOid, TAG } from '../asn1.js'

export const NEG_STATES = ['acceptCompleted', 'acceptIncomplete', 'reject', 'requestMic'] as const

export type NegState = (typeof NEG_STATES)[number]

/**
 * Every token but the first: RFC 4178, section 4.2.2.
 *
 *     NegTokenResp ::= SEQUENCE {
 *       negState [0] ENUMERATED OPTIONAL, supportedMech [1] OBJECT IDENTIFIER OPTIONAL,
 *       responseToken [2] OCTET STRING OPTIONAL, mechListMIC [3] OCTET STRING OPTIONAL }
 */
export interface NegTokenResp {
  readonly negState?: NegState | undefined
  readonly supportedMech?: string | undefined
  readonly responseToken?: Uint8Array | undefined
  readonly mechListMic?: Uint8Array | undefined
}

export function encodeNegTokenResp(message: NegTokenResp): Uint8Array {
  const { negState, supportedMech, responseToken, mechListMic } = message
  const fields: Uint8Array[] = []
  if (negState) fields.push(der(context(0), der(TAG.enumerated, Uint8Array.of(NEG_STATES.indexOf(negState)))))
  if (supportedMech) fields.push(der(context(1), derOid(supportedMech)))
  if (responseToken) fields.push(der(context(2), der(TAG.octetString, responseToken)))
  if (mechListMic) fields.push(der(context(3), der(TAG.octetString, mechListMic)))
  return der(context(1), der(TAG.sequence, ...fields))
}

/**
 * An empty field counts as none.
 * @throws ProtocolError
 */
export function decodeNegTokenResp(token: Uint8Array): NegTokenResp {
  const choice = new DerReader(new DerReader(token).expect(context(1)).contents)
  const fields = new DerReader(choice.expect(TAG.sequence).contents)
  const field = (number: number, tag: number): Uint8Array | undefined => {
    const element = fields.optional(context(number))
    const contents = element && new DerReader(element.contents).expect(tag).contents
    return contents?.length === 0 ? undefined : contents
  }
  const state = field(0, TAG.enumerated)
  const mechanism = field(1, TAG.oid)
  return {
    negState: state && readState(state),
    supportedMech: mechanism && readOid(mechanism),
    responseToken: field(2, TAG.octetString),
    mechListMic: field(3, TAG.octetString),
  }
}

function readState(contents: Uint8Array): NegState {
  const state = contents.length === 1 ? NEG_STATES[contents[0] ?? NEG_STATES.length] : undefined
  if (!state) throw new ProtocolError('The peer sent a SPNEGO token with a state that does not exist.')
  return state
}
