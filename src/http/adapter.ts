import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { AxiosAdapter, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { UsageError } from '../errors/errors.js'
import { isWsmanError } from '../errors/wsman-error.js'
import { abortable } from '../util/abortable.js'
import type { HttpConnection } from './connection.js'
import { Exchange } from './exchange.js'
import type { ByteSink, ExchangeLimits, WireRequest, WireResponse } from './message.js'
import type { ReplyHead } from './reply-parser.js'

/**
 * Sends one request on one connection. Where the caller's axios instance has anything to add, the request takes the
 * way through it; otherwise that way is spared, because it costs as much as the rest together.
 */
export function sendRequest(
  connection: HttpConnection,
  request: WireRequest,
  limits: ExchangeLimits,
  axios?: AxiosInstance,
): Promise<WireResponse> {
  const exchange = new Exchange(connection, request, limits)
  return axios !== undefined && addsSomething(axios)
    ? sendThrough(axios, exchange, connection, request)
    : exchange.start(request).then((head) => new Reply(exchange, head))
}

class Reply implements WireResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
  readonly closing: boolean
  readonly #exchange: Exchange
  readonly #source: Readable | undefined

  constructor(exchange: Exchange, head: ReplyHead, source?: Readable) {
    this.status = head.status
    this.statusText = head.statusText
    this.headers = head.headers
    this.closing = head.closing
    this.#exchange = exchange
    this.#source = source
  }

  receive<T>(sink: ByteSink<T>): Promise<T> {
    return this.#exchange.read(sink, this.#source)
  }

  discard(): Promise<void> {
    return this.receive({ write: () => undefined, end: () => undefined })
  }

  abandon(): void {
    this.#exchange.abandon()
  }
}

/** Whether the instance has interceptors, or default headers besides those every instance has. */
function addsSomething({ interceptors, defaults }: AxiosInstance): boolean {
  // `handlers` keeps null in the place of an ejected interceptor, which its declaration does not say.
  const registered = (handlers: readonly unknown[] | undefined): boolean =>
    handlers?.some((handler) => handler !== null) ?? false
  if (registered(interceptors.request.handlers) || registered(interceptors.response.handlers)) return true
  const { common, post, ...others } = defaults.headers
  const named = { ...common, ...post }
  return (
    Object.keys(named).some((name) => !/^(?:accept|content-type)$/i.test(name)) ||
    Object.values(others).some((value) => typeof value === 'string')
  )
}

async function sendThrough(
  axios: AxiosInstance,
  exchange: Exchange,
  connection: HttpConnection,
  request: WireRequest,
): Promise<WireResponse> {
  const { target, hostHeader: host } = connection
  const url = `${target.secure ? 'https' : 'http'}://${host}${request.path}`
  const state = { sent: false, closing: false }
  const adapter: AxiosAdapter = async (config) => {
    if (state.sent)
      throw new UsageError(
        'An axios interceptor sent a request again; the package does that where it is safe.',
      )
    if (config.url !== url) {
      throw new UsageError('An axios interceptor changed the URL; the connection is made already.')
    }
    state.sent = true
    const altered = { ...request, headers: headersOf(config), body: bodyOf(config.data) }
    const { status, statusText, headers, closing } = await exchange.start(altered)
    state.closing = closing
    // Headers of Node.js are those of axios but for `undefined` in their type.
    return {
      status,
      statusText,
      headers: headers as AxiosResponse['headers'],
      data: exchange.stream(),
      config,
    }
  }
  try {
    const work = axios.request<unknown>({
      url,
      method: 'post',
      headers: { Accept: false, Host: host, ...request.headers },
      data: request.body,
      adapter,
      maxRedirects: 0,
      proxy: false,
      decompress: false,
      responseType: 'stream',
      validateStatus: () => true,
      transformRequest: [],
      transformResponse: [],
    })
    const response = await abortable(work, request.signal)
    if (!state.sent) throw new UsageError('An axios interceptor kept the request from being sent.')
    const head = { ...headOfAxios(response), closing: state.closing }
    return new Reply(exchange, head, sourceOf(response.data))
  } catch (error) {
    const { failure } = exchange
    exchange.abandon()
    if (isWsmanError(error) || error === request.signal.reason) throw error
    if (failure !== undefined) throw failure
    // The cause is left out: errors of axios carry the request with its Authorization header.
    throw new UsageError(
      `An axios interceptor failed: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** What frames the message is computed from the body that is sent. */
const FRAMING = new Set(['host', 'content-length', 'transfer-encoding', 'connection'])

function headersOf({ headers }: InternalAxiosRequestConfig): Record<string, string> {
  // `toJSON` leaves out what was switched off with `false` or null.
  const entries = Object.entries(headers.toJSON()).filter(([name]) => !FRAMING.has(name.toLowerCase()))
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

function bodyOf(data: unknown): string | Uint8Array {
  if (typeof data === 'string' || data instanceof Uint8Array) return data
  throw new UsageError('An axios interceptor put something into `data` that is neither text nor bytes.')
}

function headOfAxios({ status, statusText, headers }: AxiosResponse<unknown>): Omit<ReplyHead, 'closing'> {
  const entries = Object.entries<unknown>(headers).map(([name, value]): [string, string | string[]] => [
    name.toLowerCase(),
    Array.isArray(value) ? value.map(String) : String(value),
  ])
  return { status, statusText, headers: Object.fromEntries(entries) }
}

function sourceOf(data: unknown): Readable {
  if (data instanceof Readable) return data
  const body = bodyOf(data)
  return Readable.from(body.length === 0 ? [] : [Buffer.from(body)])
}
