import type { IncomingHttpHeaders } from 'node:http'
import { openBody, sealBody } from '../../../src/auth/sealed-body.js'
import type { SealedMessage, SecurityContext } from '../../../src/auth/security-context.js'
import { AuthenticationError, ProtocolError } from '../../../src/errors/errors.js'
import type { ByteSink, WireResponse } from '../../../src/http/message.js'
import type {
  Authenticator,
  ChannelFacts,
  Leg,
  RECONNECT,
  RoundTrip,
} from '../../../src/transport/authenticator.js'
import type { HandshakeScheme, Refusal } from '../../../src/transport/handshake.js'
import { HandshakeMechanism } from '../../../src/transport/handshake-authenticator.js'
import { HandshakeTurns } from '../../../src/transport/handshake-turns.js'

/** Seals by turning every octet over, so that what is sealed is no plaintext; a number takes the place of a signature. */
export class ToyContext implements SecurityContext {
  disposed = 0
  #given = 0
  #sealed = 0
  #opened = 0

  #proven: boolean

  /**
   * @param tokens how many it gives
   * @param mutual whether it waits for a last token that proves the service
   */
  constructor(
    readonly mechanism = 'NTLM',
    readonly tokens = 2,
    mutual = false,
  ) {
    this.#proven = !mutual
  }

  get complete(): boolean {
    return this.#given >= this.tokens && this.#proven
  }

  get principal(): string | undefined {
    return this.complete ? 'alice' : undefined
  }

  step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    const text = Buffer.from(token ?? []).toString()
    if (text === 'no') return Promise.reject(new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', 'no'))
    if (text === 'odd') return Promise.reject(new ProtocolError('odd'))
    if (this.#given === this.tokens) {
      this.#proven = true
      return Promise.resolve(undefined)
    }
    return Promise.resolve(Buffer.from(`client ${++this.#given}`))
  }

