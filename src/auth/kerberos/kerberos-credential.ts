import { randomUUID } from 'node:crypto'
import { UsageError } from '../../errors/errors.js'
import { KerberosError, kerberosError } from './failures.js'
import { GssapiError } from './gssapi-status.js'
import { Gssapi, type CredentialStore } from './gssapi.js'
import type { NativeHandle } from './native-handle.js'
import { realmOf, userPrincipal, type UserPrincipal } from './principal.js'

/** Where the tickets come from. With nothing given: the default credential cache, as `kinit` fills it. */
export interface KerberosCredentialOptions {
  /** `user@REALM`, `DOMAIN\user` or `user`. With a cache: only tickets of this user are taken. */
  readonly username?: string | undefined
  /** Gets tickets of its own, which no other program sees; needs `username`. */
  readonly password?: string | undefined
  /** Path of a keytab that gets the tickets, those of `username`, else of its first principal. */
  readonly keytab?: string | undefined
  /** Name of a credential cache: a path, `FILE:/path`, `MEMORY:name`, `KCM:`… With `keytab`: where its tickets are kept. */
  readonly ccache?: string | undefined
  /** The realm of `username`. Default: the one in `username`, else the default realm of krb5.conf. */
  readonly realm?: string | undefined
}

/** A ticket is got anew when fewer milliseconds of it are left. */
const MIN_LIFETIME_MS = 60_000

/** Tickets of one user, shared by the contexts of all connections that authenticate as this user. */
export class KerberosCredential {
  readonly #options: KerberosCredentialOptions
  readonly #user: UserPrincipal | undefined
  /** Where a keytab's tickets are kept when the caller names no cache. */
  readonly #privateCache = `MEMORY:wsman-${randomUUID()}`
  #cacheOwner: NativeHandle | undefined
  #ticket: { readonly handle: NativeHandle; readonly renewAt: number } | undefined
  #renewal: Promise<NativeHandle> | undefined
  #refusal: KerberosError | undefined
  #disposed = false

  /** @throws UsageError for options that contradict each other, or a user name that Kerberos cannot know */
  constructor(options: KerberosCredentialOptions = {}) {
    const { username, password, keytab, ccache, realm } = options
    if (password !== undefined && username === undefined) {
      throw new UsageError('A Kerberos password needs a username.')
    }
    if (password !== undefined && (keytab !== undefined || ccache !== undefined)) {
      throw new UsageError(
        'Give Kerberos either a password, or a keytab or ccache: one cannot know which is meant.',
      )
    }
    this.#options = { ...options }
    this.#user = username === undefined ? undefined : userPrincipal(username, realm)
  }

  /**
   * Lends the credential to a call. Tickets got with a password or keytab serve all calls until they are about to end; what
   * the KDC refused is not sent again. Tickets that others get, as kinit does, are looked up each time.
   * @throws KerberosError when there is no ticket to be had
   */
  async use<T>(gssapi: Gssapi, call: (credential: NativeHandle) => Promise<T>): Promise<T> {
    if (this.#disposed)
      throw new UsageError('The Kerberos credential was disposed of.', { code: 'ERR_WSMAN_CLOSED' })
    const { password, keytab } = this.#options
    if (password !== undefined || keytab !== undefined) {
      const ticket = await this.#ownTicket(gssapi)
      return ticket.use(() => call(ticket))
    }
    const credential = await this.#lookUp(gssapi)
    try {
      return await call(credential)
    } finally {
      credential.close()
    }
  }

  /** Whether `principal` is the user that was asked for, in whatever case: a Windows KDC may answer in another. */
  admits(principal: string): boolean {
    const asked = this.#user?.name
    if (asked === undefined) return true
    const own = asked.includes('@') ? principal : principal.slice(0, principal.lastIndexOf('@'))
    return own.toLowerCase() === asked.toLowerCase()
  }

  dispose(): void {
    this.#disposed = true
    this.#ticket?.handle.close()
    this.#ticket = undefined
    this.#cacheOwner?.close()
    this.#cacheOwner = undefined
  }

  #ownTicket(gssapi: Gssapi): NativeHandle | Promise<NativeHandle> {
    if (this.#refusal) throw refusedBefore(this.#refusal)
    if (this.#ticket && Date.now() < this.#ticket.renewAt) return this.#ticket.handle
    return (this.#renewal ??= this.#renew(gssapi).finally(() => (this.#renewal = undefined)))
  }

  async #renew(gssapi: Gssapi): Promise<NativeHandle> {
    try {
      this.#cacheOwner ??= await gssapi.ownMemoryCache(this.#privateCache)
      const handle = await this.#lookUp(gssapi)
      const lifetimeMs = await gssapi.lifetimeOf(handle)
      this.#ticket?.handle.close() // for who uses it now, it lives on
      this.#ticket = { handle, renewAt: Date.now() + lifetimeMs - MIN_LIFETIME_MS }
      if (this.#disposed) this.dispose()
      return handle
    } catch (error) {
      if (error instanceof KerberosError && error.failure === 'wrongPassword') this.#refusal = error
      throw error
    }
  }

  async #lookUp(gssapi: Gssapi): Promise<NativeHandle> {
    const { password, keytab } = this.#options
    const whose = this.#user ? ` for ${this.#user.name}` : ''
    let user: NativeHandle | undefined
    try {
      user = this.#user && (await importUser(gssapi, this.#user))
      if (password !== undefined && user) return await gssapi.acquireWithPassword(user, password)
      return await gssapi.acquire('initiate', this.#store(), user)
    } catch (error) {
      if (!(error instanceof GssapiError)) throw error
      const how = password !== undefined ? ' with a password' : keytab !== undefined ? ' with a keytab' : ''
      throw kerberosError(error, `getting a ticket${whose}${how}`, {
        wrongServiceKey: 'wrongPassword',
        ...(keytab !== undefined && { noTicket: 'noKey' as const }),
      })
    } finally {
      user?.close()
    }
  }

  #store(): CredentialStore {
    const { keytab, ccache } = this.#options
    if (keytab !== undefined) return { client_keytab: keytab, ccache: ccache ?? this.#privateCache }
    return ccache === undefined ? {} : { ccache }
  }
}

/** @throws UsageError when the default realm is not that of the NetBIOS domain: the password would go to a stranger */
async function importUser(gssapi: Gssapi, { name, domain }: UserPrincipal): Promise<NativeHandle> {
  const handle = await gssapi.importName(name, 'principal')
  if (domain === undefined) return handle
  const realm = realmOf(await gssapi.displayName(handle))
  if (realm.split('.')[0]?.toLowerCase() === domain.toLowerCase()) return handle
  handle.close()
  throw new UsageError(`It is not known which Kerberos realm the domain ${domain} is.`, {
    hint: `Give the realm: auth: { realm: '${domain.toUpperCase()}.EXAMPLE.COM' }, or write the user as user@EXAMPLE.COM. The default realm here is ${realm}.`,
  })
}

function refusedBefore({ failure, message, hint, cause }: KerberosError): KerberosError {
  return new KerberosError(failure, message, { ...(hint !== undefined && { hint }), cause })
}
