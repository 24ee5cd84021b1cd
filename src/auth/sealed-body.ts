import type { SecurityContext } from './security-context.js'
import { ProtocolError } from '../errors/errors.js'

/** The name in `application/HTTP-…-session-encrypted`, by what set the context up (MS-WSMV 2.2.9.1). */
export type SealingProtocol = 'SPNEGO' | 'Kerberos' | 'CredSSP'

/** A body with its `Content-Type` header. */
export interface TypedBody {
  readonly contentType: string
  readonly body: Uint8Array
}

/** How a sealed body is written. */
export interface SealedForm {
  /** Encoding of the message that is sealed. Default `UTF-8`. */
  readonly charset?: string | undefined
  /** What stands before header fields: Windows writes a tab, and some of its clients cannot do without. Default: nothing. */
  readonly indent?: '' | '\t'
}

const BOUNDARY = 'Encrypted Boundary'
const CRLF = '\r\n'

/** CredSSP seals one TLS record at a time, and none is larger (MS-WSMV 2.2.9.1.3.2). */
const CREDSSP_PIECE = 16_384

/**
 * Seals a message into a multipart body. Strict in what is sent: no tab before the header fields, which Windows
 * accepts and OMI does not.
 */
export async function sealBody(
  context: SecurityContext,
  protocol: SealingProtocol,
  message: Uint8Array,
  { charset = 'UTF-8', indent = '' }: SealedForm = {},
): Promise<TypedBody> {
  const pieces = protocol === 'CredSSP' ? split(message, CREDSSP_PIECE) : [message]
  const parts: Uint8Array[] = []
  for (const piece of pieces) parts.push(...(await sealPiece(context, protocol, piece, { charset, indent })))
  parts.push(Buffer.from(`--${BOUNDARY}--${CRLF}`))
  const kind = pieces.length > 1 ? 'multipart/x-multi-encrypted' : 'multipart/encrypted'
  return {
    contentType: `${kind};protocol="application/HTTP-${protocol}-session-encrypted";boundary="${BOUNDARY}"`,
    body: Buffer.concat(parts),
  }
}

async function sealPiece(
  context: SecurityContext,
  protocol: SealingProtocol,
  piece: Uint8Array,
  { charset, indent }: Required<SealedForm>,
): Promise<readonly Uint8Array[]> {
  const { signature, data, length } = await context.seal(piece)
  const head =
    `--${BOUNDARY}${CRLF}` +
    `${indent}Content-Type: application/HTTP-${protocol}-session-encrypted${CRLF}` +
    `${indent}OriginalContent: type=application/soap+xml;charset=${charset};Length=${length}${CRLF}` +
    `--${BOUNDARY}${CRLF}` +
    `${indent}Content-Type: application/octet-stream${CRLF}`
  const signatureLength = Buffer.alloc(4)
  signatureLength.writeUInt32LE(signature.length)
  return [Buffer.from(head), signatureLength, signature, data]
}

/** Whether a reply's body is sealed, by its `Content-Type`. */
export function isSealed(contentType: string | undefined): boolean {
  return /^\s*multipart\/(?:x-multi-)?encrypted\b/i.test(contentType ?? '')
}

/**
 * Opens a sealed body. Tolerant in what is read: a tab or space before header fields, a space after the dashes of the
 * boundary, no dashes after the last one.
 *
 * @throws ProtocolError for a body that is not of this form, or was not sealed by the peer
 */
export async function openBody(context: SecurityContext, body: Buffer): Promise<Buffer> {
  const messages: Uint8Array[] = []
  let offset = skipBoundary(body, 0)
  while (offset < body.length) {
    const part = readPart(body, offset)
    const message = await context.unseal(part)
    if (message.length > part.length) throw notSealed('a part is longer than it says')
    messages.push(message)
    offset = part.end
  }
  if (messages.length === 0) throw notSealed('it has no parts')
  return Buffer.concat(messages)
}

interface SealedPart {
  readonly signature: Buffer
  readonly data: Buffer
  /** As `OriginalContent` gives it. */
  readonly length: number
  /** Where the next part begins. */
  readonly end: number
}

function readPart(body: Buffer, start: number): SealedPart {
  const metadata = readHeaders(body, start)
  const length = Number(
    /(?:^|;)\s*Length=(\d+)\s*(?:;|$)/i.exec(metadata.fields.get('originalcontent') ?? '')?.[1],
  )
  if (!Number.isSafeInteger(length)) throw notSealed('OriginalContent gives no Length')
  const content = readHeaders(body, skipBoundary(body, metadata.end))
  if (content.fields.get('content-type')?.toLowerCase() !== 'application/octet-stream') {
    throw notSealed('the encrypted part is no octet stream')
  }
  const at = content.end
  if (at + 4 > body.length) throw notSealed('it is cut')
  const signatureLength = body.readUInt32LE(at)
  // What is sealed is never shorter than what it hides, so no delimiter can stand before that.
  const dataEnd = findBoundary(body, at + 4 + Math.max(signatureLength, length))
  if (at + 4 + signatureLength > dataEnd) throw notSealed('its signature is longer than the part')
  const signatureEnd = at + 4 + signatureLength
  return {
    signature: body.subarray(at + 4, signatureEnd),
    data: body.subarray(signatureEnd, dataEnd),
    length,
    end: skipBoundary(body, dataEnd),
  }
}

interface HeaderBlock {
  readonly fields: ReadonlyMap<string, string>
  readonly end: number
}

/** The header fields of one part; it ends where the next boundary begins, or where lines stop being header fields. */
function readHeaders(body: Buffer, start: number): HeaderBlock {
  const fields = new Map<string, string>()
  let offset = start
  while (fields.size < 8) {
    const lineEnd = body.indexOf(CRLF, offset)
    const line = lineEnd < 0 || lineEnd - offset > 1024 ? '' : body.toString('latin1', offset, lineEnd)
    const field = /^[\t ]*([A-Za-z-]+)[\t ]*:[\t ]*(.*?)[\t ]*$/.exec(line)
    if (!field) break
    const [, name = '', value = ''] = field
    fields.set(name.toLowerCase(), value)
    offset = lineEnd + CRLF.length
    if (value.toLowerCase() === 'application/octet-stream') break
  }
  return { fields, end: offset }
}

/** Where the next delimiter begins. One pass, whatever there is: a body may have thousands of parts. */
function findBoundary(body: Buffer, from: number): number {
  for (let at = body.indexOf(BOUNDARY, from); at >= 0; at = body.indexOf(BOUNDARY, at + 1)) {
    const delimiter = ['--', '-- '].find(
      (dashes) => body.toString('latin1', at - dashes.length, at) === dashes,
    )
    if (delimiter !== undefined && at - delimiter.length >= from) return at - delimiter.length
  }
  throw notSealed('a boundary is missing')
}

/** Behind the delimiter that stands here, with its dashes and line break. @throws ProtocolError where there is none */
function skipBoundary(body: Buffer, from: number): number {
  const line = /^--\x20?Encrypted Boundary(?:--)?[\t ]*(?:\r\n)?/.exec(
    body.toString('latin1', from, from + 40),
  )
  if (!line) throw notSealed('a boundary is missing')
  return from + line[0].length
}

function split(message: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let start = 0; start < message.length; start += size)
    pieces.push(message.subarray(start, start + size))
  return pieces.length === 0 ? [message] : pieces
}

function notSealed(reason: string): ProtocolError {
  return new ProtocolError(`The body of the reply is not sealed as it must be: ${reason}.`)
}
