import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WsmanClient, type WsmanClientOptions } from 'wsman'
import type { Exchange } from './recordings.js'
import { elementsOf, localName, parseXml, select, textOf, type PlainElement } from './xml-compare.js'

const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'
const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'
const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'

/** The actions by the names people use. */
export const ACTION = {
  Get: `${TRANSFER}/Get`,
  Put: `${TRANSFER}/Put`,
  Create: `${TRANSFER}/Create`,
  Delete: `${TRANSFER}/Delete`,
  Enumerate: `${ENUMERATION}/Enumerate`,
  Pull: `${ENUMERATION}/Pull`,
  Release: `${ENUMERATION}/Release`,
  Command: `${SHELL}/Command`,
  Receive: `${SHELL}/Receive`,
  Send: `${SHELL}/Send`,
  Signal: `${SHELL}/Signal`,
} as const

/** What makes a request the one that was recorded. What is undefined is not looked at. */
export interface RequestIdentity {
  /** Absent for Identify, which has no headers. */
  readonly action: string | undefined
  readonly shellId?: string | undefined
  readonly commandId?: string | undefined
}

/** One place in a recording: what was asked, and the reply as it was recorded. */
export interface ReplayStep {
  readonly expects: RequestIdentity
  readonly reply: string
  /** The request comes while a Receive waits, which is answered after it. Sends always do. */
  readonly duringReceive?: boolean
}

/** The step of a recorded exchange. Only the service names commands, although a client may propose a name. */
export function recordedStep({ request, response }: Exchange): ReplayStep {
  const { action, shellId, commandId } = identify(request)
  const named = action === ACTION.Command ? {} : { commandId }
  return { expects: { action, shellId, ...named }, reply: response }
}

/** The step of a reply whose request was not recorded. */
export const replyTo = (verb: keyof typeof ACTION | 'Identify', reply: string): ReplayStep => ({
  expects: { action: verb === 'Identify' ? undefined : ACTION[verb] },
  reply,
})

/** A request as it arrived. */
export interface ReceivedRequest extends RequestIdentity {
  readonly xml: string
  readonly envelope: PlainElement
  readonly messageId: string
  /** What a Pull or a Release names. */
  readonly context: string | undefined
}

/** A server that plays a recording, and nothing but the recording. */
export interface ReplayServer {
  readonly requests: readonly ReceivedRequest[]
  readonly options: WsmanClientOptions
  /** @throws Error when a request was not the recorded one, or a reply was never asked for */
  verify(): void
  close(): Promise<void>
}

/** Plays the steps to a client that is closed afterwards, and checks that the client said what was recorded. */
export async function replay<T>(
  steps: readonly ReplayStep[],
  use: (client: WsmanClient, server: ReplayServer) => Promise<T>,
  options: WsmanClientOptions = {},
): Promise<T> {
  const server = await startReplay(steps)
  const client = new WsmanClient({ ...server.options, ...options })
  try {
    return await use(client, server).catch((error: unknown) => {
      server.verify()
      throw error
    })
  } finally {
    await client.close()
    await server.close()
    server.verify()
  }
}

