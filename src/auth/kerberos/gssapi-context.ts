import { UsageError } from '../../errors/errors.js'
import type { InitiatorOptions, SecurityContext } from '../security-context.js'
import { KerberosError, kerberosError } from './failures.js'
import { GssapiSession } from './gssapi-session.js'
import { GssapiError } from './gssapi-status.js'
import { GSS_C, type Gssapi, type Leg } from './gssapi.js'
import { KerberosCredential } from './kerberos-credential.js'
import type { NativeHandle } from './native-handle.js'
import { serviceName, servicePrincipalName } from './principal.js'

export interface KerberosInitiatorOptions extends InitiatorOptions {
  /** Default: the tickets of the default credential cache. The caller disposes of it. */
  readonly credential?: KerberosCredential | undefined
  /** Hands the service a ticket with which it can act as the user. Default `false`. */
  readonly delegate?: boolean | undefined
  /** The realm of the service. Default: the one that krb5.conf maps its host to, else the one the KDC refers to. */
  readonly targetRealm?: string | undefined
}

/** What every context must have: the server proves itself, messages are encrypted, none is lost, repeated or reordered. */
const REQUIRED =
  GSS_C.MUTUAL_FLAG | GSS_C.REPLAY_FLAG | GSS_C.SEQUENCE_FLAG | GSS_C.CONF_FLAG | GSS_C.INTEG_FLAG

/**
 * The client's side of Kerberos (RFC 4121), by the system's GSSAPI. Two legs: a token goes out, and the service answers with
 * one that proves who it is. See {@link openGssapi} for what must be installed.
 */
export class KerberosInitiator extends GssapiSession implements SecurityContext {
  readonly #options: KerberosInitiatorOptions
  readonly #credential: KerberosCredential
  readonly #service: string
  #started = false

  constructor(options: KerberosInitiatorOptions) {
    super()
    this.#options = { ...options }
    this.#credential = options.credential ?? new KerberosCredential()
    this.#service = servicePrincipalName(options.target)
  }

  protected override async handshake(
    gssapi: Gssapi,
    context: NativeHandle,
    token: Uint8Array | undefined,
  ): Promise<Uint8Array | undefined> {
    if (this.#started !== (token !== undefined)) {
      if (token) throw new UsageError('The first leg of a Kerberos client takes no token.')
      throw new KerberosError('notMutual', `${this.#service} did not prove its identity.`, {
        hint: 'It let the request in without answering the Kerberos token. Something else may have answered in its place.',
      })
    }
    this.#started = true
    const leg = await this.#leg(gssapi, context, token)
    if (this.#options.delegate === true && (leg.flags & GSS_C.DELEG_FLAG) === 0) {
      throw new KerberosError('notDelegated', 'The Kerberos ticket cannot be delegated.', {
        hint: 'Get one that can: kinit -f, or forwardable = true in krb5.conf. The account must not be marked as sensitive.',
      })
    }
    if (!leg.complete) return leg.token
    if ((leg.flags & REQUIRED) !== REQUIRED) {
      throw new KerberosError('notMutual', `${this.#service} does not protect messages as it must.`)
    }
    const principal = await gssapi.initiatorOf(context)
    if (!this.#credential.admits(principal)) {
      throw new KerberosError('wrongPrincipal', `The Kerberos ticket is that of ${principal}.`)
    }
    this.established(principal)
    return leg.token
  }

  async #leg(gssapi: Gssapi, context: NativeHandle, token: Uint8Array | undefined): Promise<Leg> {
    const { target, targetRealm, channelBinding, delegate } = this.#options
    const { text, type } = serviceName(target, targetRealm)
    let name: NativeHandle | undefined
    try {
      const service = (name = await gssapi.importName(text, type))
      const flags = REQUIRED | (delegate === true ? GSS_C.DELEG_FLAG : 0)
      const initiate = (credential?: NativeHandle): Promise<Leg> =>
        gssapi.initiate(context, { credential, target: service, flags, channelBinding, token })
      return await (token === undefined ? this.#credential.use(gssapi, initiate) : initiate())
    } catch (error) {
      throw error instanceof GssapiError ? kerberosError(error, `authenticating to ${this.#service}`) : error
    } finally {
      name?.close()
    }
  }
}
