import {
  areConnectionsHeard,
  connectionChannel,
  tellDisconnect,
  traced,
  type ConnectionTrace,
} from '../diagnostics/channels.js'
import { TransportError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import { HttpConnection } from '../http/connection.js'
import { probePort } from '../http/probe-port.js'
import type { ProxyServer } from '../http/proxy.js'
import { codeOf } from '../http/socket-errors.js'
import type { Target } from '../http/target.js'
import type { TlsProfile } from '../http/tls.js'
import { abortReason } from '../util/abortable.js'
import { CredentialGate } from './credential-gate.js'
import type { CallSignal } from '../util/signal.js'

export interface DialerOptions {
  readonly target: Target
  readonly proxy: ProxyServer | undefined
  /** For the socket, the tunnel and TLS together, in milliseconds. */
  readonly connectTimeoutMs: number
}

/** The ports of WinRM: where one refuses, the other may be the one that is meant. */
const OTHER_PORT = {
  5985: { port: 5986, situation: 'onlyHttpsOpen' },
  5986: { port: 5985, situation: 'onlyHttpOpen' },
} as const

/** A host that refuses one port answers for the other at once, unless a firewall drops it. */
const PROBE_MS = 250

/** Opens connections to one host. A credential for the proxy is tried by one of them before the others follow. */
export class Dialer {
  readonly #options: DialerOptions
  readonly #gate: CredentialGate | undefined
  /** Whether the other port is open; asked once for as long as no connection can be made. */
  #otherIsOpen: Promise<boolean> | undefined

  constructor(options: DialerOptions) {
    this.#options = options
    this.#gate = options.proxy?.authorization === undefined ? undefined : new CredentialGate()
  }

  /** @throws TransportError, TimeoutError, or the signal's reason */
  async open(tls: TlsProfile | undefined, signal: CallSignal): Promise<HttpConnection> {
    const { hostname: host, port, secure } = this.#options.target
    const trace: ConnectionTrace = { host, port, secure, proxy: this.#options.proxy?.name }
    const connection = await traced(connectionChannel, trace, () => this.#connect(tls, signal, trace))
    connection.onClose(() => tellDisconnect(trace))
    return connection
  }

  async #connect(
    tls: TlsProfile | undefined,
    signal: CallSignal,
    trace: ConnectionTrace,
  ): Promise<HttpConnection> {
    const pass = await this.#gate?.enter(signal)
    let proven = false
    try {
      const connection = await HttpConnection.open({ ...this.#options, tls }, signal)
      proven = true
      this.#otherIsOpen = undefined
      // Asking for it is a call to the system.
      if (areConnectionsHeard()) trace.remoteAddress = connection.remoteAddress
      trace.tlsVersion = connection.tlsVersion
      return connection
    } catch (error) {
      throw await this.#explain(error, signal)
    } finally {
      pass?.(proven)
    }
  }

  /** A refused port gets a hint about the other one. Nothing is sent there, and through proxies nothing is asked. */
  async #explain(error: unknown, signal: CallSignal): Promise<unknown> {
    const { target, proxy } = this.#options
    if (proxy !== undefined || !isRefused(error) || !isKnownPort(target.port)) return error
    const other = OTHER_PORT[target.port]
    this.#otherIsOpen ??= probePort(target.hostname, other.port, PROBE_MS, signal).then(
      ({ state }) => state === 'open',
    )
    const isOpen = await this.#otherIsOpen
    if (signal.aborted) {
      this.#otherIsOpen = undefined
      return abortReason(signal)
    }
    if (!isOpen) return error
    const { code, message, cause } = error
    return new TransportError(code, message, { host: target.hostname, hint: hintFor(other.situation), cause })
  }
}

function isRefused(error: unknown): error is TransportError & { readonly code: 'ERR_WSMAN_CONNECT' } {
  if (!(error instanceof TransportError) || error.code !== 'ERR_WSMAN_CONNECT') return false
  return error.cause instanceof Error && codeOf(error.cause) === 'ECONNREFUSED'
}

function isKnownPort(port: number): port is keyof typeof OTHER_PORT {
  return Object.hasOwn(OTHER_PORT, port)
}
