import dns from 'node:dns'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { onTestFinished, vi } from 'vitest'
import { WsmanClient, type OperationTrace, type WsmanClientOptions } from 'wsman'
import {
  startEndpoint,
  type ClientChoice,
  type Endpoint,
  type EndpointClass,
  type EndpointOptions,
} from 'wsman/testing'
import { followTheClock, until } from '../support/gates.js'
import { recordTraces, toldOf } from '../support/trace-recorder.js'
import { startRawServer, type RawRequest } from '../unit/http/raw-server.js'
import { startProxy, type ConnectRequest } from '../unit/http/tunnel-proxy.js'
import { startManglingProxy, type Mangled, type PassingReply } from '../unit/transport/mangling-proxy.js'
import { certificates, type Certificate } from './certificates.js'

export const PASSWORD = 'correct-horse-battery-staple'
export const WRONG_PASSWORD = 'wrong-Tr0ub4dor-password'
export const PROXY_PASSWORD = 'proxy-h4ndshake-password'
const USER = { username: 'alice', password: PASSWORD, domain: 'TEST' }

/** What no error may show, as text and as Basic sends it. */
export const SECRETS: readonly string[] = [PASSWORD, WRONG_PASSWORD, PROXY_PASSWORD].flatMap((password) => [
  password,
  Buffer.from(`alice:${password}`).toString('base64'),
])

/** Something is set up to go wrong. */
export interface Scene {
  /** Does what goes wrong. */
  readonly call: () => Promise<unknown>
  /** What has arrived, as `Failure.tried` says it. */
  readonly requests: () => readonly string[]
}

/** What may be done while a call is under way. */
export interface Stage {
  readonly client: WsmanClient
  /** Ends the call by its signal. */
  readonly abort: () => void
  /** Waits until so many requests have arrived, or the call is over. */
  readonly arrived: (count: number) => Promise<void>
  /** Waits until the head of a reply is there. */
  readonly answered: () => Promise<void>
  /** Waits until so many tries have failed that are followed by a pause. */
  readonly paused: (count: number) => Promise<void>
  /** Lets time pass, in milliseconds. */
  readonly pass: (ms: number) => void
}

export interface Course {
  /** Options of the client, on top of those that lead it to the peer. */
  readonly client?: WsmanClientOptions
  /** Default: Get of a resource. */
  readonly call?: (client: WsmanClient, signal: AbortSignal) => Promise<unknown>
  readonly meanwhile?: (stage: Stage) => Promise<void> | void
}

export const THING = 'wmicimv2/Thing?Name=one'

export const getThing = (client: WsmanClient): Promise<unknown> => client.get(THING)
/** What must never be done twice. */
export const createThing = (client: WsmanClient): Promise<unknown> =>
  client.create('wmicimv2/Thing', { Name: 'two' })

/** What the endpoint serves. */
export const CLASSES: readonly EndpointClass[] = [
  {
    name: 'Thing',
    properties: { Name: { type: 'string', key: true }, Count: 'uint32', Text: 'string' },
    instances: ['one', 'another'].map((Name) => ({ Name, Count: 1, Text: 'x'.repeat(600) })),
    methods: { Reset: () => ({ ReturnValue: 0 }) },
  },
]

/** Three tries, without pauses. */
const DEFAULTS: WsmanClientOptions = {
  retry: { attempts: 3, baseDelayMs: 0 },
  settings: { client: { allowUnencrypted: true } },
}

export function sceneOf(
  reach: WsmanClientOptions,
  requests: () => readonly string[],
  { client: own, call = getThing, meanwhile }: Course,
): Scene {
  const client = new WsmanClient({ ...DEFAULTS, ...reach, ...own })
  onTestFinished(() => client.close())
  const controller = new AbortController()
  let over = false
  const told = recordTraces()
  const started = (): OperationTrace | undefined =>
    told.find(({ channel, event }) => channel === 'wsman:operation' && event === 'start')
      ?.payload as OperationTrace
  const stage: Stage = {
    client,
    abort: () => controller.abort(new Error('not wanted any more')),
    arrived: (count) => until(() => over || requests().length >= count),
    answered: () => until(() => over || started()?.status !== undefined),
    paused: (count) => until(() => over || toldOf(told, 'wsman:retry', 'message').length >= count),
    pass: (ms) => vi.advanceTimersByTime(ms),
  }
  return {
    // How often a command is asked for its output is a matter of time.
    requests: () => requests().filter((request) => !request.includes(' Receive')),
    call: async () => {
      const result = call(client, controller.signal)
      const end = (): void => void (over = true)
      result.then(end, end)
      await meanwhile?.(stage)
      return await result
    },
  }
}

