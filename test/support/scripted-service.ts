import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { WsmanClientOptions } from '../../src/client/client-options.js'
import { WsmanClient } from '../../src/client/wsman-client.js'
import { elementsOf, localName, parseXml, textOf, type PlainElement } from './xml-compare.js'

/** What the service says to one request: text is the content of `s:Body` in an envelope of Windows' form. */
export type Answer = string | FaultAnswer | RawAnswer | typeof CUT | typeof SILENCE

/** The socket ends without an answer. */
export const CUT: unique symbol = Symbol('cut')
/** The socket stays open and nothing is said. */
export const SILENCE: unique symbol = Symbol('silence')

export interface FaultAnswer {
  /** Content of `s:Body`. */
  readonly fault: string
  readonly status?: number
}

/** A reply of any form. Without `headers` it is of SOAP's type. */
export interface RawAnswer {
  readonly raw: string | Buffer
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

export type Answerer = Answer | ((request: Asked) => Answer | Promise<Answer>)

/** By the last part of the action. A list answers one request after another; one too many is an error. */
export type Script = Readonly<Record<string, Answerer | readonly Answerer[]>>

/** A promise with its key outside. */
export interface Gate<T = void> {
  readonly passed: Promise<T>
  open(value: T): void
}

export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => undefined
  const passed = new Promise<T>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

/** Lets everything go on that waits for nothing outside of this process. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

/** One request as it arrived, read with a parser that is not the package's. */
export class Asked {
  /** `Get`, `Pull`, `Receive`, …; `Identify` where there is no action. */
  readonly action: string
  readonly messageId: string
  /** Settles when the client has ended the connection this came on. */
  readonly disconnected: Promise<void>
  #root: PlainElement | undefined

  constructor(
    readonly text: string,
    readonly http: IncomingMessage,
  ) {
    this.action = /<a:Action[^>]*>[^<]*\/(\w+)<\/a:Action>/.exec(text)?.[1] ?? 'Identify'
    this.messageId = /<a:MessageID>([^<]*)</.exec(text)?.[1] ?? ''
    this.disconnected = endOf(http.socket)
  }

  get root(): PlainElement {
    return (this.#root ??= parseXml(this.text))
  }

  /** All elements of that local name, in the order of the document. */
  elements(local: string): PlainElement[] {
    return below(this.root).filter((element) => localName(element) === local)
  }

  texts(local: string): string[] {
    return this.elements(local).map(textOf)
  }

  /** An attribute of the first element of that local name. */
  attribute(local: string, name: string): string | undefined {
    return this.elements(local)[0]?.attributes[name]
  }
}

const ends = new WeakMap<Socket, Promise<void>>()

/** One listener for all requests that come on a socket. */
function endOf(socket: Socket): Promise<void> {
  const known = ends.get(socket)
  if (known) return known
  const end = new Promise<void>((resolve) => {
    if (socket.destroyed) resolve()
    else socket.once('close', () => resolve())
  })
  ends.set(socket, end)
  return end
}

const below = (element: PlainElement): PlainElement[] => [element, ...elementsOf(element).flatMap(below)]

/** A server on 127.0.0.1 that says what a test wrote down, and remembers what it was asked. */
export class ScriptedService {
  readonly requests: Asked[] = []
  /** What could not be answered; a test that caused any fails. */
  readonly complaints: string[] = []
  readonly #server: Server
  readonly #script: Script
  readonly #counts = new Map<string, number>()
  readonly #watchers = new Set<() => void>()
  readonly #sockets = new Set<Socket>()

