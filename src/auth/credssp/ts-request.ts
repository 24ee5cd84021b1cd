import { context, der, DerReader, TAG } from '../asn1.js'
import {
  integerField,
  malformed,
  octetsField,
  optionalField,
  optionalInteger,
  optionalOctets,
  requiredInteger,
  requiredOctets,
  soleElement,
} from './der-fields.js'

/** The message both sides exchange (MS-CSSP 2.2.1). */
export interface TsRequest {
  readonly version: number
  /** A token of the inner authentication. */
  readonly negoToken?: Uint8Array | undefined
  /** TSCredentials, sealed by the inner context. */
  readonly authInfo?: Uint8Array | undefined
  /** The binding to the server's public key, sealed by the inner context. */
  readonly pubKeyAuth?: Uint8Array | undefined
  /** NTSTATUS, unsigned. */
  readonly errorCode?: number | undefined
  /** 32 octets, from version 5 on. */
  readonly clientNonce?: Uint8Array | undefined
}

/**
 * `TSRequest ::= SEQUENCE { version [0] INTEGER, negoTokens [1] NegoData OPTIONAL, authInfo [2] OCTET STRING OPTIONAL,
 * pubKeyAuth [3] OCTET STRING OPTIONAL, errorCode [4] INTEGER OPTIONAL, clientNonce [5] OCTET STRING OPTIONAL }`
 */
export function encodeTsRequest(request: TsRequest): Uint8Array {
  const { version, negoToken, authInfo, pubKeyAuth, errorCode, clientNonce } = request
  const fields = [
    integerField(0, version),
    negoToken && encodeNegoData(negoToken),
    authInfo && octetsField(2, authInfo),
    pubKeyAuth && octetsField(3, pubKeyAuth),
    errorCode === undefined ? undefined : integerField(4, errorCode),
    clientNonce && octetsField(5, clientNonce),
  ]
  return der(TAG.sequence, ...fields.filter((field) => field !== undefined))
}

/**
 * Fields behind the last known one are passed over: they belong to a version to come, which speaks ours as well.
 * @throws ProtocolError for anything else than one whole TSRequest
 */
export function decodeTsRequest(octets: Uint8Array): TsRequest {
  const fields = new DerReader(soleElement(octets, TAG.sequence).contents)
  const version = requiredInteger(fields, 0)
  const negoData = optionalField(fields, 1, TAG.sequence)
  const request = {
    version,
    negoToken: negoData && decodeNegoData(negoData),
    authInfo: optionalOctets(fields, 2),
    pubKeyAuth: optionalOctets(fields, 3),
    errorCode: optionalInteger(fields, 4),
    clientNonce: optionalOctets(fields, 5),
  }
  while (!fields.atEnd) {
    if (fields.next().tag <= context(5)) throw malformed('has its fields in another order')
  }
  return request
}

/** `NegoData ::= SEQUENCE OF SEQUENCE { negoToken [0] OCTET STRING }` */
function encodeNegoData(token: Uint8Array): Uint8Array {
  return der(context(1), der(TAG.sequence, der(TAG.sequence, octetsField(0, token))))
}

/** The list holds one token in practice, and what several would mean is not said. */
function decodeNegoData(tokens: Uint8Array): Uint8Array {
  const token = new DerReader(soleElement(tokens, TAG.sequence).contents)
  return requiredOctets(token, 0)
}
