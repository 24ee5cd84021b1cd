import { UsageError } from '../../errors/errors.js'
import type { SecurityContext } from '../security-context.js'
import { KerberosError, kerberosError } from './failures.js'
import { GssapiSession } from './gssapi-session.js'
import { GssapiError } from './gssapi-status.js'
import { GSS_C, type Gssapi, type Leg } from './gssapi.js'
import type { NativeHandle } from './native-handle.js'

export interface KerberosAcceptorOptions {
  /** Path of the keytab with the keys of the service. Default: the one of krb5.conf, or KRB5_KTNAME. */
  readonly keytab?: string | undefined
  /** Application data of the channel binding; over HTTPS only. */
  readonly channelBinding?: Uint8Array | undefined
  /**
   * What to make of the channel binding, as `service.auth.cbtHardeningLevel` has it: `none` ignores it, `relaxed` (default)
   * refuses a wrong one, `strict` refuses a client that sends none (MIT Kerberos 1.19 tells the difference).
   */
  readonly hardening?: 'none' | 'relaxed' | 'strict' | undefined
}

/** The service's side of Kerberos, by the system's GSSAPI. One leg. */
export class KerberosAcceptor extends GssapiSession implements SecurityContext {
  readonly #options: KerberosAcceptorOptions
  #delegated = false

  constructor(options: KerberosAcceptorOptions = {}) {
    super()
    this.#options = { ...options }
  }

  /** Whether the client handed over a ticket to act in its name. It is not kept. */
  get delegated(): boolean {
    return this.#delegated
  }

  protected override async handshake(
    gssapi: Gssapi,
    context: NativeHandle,
    token: Uint8Array | undefined,
  ): Promise<Uint8Array | undefined> {
    if (token === undefined) throw new UsageError('A Kerberos service waits for a token.')
    const leg = await this.#leg(gssapi, context, token)
    if (!leg.complete) return leg.token
    if (
      this.#options.hardening === 'strict' &&
      this.#options.channelBinding &&
      (leg.flags & GSS_C.CHANNEL_BOUND_FLAG) === 0
    ) {
      throw new KerberosError(
        'channelBinding',
        'The client did not bind its Kerberos token to the TLS connection.',
      )
    }
    this.#delegated = (leg.flags & GSS_C.DELEG_FLAG) !== 0
    this.established(await gssapi.initiatorOf(context))
    return leg.token
  }

  async #leg(gssapi: Gssapi, context: NativeHandle, token: Uint8Array): Promise<Leg> {
    const { keytab, channelBinding, hardening } = this.#options
    let credential: NativeHandle | undefined
    try {
      const keys = (credential = await gssapi.acquire(
        'accept',
        keytab === undefined ? {} : { keytab },
        undefined,
      ))
      const bound = hardening === 'none' ? undefined : channelBinding
      return await gssapi.accept(context, { credential: keys, channelBinding: bound, token })
    } catch (error) {
      if (!(error instanceof GssapiError)) throw error
      throw kerberosError(error, "accepting a client's token", { noTicket: 'noKey' })
    } finally {
      credential?.close()
    }
  }
}