  private constructor(script: Script) {
    this.#script = script
    this.#server = createServer((request, response) => {
      void this.#take(request, response)
    })
    this.#server.keepAliveTimeout = 0
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => {
        this.#sockets.delete(socket)
        this.#changed()
      })
    })
  }

  static async start(script: Script): Promise<ScriptedService> {
    const service = new ScriptedService(script)
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve))
    return service
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get openSockets(): number {
    return this.#sockets.size
  }

  /** The actions in the order of their arrival. */
  get actions(): string[] {
    return this.requests.map(({ action }) => action)
  }

  of(action: string): Asked[] {
    return this.requests.filter((request) => request.action === action)
  }

  /** The nth request of that action, as soon as it is there. */
  async arrival(action: string, nth = 1): Promise<Asked> {
    for (;;) {
      const request = this.of(action)[nth - 1]
      if (request) return request
      await this.#change()
    }
  }

  /** Settles when no socket is open. */
  async empty(): Promise<void> {
    while (this.#sockets.size > 0) await this.#change()
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#watchers.add(resolve))
  }

  #changed(): void {
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    for (const watcher of watchers) watcher()
  }

  async #take(http: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of http) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const request = new Asked(Buffer.concat(chunks).toString(), http)
    this.requests.push(request)
    const answer = this.#answer(request)
    this.#changed()
    try {
      this.#say(await answer, request, response)
    } catch (error) {
      this.complaints.push(String(error))
      response.destroy()
    }
  }

  async #answer(request: Asked): Promise<Answer> {
    const { action } = request
    const count = this.#counts.get(action) ?? 0
    this.#counts.set(action, count + 1)
    const entry = Object.hasOwn(this.#script, action) ? this.#script[action] : undefined
    // Array.isArray does not narrow readonly arrays.
    const answerer = Array.isArray(entry)
      ? (entry as readonly Answerer[])[count]
      : (entry as Answerer | undefined)
    if (answerer === undefined) throw new Error(`no answer to ${action} number ${count + 1}`)
    return typeof answerer === 'function' ? await answerer(request) : answerer
  }

  #say(answer: Answer, request: Asked, response: ServerResponse): void {
    if (answer === SILENCE) return
    if (answer === CUT) {
      request.http.socket.destroy()
      return
    }
    const { raw, status = 200, headers } = toRaw(answer, request)
    const body = Buffer.from(raw)
    response.writeHead(status, {
      ...(headers ?? { 'Content-Type': 'application/soap+xml;charset=UTF-8' }),
      'Content-Length': String(body.length),
    })
    response.end(body)
  }
}

function toRaw(answer: Exclude<Answer, symbol>, request: Asked): RawAnswer {
  if (typeof answer === 'string') return { raw: envelope(answer, request) }
  if ('raw' in answer) return answer
  return { raw: envelope(answer.fault, request), status: answer.status ?? 500 }
}

/** An envelope as Windows writes it. */
export function envelope(
  body: string,
  { action = '', messageId }: { readonly action?: string; readonly messageId?: string },
): string {
  const relatesTo = messageId ? `<a:RelatesTo>${messageId}</a:RelatesTo>` : ''
  return (
    '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd">' +
    `<s:Header><a:Action>${action}Response</a:Action><a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID><a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>${relatesTo}</s:Header>` +
    `<s:Body>${body}</s:Body></s:Envelope>`
  )
}

/** A fault as WinRM writes it; the status is that of Windows for a fault of the receiver. */
export function windowsFault(code: number, message = 'The service said no. '): FaultAnswer {
  return {
    fault: `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">${message}</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="${code}" Machine="SERVER01"><f:Message>${message}</f:Message></f:WSManFault></s:Detail></s:Fault>`,
  }
}

/** "Nothing within the operation timeout": what Receive and Pull ask again after. */
export const OPERATION_TIMED_OUT = windowsFault(
  2150858793,
  'The WS-Management service did not finish in time. ',
)
/** The shell or command is not there any more. */
export const UNEXPECTED_SELECTORS = windowsFault(2150858843, 'The selectors name nothing. ')

/** Starts a service that ends with the test, which fails where a request had no answer. */
export async function startService(script: Script): Promise<ScriptedService> {
  const service = await ScriptedService.start(script)
  onTestFinished(async () => {
    await service.close()
    if (service.complaints.length > 0) throw new Error(service.complaints.join('; '))
  })
  return service
}

/** A client of that service without credentials, which is closed with the test. */
export function connect(
  service: { readonly port: number },
  { settings, ...options }: WsmanClientOptions = {},
): WsmanClient {
  const client = new WsmanClient({
    host: '127.0.0.1',
    port: service.port,
    retry: { attempts: 2, baseDelayMs: 0 },
    settings: { ...settings, client: { allowUnencrypted: true, ...settings?.client } },
    ...options,
  })
  onTestFinished(() => client.close())
  return client
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    (value) => {
      throw new Error('it resolved', { cause: value })
    },
    (error: unknown) => error,
  )
}