/** The last part of the action in a message; `-` where there is none. */
function actionOf(message: string): string {
  if (message === '') return '-'
  return /Action[^>]*>[^<]*\/(\w+)</.exec(message)?.[1] ?? (message.includes('Identify') ? 'Identify' : '-')
}

const requestOf = (method: string, message: string, authorization = ''): string =>
  [method, actionOf(message), authorization.split(' ', 1)[0]].filter(Boolean).join(' ')

const reached = (endpoint: Endpoint) => (): readonly string[] =>
  endpoint.requests.map(({ body, headers }) => requestOf('POST', body, headers.authorization))

export interface EndpointCourse extends Course {
  /** How the client comes in. Default: Basic over HTTP, without a word in between. */
  readonly way?: ClientChoice
  readonly options?: EndpointOptions
  /** What happens before the call. */
  readonly before?: (endpoint: Endpoint, connect: () => WsmanClient) => Promise<unknown>
  /** What becomes of replies on their way. */
  readonly mangle?: (reply: PassingReply) => Mangled
  /** The password the client has. */
  readonly password?: string
}

const OPEN = { auth: { basic: true }, allowUnencrypted: true }

/** The embedded endpoint. */
export const endpoint =
  ({ way, options, before, mangle, password, ...course }: EndpointCourse = {}) =>
  async (): Promise<Scene> => {
    if (course.meanwhile) followTheClock()
    const started = await startEndpoint({
      users: [USER],
      classes: CLASSES,
      settings: { service: OPEN },
      ...options,
    })
    onTestFinished(() => started.close())
    const { auth, port, ...reach } = started.clientOptions('alice', way)
    const own = { port, auth: { ...auth, password: password ?? auth.password } }
    await before?.(started, () => {
      const client = new WsmanClient({ ...reach, ...own })
      onTestFinished(() => client.close())
      return client
    })
    const arrivedBefore = started.requests.length
    if (!mangle) return sceneOf({ ...reach, ...own }, () => reached(started)().slice(arrivedBefore), course)
    const between = await startManglingProxy(port)
    onTestFinished(() => between.close())
    between.mangle = mangle
    return sceneOf({ ...reach, ...own, port: between.port }, reached(started), course)
  }

/** What a raw peer does with a request: says a reply, or whatever it likes. */
export type RawAnswer = string | ((request: RawRequest) => unknown)

export interface RawCourse extends Course {
  /** Speaks TLS with this certificate. */
  readonly tls?: Certificate
  readonly requestCert?: boolean
  /** The client authenticates with a certificate. */
  readonly certified?: boolean
}

/** A peer that answers one request after another, the last answer for all that follow. */
export const peer =
  (
    answers: RawAnswer | readonly RawAnswer[],
    { tls, requestCert = false, certified = false, ...course }: RawCourse = {},
  ) =>
  async (): Promise<Scene> => {
    if (course.meanwhile) followTheClock()
    const list = [answers].flat() as readonly RawAnswer[]
    const pairs = tls && (await certificates())
    const server = await startRawServer(
      (request) => {
        const answer = list[Math.min(server.requests.length, list.length) - 1]
        if (typeof answer === 'string') request.socket.write(answer)
        else answer?.(request)
      },
      pairs && { tls: { ...pairs[tls], requestCert, rejectUnauthorized: requestCert } },
    )
    const requests = (): readonly string[] =>
      server.requests.map(({ requestLine, headers, body }) =>
        requestOf(requestLine.split(' ', 1)[0] ?? '', body, headers.get('Authorization')),
      )
    const secured = pairs ? { transport: 'https', tls: { ca: pairs.authority.cert } } : {}
    const own =
      pairs && certified
        ? { auth: { scheme: 'certificate' as const }, tls: { ...pairs.authority, rejectUnauthorized: false } }
        : {}
    const reach = { host: '127.0.0.1', port: server.port, ...secured, ...own }
    return sceneOf(reach, requests, course)
  }

