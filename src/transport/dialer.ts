import { HttpConnection } from '../http/connection.js'
import type { ProxyServer } from '../http/proxy.js'
import type { Target } from '../http/target.js'
import type { TlsProfile } from '../http/tls.js'
import { CredentialGate } from './credential-gate.js'

export interface DialerOptions {
  readonly target: Target
  readonly proxy: ProxyServer | undefined
  /** For the socket, the tunnel and TLS together, in milliseconds. */
  readonly connectTimeoutMs: number
}

/** Opens connections to one host. A credential for the proxy is tried by one of them before the others follow. */
export class Dialer {
  readonly #options: DialerOptions
  readonly #gate: CredentialGate | undefined

  constructor(options: DialerOptions) {
    this.#options = options
    this.#gate = options.proxy?.authorization === undefined ? undefined : new CredentialGate()
  }

  /** @throws TransportError, TimeoutError, or the signal's reason */
  async open(tls: TlsProfile | undefined, signal: AbortSignal): Promise<HttpConnection> {
    const pass = await this.#gate?.enter(signal)
    let proven = false
    try {
      const connection = await HttpConnection.open({ ...this.#options, tls }, signal)
      proven = true
      return connection
    } finally {
      pass?.(proven)
    }
  }
}
