import type { SecurityContext } from '../auth/security-context.js'
import { ProtocolError } from '../errors/errors.js'
import type { ByteSink, WireResponse } from '../http/message.js'
import { isSealed, openBody } from '../auth/sealed-body.js'

/**
 * A reply of a sealed session. What is not sealed was said by nobody who is authenticated: it never becomes a fault,
 * and never a reason to try again.
 *
 * @param broken called when a reply could not be opened, after which the context is of no use
 * @throws ProtocolError for a reply in plaintext
 */
export function openResponse(
  context: SecurityContext,
  response: WireResponse,
  broken: () => void,
): WireResponse {
  const { status, statusText, headers, closing } = response
  if (!isSealed(headers['content-type'])) {
    response.abandon()
    throw inPlaintext(status)
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
    discard: () => response.discard(),
    abandon: () => {
      response.abandon()
    },
    async receive<T>(sink: ByteSink<T>): Promise<T> {
      const sealed = await response.receive(collector())
      try {
        sink.write(await openBody(context, sealed))
        return sink.end()
      } catch (error) {
        // The two sides no longer agree on what comes next.
        broken()
        throw error
      }
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

function inPlaintext(status: number): ProtocolError {
  const hints: Readonly<Record<number, string>> = {
    413: 'The request may be larger than MaxEnvelopeSizekb of the service: winrm set winrm/config @{MaxEnvelopeSizekb="500"}.',
    503: 'The service may be stopped, restarting, or out of capacity.',
  }
  const hint = hints[status]
  return new ProtocolError(
    `The peer answered in plaintext, with HTTP status ${status}, where only sealed messages are due.`,
    {
      ...(hint === undefined ? {} : { hint }),
    },
  )
}