export async function startReplay(steps: readonly ReplayStep[]): Promise<ReplayServer> {
  const player = new Player(steps)
  const server = createServer((request, response) => {
    player.take(request, response).catch((error: unknown) => {
      player.refuse(response, error instanceof Error ? error.message : String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    requests: player.requests,
    options: {
      host: '127.0.0.1',
      port,
      auth: { scheme: 'basic', username: 'user', password: 'secret' },
      settings: { client: { allowUnencrypted: true } },
    },
    verify: () => player.verify(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Arrival {
  readonly request: ReceivedRequest
  readonly response: ServerResponse
}

class Player {
  readonly requests: ReceivedRequest[] = []
  readonly #steps: ReplayStep[]
  readonly #problems: string[] = []
  /** Receives whose turn has not come. */
  #waiting: Arrival[] = []
  /** The context that the last reply of an enumeration named. */
  #context: string | undefined

  constructor(steps: readonly ReplayStep[]) {
    this.#steps = [...steps]
  }

  async take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    if (!incoming.headers.authorization?.startsWith('Basic '))
      throw new Error('A request came without Basic.')
    const request = identify(Buffer.concat(chunks).toString())
    this.requests.push(request)
    this.#waiting.push({ request, response })
    this.#play()
  }

  refuse(response: ServerResponse, problem: string): void {
    this.#problems.push(problem)
    response.writeHead(500, { 'Content-Type': 'text/plain' }).end(problem)
  }

  verify(): void {
    const unasked = this.#steps.map(({ expects }) => `Nobody asked for the reply to ${describe(expects)}.`)
    const problems = [...this.#problems, ...unasked]
    if (problems.length > 0) throw new Error(problems.join('\n'))
  }

  /** A Receive is a long poll: it runs beside Sends, and is answered when its turn comes. */
  #play(): void {
    for (;;) {
      const others = this.#waiting.filter(({ request }) => request.action !== ACTION.Receive)
      const [step] = this.#steps
      const isHeldBack = step?.duringReceive ?? step?.expects.action === ACTION.Send
      const next = others[0] ?? (isHeldBack ? undefined : this.#waiting[0])
      if (!next) return
      this.#waiting = this.#waiting.filter((arrival) => arrival !== next)
      this.#answer(next, this.#steps.shift())
    }
  }

  #answer({ request, response }: Arrival, step: ReplayStep | undefined): void {
    if (!step) {
      this.refuse(response, `The recording has ended, and ${describe(request)} came.`)
      return
    }
    const differs = (['action', 'shellId', 'commandId'] as const).some(
      (part) => step.expects[part] !== undefined && step.expects[part] !== request[part],
    )
    if (differs || (step.expects.action === undefined) !== (request.action === undefined)) {
      this.refuse(response, `${describe(step.expects)} was recorded here, and ${describe(request)} came.`)
      return
    }
    if (request.context !== undefined && request.context !== this.#context) {
      this.refuse(response, `The context is ${this.#context ?? 'none'}, and ${request.context} came.`)
      return
    }
    const body = relate(step.reply, request.messageId)
    const [content] = select(parseXml(body), 'Body').flatMap(elementsOf)
    this.#context = (content && textAt(content, 'EnumerationContext')) || this.#context
    const isFault = content !== undefined && localName(content) === 'Fault'
    response
      .writeHead(isFault ? 500 : 200, { 'Content-Type': 'application/soap+xml;charset=UTF-8' })
      .end(body)
  }
}

/** What a request is, by its headers and by the command its body names. */
export function identify(xml: string): ReceivedRequest {
  const envelope = parseXml(xml)
  const [header] = select(envelope, 'Header')
  const [body] = select(envelope, 'Body')
  if (!header || !body) throw new Error('A request has no Header or no Body.')
  const selectors = select(header, 'SelectorSet', 'Selector')
  const shell = selectors.find(({ attributes }) => attributes.Name === 'ShellId')
  return {
    xml,
    envelope,
    action: textAt(header, 'Action'),
    messageId: textAt(header, 'MessageID') ?? '',
    shellId: shell && textOf(shell).trim(),
    commandId: commandOf(body),
    context: select(body, 'Pull')[0] && textAt(body, 'Pull', 'EnumerationContext'),
  }
}

/** Some clients write the attribute with a prefix. */
function commandOf(element: PlainElement): string | undefined {
  const own = Object.entries(element.attributes).find(([name]) => /(^|\})CommandId$/.test(name))?.[1]
  return (
    own ??
    elementsOf(element)
      .map(commandOf)
      .find((id) => id !== undefined)
  )
}

const textAt = (element: PlainElement, ...path: readonly string[]): string | undefined =>
  select(element, ...path)
    .map((found) => textOf(found).trim())
    .at(0)

/** Nothing in a recorded reply changes but the request it belongs to. */
function relate(reply: string, messageId: string): string {
  return reply.replace(/(<(?:[\w-]+:)?RelatesTo\b[^>]*>\s*)[^<]*?(\s*<\/)/, `$1${messageId}$2`)
}

const describe = ({ action, shellId, commandId }: RequestIdentity): string =>
  [action ?? 'Identify', shellId && `shell ${shellId}`, commandId && `command ${commandId}`]
    .filter((part) => part !== undefined && part !== '')
    .join(', ')
