import type { Socket } from 'node:net'
import { FAULT } from '../errors/fault-codes.js'
import type { Settings } from '../settings/table.js'
import type { Authorization } from './access/authorization.js'
import {
  ConnectionAuthentication,
  type AuthenticationScheme,
  type ConnectionFacts,
  type MappedPrincipal,
  type MessageSealing,
  type TypedBody,
  type Verdict,
} from './authentication.js'
import { encodingLimit, internalError, schemaValidation, serviceBusy } from './faults.js'
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
  readonly authorization: Authorization
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
  readonly verdict: Verdict
  readonly soap: SoapText | undefined
  /** What sealed the request, and so has to seal the reply. */
  readonly sealing: MessageSealing | undefined
  messageId?: string | undefined
}

type Principal = EndpointPrincipal | MappedPrincipal

interface Served {
  readonly text: string
  readonly httpHeaders?: Readonly<Record<string, string>> | undefined
}

const SOAP_TYPE = 'application/soap+xml'

/** ERROR_INTERNAL_ERROR. */
const INTERNAL_ERROR = 1359

/** The way of every request: authentication, opening what was sealed, SOAP, script, header rules, service, reply. */
export class RequestPipeline {
  readonly #parts: PipelineParts
  readonly #connections = new WeakMap<Socket, ConnectionAuthentication>()
  #serving = 0

  constructor(parts: PipelineParts) {
    this.#parts = parts
  }

  /** @returns undefined to cut the connection */
  async handle(request: HttpRequest, listener: ConnectionFacts): Promise<HttpReply | undefined> {
    const entry = this.#parts.log.add(request.headers, request.url)
    const connection = this.#connectionOf(request, listener)
    const verdict = await connection.authenticate(request.headers.authorization)
    const opened = await open(request, verdict)
    const soap = opened && decodeText(opened.message.body)
    this.#parts.log.addBody(entry, soap?.text ?? '')
    entry.username = 'principal' in verdict ? usernameOf(verdict.principal) : undefined
    const exchange: Exchange = { request, entry, verdict, soap, sealing: opened?.sealing }
    const reply = refuse(exchange, opened?.message) ?? (await this.#answer(exchange, connection.profiles))
    entry.status = reply?.status
    return reply
  }

  #connectionOf(
    { socket, clientCertificate }: HttpRequest,
    facts: ConnectionFacts,
  ): ConnectionAuthentication {
    let connection = this.#connections.get(socket)
    if (!connection) {
      connection = new ConnectionAuthentication(this.#parts.schemes, { ...facts, clientCertificate })
      this.#connections.set(socket, connection)
    }
    return connection
  }

  async #answer(exchange: Exchange, profiles: readonly string[]): Promise<HttpReply | undefined> {
    const { request, entry, verdict, soap } = exchange
    const principal = 'principal' in verdict ? verdict.principal : undefined
    try {
      if (isPlaintext(exchange)) {
        throw internalError(
          FAULT.CLIENT_UNENCRYPTED_DISABLED,
          'AllowUnencrypted is false, and the message is not sealed.',
        )
      }
      if (!soap) throw schemaValidation('The request is neither UTF-8 nor UTF-16.')
      const message = parseMessage(soap.text)
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
      const served =
        identify || !principal
          ? { text: identifyReply(principal && profiles) }
          : await this.#serve(exchange, message, principal)
      return await this.#reply(exchange, 200, served, step)
    } catch (error) {
      if (request.signal.aborted) return undefined
      return await this.#reply(exchange, 500, { text: this.#faultText(error, exchange) }, {})
    }
  }

  async #serve(exchange: Exchange, message: SoapMessage, principal: Principal): Promise<Served> {
    const { maxConnections } = this.#parts.settings.service
    if (this.#serving >= maxConnections) throw serviceBusy(maxConnections)
    this.#serving += 1
    try {
      return await this.#dispatch(exchange, message, principal)
    } finally {
      this.#serving -= 1
    }
  }

