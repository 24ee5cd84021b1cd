import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { WsmanClient, type AuthOptions, type SharedCredential, type WsmanClientOptions } from 'wsman'
import { ntHash } from '../../../src/auth/ntlm/ntlmv2.js'
import { authChannel, type AuthTrace } from '../../../src/diagnostics/channels.js'
import type { WsmanError } from '../../../src/errors/wsman-error.js'
import { Disclosure } from '../../support/disclosure.js'
import { Domain } from './domain.js'
import { useRealm } from './realm.js'
import { WinrmPeers, type PeerModes, type PeerOptions, type PeerState, type WinrmPeer } from './winrm-peer.js'

export const PASSWORD = 'Sesame-öffne-Dich'
export const RESOURCE = 'http://wsman.test/thing'

/** A domain, with peers and clients that end with each test, and a watch over everything they show. */
export class Scene {
  #processes: WinrmPeers | undefined
  readonly #others: WinrmPeers[] = []
  readonly #peers: WinrmPeer[] = []
  readonly #secure = new Set<WinrmPeer>()
  readonly #clients: WsmanClient[] = []
  readonly #traces: AuthTrace[] = []
  readonly #services: readonly string[] | undefined
  #disclosure = new Disclosure()
  #domain: Domain | undefined

  /** @param services whose keys the realm has; default `HTTP/localhost` */
  constructor(services?: readonly string[]) {
    this.#services = services
    const listen = (trace: AuthTrace): void => {
      this.#traces.push({ ...trace })
      this.#disclosure.show(trace)
    }
    const listeners = { start: listen, end: listen, asyncStart: listen, asyncEnd: listen, error: listen }
    beforeAll(async () => {
      this.#domain = await Domain.start({ alice: PASSWORD, bob: 'bob' }, this.#services)
      useRealm(this.#domain.realm)
      authChannel.subscribe(listeners)
    })
    afterEach(async () => {
      await this.end()
    })
    afterAll(async () => {
      authChannel.unsubscribe(listeners)
      await this.#processes?.end()
      await this.domain.stop()
    })
  }

  get domain(): Domain {
    if (!this.#domain) throw new Error('the domain has not started')
    return this.#domain
  }

  /** What `wsman:auth` said when handshakes ended. */
  get traces(): readonly AuthTrace[] {
    return this.#traces
  }

  /** @param options.keytab of the service; default: that of the realm */
  async peer(
    options: Omit<PeerOptions, 'tls'> & {
      readonly https?: boolean
      readonly modes?: Partial<PeerModes>
      readonly keytab?: string
    } = {},
  ): Promise<WinrmPeer> {
    const { https = false, modes, keytab, ...rest } = options
    const { environment, tls } = this.domain
    const own = keytab === undefined ? undefined : new WinrmPeers({ ...environment, KRB5_KTNAME: keytab })
    if (own) this.#others.push(own)
    const peers = own ?? (this.#processes ??= new WinrmPeers(environment))
    const peer = await peers.open({ ...rest, ...(https && { tls: { ...tls, hash: 'sha256' } }) })
    if (modes) await peer.set(modes)
    if (https) this.#secure.add(peer)
    this.#peers.push(peer)
    return peer
  }

  client(
    peer: WinrmPeer,
    auth: AuthOptions | SharedCredential,
    options: WsmanClientOptions = {},
  ): WsmanClient {
    const secure = this.#secure.has(peer)
    const client = new WsmanClient({
      host: 'localhost',
      port: peer.port,
      transport: secure ? 'https' : 'http',
      ...(secure && { tls: { fingerprint256: this.domain.fingerprint256 } }),
      auth,
      retry: { baseDelayMs: 0 },
      ...options,
    })
    this.#clients.push(client)
    return client
  }

  /** What a promise rejects with; it is looked at for secrets. */
  async refusal(promise: Promise<unknown>): Promise<WsmanError> {
    const error: unknown = await promise.then(
      (value) => expect.unreachable(`resolved with ${JSON.stringify(value)}`),
      (reason: unknown) => reason,
    )
    this.#disclosure.show(error)
    return error as WsmanError
  }

  /** Anything else that is looked at for secrets. */
  show(...values: readonly unknown[]): void {
    this.#disclosure.show(...values)
  }

  async end(): Promise<void> {
    const disclosure = this.#disclosure
    disclosure.show(...this.#clients)
    for (const client of this.#clients.splice(0)) await client.close()
    const states: PeerState[] = []
    for (const peer of this.#peers.splice(0)) {
      states.push(await peer.state())
      await peer.close()
    }
    for (const others of this.#others.splice(0)) await others.end()
    this.#traces.length = 0
    this.#disclosure = new Disclosure()
    for (const password of [PASSWORD, WRONG, OTHER]) {
      disclosure.keep('a password', password)
      disclosure.keep('an NT hash', ntHash(password))
    }
    for (const token of tokensOf(states)) disclosure.keep('a token', token)
    disclosure.check()
    expect(states.flatMap(({ complaints }) => complaints)).toEqual([])
    expect(states.map(({ plaintext }) => plaintext)).toEqual(states.map(() => 0))
  }
}

/** Passwords that nobody has. */
export const WRONG = 'not-the-pässword'
export const OTHER = 'a third passw0rd'

/** What the clients sent in `Authorization`. */
function tokensOf(states: readonly PeerState[]): Uint8Array[] {
  return states
    .flatMap(({ received }) => received)
    .flatMap((octets) => [...octets.toString('latin1').matchAll(/^authorization: \S+ (\S+)/gim)])
    .map(([, token = '']) => Buffer.from(token, 'base64'))
    .filter(({ length }) => length > 0)
}

/** Asserts that what was received is no SOAP that anybody could read. */
export function expectNoPlaintext({ received }: PeerState, ...texts: readonly string[]): void {
  for (const octets of received) {
    const text = octets.toString('latin1')
    for (const part of ['Envelope', 'soap-envelope', 'MessageID', ...texts]) {
      expect(text).not.toContain(Buffer.from(part).toString('latin1'))
      expect(octets.includes(Buffer.from(part, 'utf16le'))).toBe(false)
    }
  }
}
