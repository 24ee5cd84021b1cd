import { hintOfCode } from '../errors/codes.js'
import { openBody, isSealed } from '../auth/sealed-body.js'
import type { SecurityContext } from '../auth/security-context.js'
import { ProtocolError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { ByteSink, WireResponse } from '../http/message.js'

/**
 * A reply of a sealed session. What is not sealed was said by nobody who is authenticated: it never becomes a fault,
 * and never a reason to try again.
 *
 * @param done called once the context is not needed for this reply any more: whether it can open the next one
 * @throws ProtocolError for a reply in plaintext
 */
export function openResponse(
  context: SecurityContext,
  response: WireResponse,
  done: (agree: boolean) => void,
): WireResponse {
  const { status, statusText, headers, closing } = response
  if (!isSealed(headers['content-type'])) {
    response.abandon()
    throw inPlaintext(status)
  }
  const open = async (): Promise<Buffer> => {
    let opened = false
    try {
      const message = await openBody(context, await response.receive(collector()))
      opened = true
      return message
    } catch (error) {
      throw withHint(error)
    } finally {
      done(opened)
    }
  }
  return {
    status,
    statusText,
    closing,
    headers: {
      ...headers,
      'content-type': 'application/soap+xml;charset=UTF-8',
      'content-length': undefined,
    },
    discard: async () => {
      await open()
    },
    abandon: () => {
      response.abandon()
      done(false)
    },
    async receive<T>(sink: ByteSink<T>): Promise<T> {
      sink.write(await open())
      return sink.end()
    },
  }
}

function collector(): ByteSink<Buffer> {
  const chunks: Buffer[] = []
  return {
    // The chunk's memory may be used again for the next one.
    write: (chunk) => chunks.push(Buffer.from(chunk)),
    end: () => Buffer.concat(chunks),
  }
}

/** Whatever it was that could not be opened, what to look for is the same. */
function withHint(error: unknown): unknown {
  if (!(error instanceof ProtocolError) || error.hint !== hintOfCode(error.code)) return error
  const { code, message, cause } = error
  return code === 'ERR_WSMAN_PROTOCOL'
    ? new ProtocolError(message, { hint: hintFor('messageChanged'), cause })
    : error
}

const HINTS: Readonly<Record<number, string>> = {
  413: hintFor('requestRefusedAsTooLarge'),
  503: hintFor('serviceUnavailable'),
}

function inPlaintext(status: number): ProtocolError {
  return new ProtocolError(
    `The peer answered in plaintext, with HTTP status ${status}, where only sealed messages are due.`,
    { hint: HINTS[status] ?? hintFor('plaintextReply') },
  )
}