/** A peer that does something to every connection before a request can arrive. */
export const greeter =
  (greet: (socket: Socket) => void, course: Course = {}) =>
  async (): Promise<Scene> => {
    if (course.meanwhile) followTheClock()
    let connections = 0
    const server = createServer((socket) => {
      connections++
      greet(socket)
    })
    const requests = (): readonly string[] => Array.from({ length: connections }, () => 'connection')
    const reach = { host: '127.0.0.1', port: await listen(server), transport: 'https' }
    return sceneOf(reach, requests, course)
  }

/** A proxy, and behind it nothing. */
export const proxy =
  (
    answer: (request: ConnectRequest) => unknown,
    { url = 'http://', ...course }: Course & { url?: string } = {},
  ) =>
  async (): Promise<Scene> => {
    if (course.meanwhile) followTheClock()
    const started = await startProxy((request) => {
      answer(request)
      return false
    })
    const requests = (): readonly string[] =>
      started.requests.map(({ requestLine, headers }) =>
        [requestLine.replace(/ HTTP.*/, ''), headers.get('Proxy-Authorization')?.split(' ', 1)[0]]
          .filter(Boolean)
          .join(' '),
      )
    const reach = { host: 'server01.example.com', proxy: `${url}127.0.0.1:${started.port}` }
    return sceneOf(reach, requests, course)
  }

/** Somebody who ends TLS in front of an endpoint, with a certificate of their own. */
export const behindTerminator =
  (options: EndpointOptions, course: Course = {}) =>
  async (): Promise<Scene> => {
    const behind = await startEndpoint({
      users: [USER],
      classes: CLASSES,
      listeners: [{ transport: 'HTTPS' }],
      ...options,
    })
    onTestFinished(() => behind.close())
    const { port, ...reach } = behind.clientOptions('alice', { scheme: 'ntlm' })
    const { selfSigned } = await certificates()
    const server = createTlsServer(selfSigned, (socket) => {
      const onward = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        one.on('error', () => undefined).on('close', () => other.destroy())
        one.pipe(other)
      }
    })
    const between = await listen(server)
    const pin = { tls: { fingerprint256: selfSigned.fingerprint } }
    return sceneOf({ ...reach, port: between, ...pin }, reached(behind), course)
  }

/** A port that nothing listens on. */
export const closedPort =
  (course: Course = {}) =>
  async (): Promise<Scene> => {
    const server = createServer()
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    )
    await new Promise((resolve) => server.close(resolve))
    return sceneOf({ host: '127.0.0.1', port }, () => [], course)
  }

let addresses = 0

/** One port of WinRM open, and the other one closed, on an address that nobody else uses. */
export const onlyOpen = (open: number, course: Course) => async (): Promise<Scene> => {
  const host = `127.${(process.pid % 200) + 20}.${Math.floor(process.pid / 200) % 250}.${++addresses}`
  await listen(
    createServer((socket) => socket.destroy()),
    open,
    host,
  )
  return sceneOf({ host }, () => [], course)
}

/** A name that is looked up with this result; undefined for none at all, ever. */
export const looksUp =
  (result: NodeJS.ErrnoException | string | undefined, course: Course = {}) =>
  (): Promise<Scene> => {
    if (course.meanwhile) followTheClock()
    let lookups = 0
    type Told = (error: Error | null, addresses?: readonly dns.LookupAddress[]) => void
    const lookup = (_name: string, _options: unknown, tell: Told): void => {
      lookups++
      if (result === undefined) return
      setImmediate(() =>
        typeof result === 'string' ? tell(null, [{ address: result, family: 4 }]) : tell(result),
      )
    }
    const spy = vi.spyOn(dns, 'lookup').mockImplementation(lookup as unknown as typeof dns.lookup)
    onTestFinished(() => spy.mockRestore())
    const requests = (): readonly string[] => Array.from({ length: lookups }, () => 'lookup')
    return Promise.resolve(sceneOf({ host: 'server01.example.com' }, requests, course))
  }

/** An error of the system. */
export const systemError = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code })

async function listen(server: Server, port = 0, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}
