import { ProtocolError } from '../../errors/errors.js'
import type { SealedMessage } from '../security-context.js'

/** `TOK_ID` and flags of RFC 4121 4.2.6.2, which AES has. */
const CFX_TOKEN = [0x05, 0x04] as const
const CFX_SEALED = 0x02
/** The identifier of Kerberos in the framing of RFC 2743 3.1, which RC4 has; then `TOK_ID` and the rest of RFC 4757 7.3. */
const FRAMED_OID = Buffer.from('06092a864886f712010202', 'hex')
const RC4_HEADER_LENGTH = 32
const RC4_SEAL_ALG_OFFSET = 4
const NOT_SEALED = 0xffff

/**
 * Divides a wrap token that was made for this layout into the halves of MS-WSMV 2.2.9.1.2.2.2: header, then data.
 * @param messageLength octets of the message inside
 */
export function splitWrapToken(token: Uint8Array, messageLength: number): SealedMessage {
  const header = isCfx(token) ? token.length - messageLength : rc4HeaderOffset(token) + RC4_HEADER_LENGTH
  const data = token.subarray(header)
  return { signature: token.subarray(0, header), data, length: data.length }
}

/** Whether the message inside is encrypted, and not only signed. */
export function isSealed(token: Uint8Array): boolean {
  if (isCfx(token)) return ((token[2] ?? 0) & CFX_SEALED) !== 0
  const view = new DataView(token.buffer, token.byteOffset, token.byteLength)
  const offset = rc4HeaderOffset(token) + RC4_SEAL_ALG_OFFSET
  return offset + 2 <= token.length && view.getUint16(offset) !== NOT_SEALED
}

function isCfx(token: Uint8Array): boolean {
  return CFX_TOKEN.every((octet, index) => token[index] === octet)
}

/** @throws ProtocolError for what is no Kerberos token */
function rc4HeaderOffset(token: Uint8Array): number {
  const start = Buffer.from(token.subarray(0, 32)).indexOf(FRAMED_OID)
  if (token[0] !== 0x60 || start < 0) throw new ProtocolError('This is no wrap token of Kerberos.')
  return start + FRAMED_OID.length
}