  async seal(message: Uint8Array): Promise<SealedMessage> {
    await Promise.resolve()
    this.#assertNotDisposed()
    return { signature: Uint8Array.of(this.#sealed++), data: message.map(turned), length: message.length }
  }

  async unseal({ signature, data }: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array> {
    await Promise.resolve()
    this.#assertNotDisposed()
    if (signature[0] !== this.#opened++) throw new ProtocolError('this is not the next message')
    return data.map(turned)
  }

  dispose(): void {
    this.disposed++
  }

  #assertNotDisposed(): void {
    if (this.disposed > 0) throw new Error('the context is used after its end')
  }
}

const turned = (octet: number): number => octet ^ 0xff

export const HTTP: ChannelFacts = {
  host: 'server01',
  port: 5985,
  secure: false,
  path: '/wsman',
  peerCertificate: undefined,
}
export const HTTPS: ChannelFacts = { ...HTTP, port: 5986, secure: true }

/** What the service says to one leg. */
export interface Said {
  readonly status: number
  readonly headers?: IncomingHttpHeaders
  readonly body?: Uint8Array
  readonly closing?: boolean
}

export const challenge = (text: string, said: Partial<Said> = {}): Said => ({
  status: 401,
  headers: { 'www-authenticate': text },
  ...said,
})
export const token = (name: string, text: string): string => `${name} ${Buffer.from(text).toString('base64')}`
export const OK: Said = { status: 200 }

/** A reply that remembers what became of it. */
export class ToyResponse implements WireResponse {
  readonly status: number
  readonly statusText = ''
  readonly headers: IncomingHttpHeaders
  readonly closing: boolean
  ended: 'received' | 'abandoned' | undefined
  readonly #body: Uint8Array

  constructor({ status, headers = {}, body = new Uint8Array(), closing = false }: Said) {
    this.status = status
    this.headers = headers
    this.closing = closing
    this.#body = body
  }

  async receive<T>(sink: ByteSink<T>): Promise<T> {
    await Promise.resolve()
    this.ended = 'received'
    sink.write(this.#body)
    return sink.end()
  }

  async discard(): Promise<void> {
    await this.receive({ write: () => undefined, end: () => undefined })
  }

  abandon(): void {
    this.ended ??= 'abandoned'
  }
}

/** A service on one connection: answers one leg after the other. */
export class ToyService {
  readonly legs: Leg[] = []
  readonly responses: ToyResponse[] = []
  readonly #say: (leg: Leg, index: number) => Said | Promise<Said>

  constructor(...script: readonly Said[])
  constructor(say: (leg: Leg, index: number) => Said | Promise<Said>)
  constructor(...script: readonly (Said | ((leg: Leg, index: number) => Said | Promise<Said>))[]) {
    const [first] = script
    this.#say =
      typeof first === 'function'
        ? first
        : (_leg, index) => {
            const said = script[index]
            if (said === undefined || typeof said === 'function') throw new Error('a leg too many')
            return said
          }
  }

  readonly roundTrip: RoundTrip = async (leg) => {
    const index = this.legs.push(leg) - 1
    await Promise.resolve()
    const response = new ToyResponse(await this.#say(leg, index))
    this.responses.push(response)
    return response
  }

  get authorizations(): (string | undefined)[] {
    return this.legs.map(({ authorization }) => authorization)
  }
}

/** The service's half of a session with a ToyContext: echoes what it is sent, in angle brackets. */
export function echoing(): (leg: Leg) => Promise<Said> {
  const context = new ToyContext()
  return async ({ body }) => {
    const plain = await openBody(context, Buffer.from(body as Uint8Array))
    const sealed = await sealBody(context, 'SPNEGO', Buffer.from(`<${plain.toString()}>`))
    return { status: 200, headers: { 'content-type': sealed.contentType }, body: sealed.body }
  }
}

/** A handshake of two legs, and then an echo; everything begins anew with the first token. */
export function accepting(): (leg: Leg) => Promise<Said> {
  let echo = echoing()
  return (leg) => {
    const { authorization } = leg
    if (authorization === undefined) return echo(leg)
    const [name = '', text = ''] = authorization.split(' ')
    echo = echoing()
    const isFirst = Buffer.from(text, 'base64').toString() === 'client 1'
    return Promise.resolve(isFirst ? challenge(token(name, 'server 1')) : OK)
  }
}

export interface ToyOptions {
  readonly names?: readonly string[]
  readonly newContext?: (name: string) => ToyContext
  readonly turns?: HandshakeTurns
}

/** A scheme of toy contexts. */
export class ToyScheme implements HandshakeScheme {
  readonly scheme = 'ntlm'
  readonly provesHost = false
  readonly names: readonly string[]
  readonly notOffered = 'negotiateOff'
  readonly contexts: ToyContext[] = []
  readonly refusals: Refusal[] = []
  readonly mechanism: HandshakeMechanism
  /** What an attempt waits for before it begins. */
  beginning: Promise<void> = Promise.resolve()
  readonly #newContext: (name: string) => ToyContext

  constructor({
    names = ['Negotiate'],
    newContext = () => new ToyContext(),
    turns = new HandshakeTurns(),
  }: ToyOptions = {}) {
    this.names = names
    this.#newContext = newContext
    this.mechanism = new HandshakeMechanism({ scheme: this, ready: () => undefined, turns: () => turns })
  }

  protocol(): 'SPNEGO' {
    return 'SPNEGO'
  }

  async begin(_channel: ChannelFacts, name: string) {
    await this.beginning
    const context = this.#newContext(name)
    this.contexts.push(context)
    return {
      context,
      refused: (refusal: Refusal) => {
        this.refusals.push(refusal)
        return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', 'refused', {
          ...(refusal.cause ? { cause: refusal.cause } : {}),
        })
      },
    }
  }

  bind(channel: ChannelFacts = HTTP): Authenticator {
    return this.mechanism.bind(channel)
  }
}

export const MESSAGE: Leg = { contentType: 'application/soap+xml;charset=UTF-8', body: '<x/>' }

/** Sends a message and reads the reply. */
export async function ask(
  authenticator: Authenticator,
  { roundTrip }: Pick<ToyService, 'roundTrip'>,
  signal = new AbortController().signal,
): Promise<string | typeof RECONNECT> {
  const response = await authenticator.exchange(MESSAGE, roundTrip, signal)
  if (typeof response === 'symbol') return response
  const chunks: Uint8Array[] = []
  return await response.receive({
    write: (chunk) => chunks.push(chunk),
    end: () => Buffer.concat(chunks).toString(),
  })
}
