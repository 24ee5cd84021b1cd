import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { X509Certificate } from 'node:crypto'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { MAX_TIMER_MS } from './deadline.js'
import { secureContext, type EndpointTls } from './certificate.js'

/** A POST to the service, its body complete. */
export interface HttpRequest {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The URL it came to. */
  readonly url: string
  readonly clientIp: string
  /** One object for all requests of a connection. */
  readonly socket: Socket
  /** The certificate whose key the client proved to have, where the listener asked for one and its signer is trusted. */
  readonly clientCertificate: X509Certificate | undefined
  /** Aborted when the connection is lost before the reply is out, or when the listener closes. */
  readonly signal: AbortSignal
}

export interface HttpReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: Buffer
  /** The connection is cut after so many octets of the body. */
  readonly cutAfter?: number
}

/** Answers a request; undefined cuts the connection without a word. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpReply | undefined>

export interface HttpListenerOptions {
  readonly host: string
  readonly port: number
  /** Path without slashes at its ends. */
  readonly urlPrefix: string
  readonly tls?: EndpointTls | undefined
  /** Whether clients are asked for a certificate; those without one may still connect. */
  readonly asksForCertificate?: boolean
  /** What requests must keep within now. */
  readonly limits: () => RequestLimits
}

export interface RequestLimits {
  /** A longer request is refused with 413 (MS-WSMV 3.1.4.1.20). */
  readonly maxRequestBytes: number
  /** Time a request may take to arrive whole. */
  readonly retrievalTimeoutMs: number
}

/** Windows drops a connection that was idle for two minutes (MS-WSMV note 22). */
const IDLE_CONNECTION_MS = 120_000
/** How often requests are looked for that take too long to arrive: MaxPacketRetrievalTimeSeconds counts seconds. */
const CHECKING_INTERVAL_MS = 500

/** One address and port that serves the endpoint over HTTP or HTTPS. */
export class HttpListener {
  readonly #options: HttpListenerOptions
  readonly #handler: HttpHandler
  readonly #server: http.Server | https.Server
  readonly #closing = new AbortController()
  #retired: Promise<void> | undefined

  private constructor(options: HttpListenerOptions, handler: HttpHandler) {
    this.#options = options
    this.#handler = handler
    const { tls, asksForCertificate = false } = options
    const settings = {
      keepAliveTimeout: IDLE_CONNECTION_MS,
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
    }
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      // A connection that fails under the reply leaves nobody to tell.
      this.#answer(request, response).catch(() => request.socket.destroy())
    }
    this.#server = tls
      ? https.createServer(
          {
            ...settings,
            ...secureContext(tls),
            requestCert: asksForCertificate,
            rejectUnauthorized: false,
          },
          answer,
        )
      : http.createServer(settings, answer)
    this.obeyLimits()
  }

  /** Resolves when the port is bound. */
  static async open(options: HttpListenerOptions, handler: HttpHandler): Promise<HttpListener> {
    const listener = new HttpListener(options, handler)
    const server = listener.#server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.port, options.host, () => {
        server.removeListener('error', reject)
        resolve()
      })
    })
    return listener
  }

  get port(): number {
    const address = this.#server.address()
    return isAddressInfo(address) ? address.port : 0
  }

  /** To be called when limits have changed that hold for requests which are still on their way. */
  obeyLimits(): void {
    const timeoutMs = Math.min(this.#options.limits().retrievalTimeoutMs, MAX_TIMER_MS)
    this.#server.requestTimeout = timeoutMs
    this.#server.headersTimeout = timeoutMs
  }

  /** Gives its port up and takes nothing new. Resolves when what it has is answered. */
  retire(): Promise<void> {
    this.#retired ??= new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeIdleConnections()
    })
    return this.#retired
  }

  /** Resolves when every socket is gone. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('The endpoint was closed.'))
    const gone = this.retire()
    this.#server.closeAllConnections()
    await gone
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const lost = new AbortController()
    response.on('close', () => {
      if (!response.writableFinished) lost.abort(new Error('The connection was lost.'))
    })
    const early = this.#refusal(request)
    const body = await this.#read(request)
    const reply =
      early ??
      (body === undefined
        ? { status: 413, headers: { Connection: 'close' } }
        : await this.#handler({
            headers: request.headers,
            body,
            url: this.#urlOf(request),
            clientIp: request.socket.remoteAddress ?? '',
            socket: request.socket,
            clientCertificate: this.#certificateOf(request.socket),
            signal: AbortSignal.any([lost.signal, this.#closing.signal]),
          }))
    if (!reply || response.destroyed) request.socket.destroy()
    else write(response, this.#retired ? lastReply(reply) : reply)
  }

  /** What is refused before its body is looked at. */
  #refusal({ method, url = '' }: IncomingMessage): HttpReply | undefined {
    const path = url
      .replace(/[?#].*$/, '')
      .replace(/\/$/, '')
      .toLowerCase()
    if (path !== `/${this.#options.urlPrefix.toLowerCase()}`) return { status: 404 }
    return method === 'POST' ? undefined : { status: 405, headers: { Allow: 'POST' } }
  }

  /** The body, or undefined where it is too long: the rest is read all the same, so that the client sees the reply. */
  async #read(request: IncomingMessage): Promise<Buffer | undefined> {
    const { maxRequestBytes } = this.#options.limits()
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length <= maxRequestBytes) chunks.push(chunk)
      else chunks.length = 0
    }
    return length > maxRequestBytes ? undefined : Buffer.concat(chunks)
  }

  #certificateOf(socket: Socket): X509Certificate | undefined {
    if (!(socket instanceof TLSSocket)) return undefined
    const mayBeAnyones = this.#options.tls?.ca === undefined
    return mayBeAnyones || socket.authorized ? socket.getPeerX509Certificate() : undefined
  }

  #urlOf({ headers, url }: IncomingMessage): string {
    const scheme = this.#options.tls ? 'https' : 'http'
    return `${scheme}://${headers.host ?? `${this.#options.host}:${this.port}`}${url ?? ''}`
  }
}

const lastReply = (reply: HttpReply): HttpReply => ({
  ...reply,
  headers: { ...reply.headers, Connection: 'close' },
})

function write(response: ServerResponse, { status, headers, body, cutAfter }: HttpReply): void {
  response.writeHead(status, {
    Server: 'Microsoft-HTTPAPI/2.0',
    ...headers,
    'Content-Length': body?.length ?? 0,
  })
  if (body === undefined || cutAfter === undefined || cutAfter >= body.length) response.end(body)
  else response.write(body.subarray(0, cutAfter), () => response.destroy())
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