  async #dispatch(
    { request, entry, soap }: Exchange,
    { headers, body }: SoapMessage,
    sender: Principal,
  ): Promise<Served> {
    const { settings, router, authorization } = this.#parts
    const terms = checkHeaders(headers, settings.protocol)
    const principal = 'principalFor' in sender ? sender.principalFor(terms.resourceUri) : sender
    entry.username = principal.username
    authorization.assertAllowed({ ...terms, principal })
    const { clientIp, url, signal } = request
    const { cookie, 'transfer-encoding': transferEncoding } = request.headers
    // Services count octets of UTF-8, which UTF-16 at most doubles.
    const maxEnvelopeSize = soap?.wide ? Math.floor(terms.maxEnvelopeSize / 2) : terms.maxEnvelopeSize
    const reply = await router.dispatch(
      { ...terms, maxEnvelopeSize, headers, body, principal, clientIp, url, cookie, signal },
      transferEncoding !== undefined,
    )
    const text = writeReply(reply, terms.messageId)
    if (Buffer.byteLength(text) > maxEnvelopeSize) {
      throw encodingLimit(
        'MaxEnvelopeSizeExceeded',
        0x80338048,
        `The reply takes more than the ${terms.maxEnvelopeSize} octets that MaxEnvelopeSize allows.`,
      )
    }
    return { text, httpHeaders: reply.httpHeaders }
  }

  #faultText(error: unknown, { messageId }: Exchange): string {
    const fault =
      error instanceof EndpointFault
        ? error
        : internalError(INTERNAL_ERROR, error instanceof Error ? error.message : String(error))
    return writeFault(fault, this.#parts.machine, messageId)
  }

  async #reply(
    { soap, verdict, sealing }: Exchange,
    status: number,
    { text, httpHeaders }: Served,
    { cutAfter }: ScriptedStep,
  ): Promise<HttpReply | undefined> {
    if (cutAfter === 'nothing') return undefined
    const wide = soap?.wide ?? false
    const message = {
      contentType: `${SOAP_TYPE};charset=${wide ? 'UTF-16' : 'UTF-8'}`,
      body: encodeText(text, wide),
    }
    const { contentType, body } = sealing ? await sealing.seal(message) : message
    return {
      status,
      headers: { 'Content-Type': contentType, ...httpHeaders, ...proofOf(verdict) },
      body,
      ...(cutAfter === undefined ? {} : { cutAfter }),
    }
  }
}

/** @returns undefined for a sealed body on a connection that did not seal it */
async function open(
  { headers, body }: HttpRequest,
  verdict: Verdict,
): Promise<{ readonly message: TypedBody; readonly sealing: MessageSealing | undefined } | undefined> {
  const sent = { contentType: headers['content-type'] ?? SOAP_TYPE, body }
  if (!mediaType(sent).startsWith('multipart/')) return { message: sent, sealing: undefined }
  const sealing = 'sealing' in verdict ? verdict.sealing : undefined
  const message = await sealing?.open(sent)
  return message && { message, sealing }
}

/** A message in plaintext on a connection whose messages have to be sealed. */
function isPlaintext({ verdict, sealing }: Exchange): boolean {
  return 'principal' in verdict && verdict.sealing?.isRequired === true && sealing === undefined
}

/** What is answered without a look at the message: wrong credentials, wrong media types, ends of handshakes. */
function refuse({ request, verdict }: Exchange, message: TypedBody | undefined): HttpReply | undefined {
  const isKnown = 'principal' in verdict
  if (!isKnown && request.headers.wsmanidentify?.toString().toLowerCase() !== 'unauthenticated') {
    return unauthorized(verdict)
  }
  if (!message) return { status: 400 }
  if (isKnown && verdict.endsHandshake && message.body.length === 0) {
    return { status: 200, headers: proofOf(verdict) ?? {} }
  }
  return mediaType(message) === SOAP_TYPE ? undefined : { status: 415 }
}

function unauthorized(verdict: Verdict): HttpReply {
  const { status, challenges } = 'challenges' in verdict ? verdict : { status: 401, challenges: [] }
  return { status, headers: challenges.length > 0 ? { 'WWW-Authenticate': challenges } : {} }
}

function proofOf(verdict: Verdict): Readonly<Record<string, string>> | undefined {
  const proof = 'principal' in verdict ? verdict.responseHeader : undefined
  return proof === undefined ? undefined : { 'WWW-Authenticate': proof }
}

const usernameOf = (principal: Principal): string | undefined =>
  'username' in principal ? principal.username : undefined

const mediaType = ({ contentType }: TypedBody): string =>
  contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
