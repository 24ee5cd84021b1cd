import type { Socket } from 'node:net'
import type { Settings } from '../settings/table.js'
import { ConnectionAuthentication, type AuthenticationScheme, type Verdict } from './authentication.js'
import { encodingLimit, internalError, schemaValidation } from './faults.js'
import { writeFault } from './fault-writer.js'
import { checkHeaders } from './header-rules.js'
import type { HttpReply, HttpRequest } from './http-listener.js'
import { identifyReply, isIdentify } from './identify.js'
import { EndpointFault, type EndpointPrincipal } from './message.js'
import { writeReply } from './reply-writer.js'
import type { LogEntry, RequestLog } from './request-log.js'
import type { Router } from './router.js'
import type { Script, ScriptedStep } from './script.js'
import { decodeText, encodeText, parseMessage, type SoapMessage, type SoapText } from './soap-message.js'

export interface PipelineParts {
  readonly settings: Settings
  readonly schemes: readonly AuthenticationScheme[]
  readonly router: Router
  readonly script: Script
  readonly log: RequestLog
  /** The name of the machine in faults. */
  readonly machine: string
}

/** What is being answered, as far as it is known by now. */
interface Exchange {
  readonly request: HttpRequest
  readonly entry: LogEntry
  readonly soap: SoapText | undefined
  messageId?: string | undefined
}

/** ERROR_INTERNAL_ERROR. */
const INTERNAL_ERROR = 1359

/** The way of every request: authentication, SOAP, script, header rules, service, reply. */
export class RequestPipeline {
  readonly #parts: PipelineParts
  readonly #connections = new WeakMap<Socket, ConnectionAuthentication>()

  constructor(parts: PipelineParts) {
    this.#parts = parts
  }

  /** @returns undefined to cut the connection */
  async handle(request: HttpRequest, encrypted: boolean): Promise<HttpReply | undefined> {
    const soap = decodeText(request.body)
    const entry = this.#parts.log.add(request.headers, soap?.text ?? '', request.url)
    const exchange: Exchange = { request, entry, soap }
    const reply = await this.#answer(exchange, this.#connectionOf(request.socket, encrypted))
    entry.status = reply?.status
    return reply
  }

  #connectionOf(socket: Socket, encrypted: boolean): ConnectionAuthentication {
    let connection = this.#connections.get(socket)
    if (!connection) {
      connection = new ConnectionAuthentication(this.#parts.schemes, { encrypted })
      this.#connections.set(socket, connection)
    }
    return connection
  }

  async #answer(exchange: Exchange, connection: ConnectionAuthentication): Promise<HttpReply | undefined> {
    const { request, entry } = exchange
    const anonymous = request.headers.wsmanidentify?.toString().toLowerCase() === 'unauthenticated'
    const verdict = await connection.authenticate(request.headers.authorization)
    const principal = 'principal' in verdict ? verdict.principal : undefined
    entry.username = principal?.username
    if (!principal && !anonymous) return unauthorized(verdict)
    const refused = refuseMediaType(request.headers['content-type'])
    if (refused) return refused
    try {
      if (!exchange.soap) throw schemaValidation('The request is neither UTF-8 nor UTF-16.')
      const message = parseMessage(exchange.soap.text)
      const identify = isIdentify(message.body)
      if (!principal && !identify) return unauthorized(verdict)
      exchange.messageId = message.headers.messageId
      entry.action = identify ? 'Identify' : message.headers.action
      entry.resourceUri = message.headers.resourceUri
      const step = await this.#parts.script.follow(
        entry.action ?? '',
        entry.resourceUri ?? '',
        request.signal,
      )
      if (step.instead === 'cut') return undefined
      if (step.instead) return step.instead
      const text = identify
        ? identifyReply(principal && connection.profiles)
        : principal && (await this.#serve(exchange, message, principal))
      return this.#reply(exchange, 200, text ?? '', verdict, step)
    } catch (error) {
      if (request.signal.aborted) return undefined
      return this.#reply(exchange, 500, this.#faultText(error, exchange), verdict, {})
    }
  }

  async #serve(
    { request, soap }: Exchange,
    { headers, body }: SoapMessage,
    principal: EndpointPrincipal,
  ): Promise<string> {
    const { settings, router } = this.#parts
    const terms = checkHeaders(headers, settings.protocol)
    const { clientIp, url, signal } = request
    // Services count octets of UTF-8, which UTF-16 at most doubles.
    const maxEnvelopeSize = soap?.wide ? Math.floor(terms.maxEnvelopeSize / 2) : terms.maxEnvelopeSize
    const reply = await router.dispatch(
      { ...terms, maxEnvelopeSize, headers, body, principal, clientIp, url, signal },
      request.headers['transfer-encoding'] !== undefined,
    )
    const text = writeReply(reply, terms.messageId)
    if (Buffer.byteLength(text) > maxEnvelopeSize) {
      throw encodingLimit(
        'MaxEnvelopeSizeExceeded',
        0x80338048,
        `The reply takes more than the ${terms.maxEnvelopeSize} octets that MaxEnvelopeSize allows.`,
      )
    }
    return text
  }

  #faultText(error: unknown, { messageId }: Exchange): string {
    const fault =
      error instanceof EndpointFault
        ? error
        : internalError(INTERNAL_ERROR, error instanceof Error ? error.message : String(error))
    return writeFault(fault, this.#parts.machine, messageId)
  }

  #reply(
    { soap }: Exchange,
    status: number,
    text: string,
    verdict: Verdict,
    { cutAfter }: ScriptedStep,
  ): HttpReply | undefined {
    if (cutAfter === 'nothing') return undefined
    const token = 'responseHeader' in verdict ? { 'WWW-Authenticate': verdict.responseHeader } : {}
    const wide = soap?.wide ?? false
    const charset = wide ? 'UTF-16' : 'UTF-8'
    return {
      status,
      headers: { 'Content-Type': `application/soap+xml;charset=${charset}`, ...token },
      body: encodeText(text, wide),
      ...(cutAfter === undefined ? {} : { cutAfter }),
    }
  }
}

function unauthorized(verdict: Verdict): HttpReply {
  const challenges = 'challenges' in verdict ? verdict.challenges : []
  return { status: 401, headers: challenges.length > 0 ? { 'WWW-Authenticate': challenges } : {} }
}

/** A sealed body belongs to a connection that sealed it; anything else but SOAP has no business here. */
function refuseMediaType(contentType = 'application/soap+xml'): HttpReply | undefined {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/soap+xml') return undefined
  return { status: type.startsWith('multipart/') ? 400 : 415 }
}
