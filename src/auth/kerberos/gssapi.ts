import type { SealedMessage } from '../security-context.js'
import {
  openGssapi,
  type Argument,
  type BufferDesc,
  type GssapiLibrary,
  type IovDesc,
  type OidDesc,
  type Out,
  type Pointer,
} from './gssapi-library.js'
import { GSS_S, GssapiError, routineError } from './gssapi-status.js'
import { callInThread } from './native-calls.js'
import { NativeHandle } from './native-handle.js'

const KRB5 = oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02)
const NAME_TYPES = {
  /** `service@host`; the library finds the realm. */
  hostBased: oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x01, 0x04),
  /** `name/instance@REALM`, as it stands. */
  principal: oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01),
}
const KRB5_ONLY = { count: 1, elements: KRB5 }

/** RFC 2744 and gssapi_ext.h. */
export const GSS_C = {
  DELEG_FLAG: 0x1,
  MUTUAL_FLAG: 0x2,
  REPLAY_FLAG: 0x4,
  SEQUENCE_FLAG: 0x8,
  CONF_FLAG: 0x10,
  INTEG_FLAG: 0x20,
  /** Set on the acceptor's side when the initiator bound the channel, MIT Kerberos 1.19. */
  CHANNEL_BOUND_FLAG: 0x800,
} as const
const [USAGE_INITIATE, USAGE_ACCEPT] = [1, 2]
const [GSS_CODE, MECH_CODE] = [1, 2]
const IOV = { DATA: 1, HEADER: 2, PADDING: 9, STREAM: 10, ALLOCATE: 0x10000 } as const

/** Names of a credential store: `ccache`, `client_keytab`, `keytab`. */
export type CredentialStore = Readonly<Record<string, string>>

/** What a leg of the handshake came to. */
export interface Leg {
  readonly token: Uint8Array | undefined
  readonly complete: boolean
  /** `GSS_C_*_FLAG`. */
  readonly flags: number
}

/**
 * GSSAPI with the shapes of JavaScript, for the Kerberos mechanism only. What may wait for a KDC or a disk runs in a thread;
 * what only computes runs at once. Every method throws {@link GssapiError}.
 */
export class Gssapi {
  readonly #library: GssapiLibrary

  private constructor(library: GssapiLibrary) {
    this.#library = library
  }

  /** @throws UsageError where the library or koffi is missing */
  static async open(): Promise<Gssapi> {
    return new Gssapi(await openGssapi())
  }

  async importName(text: string, type: keyof typeof NAME_TYPES): Promise<NativeHandle> {
    const { gss_import_name } = this.#library
    return this.#create(this.#nameHandle(), (cell, minor) =>
      callInThread(gss_import_name, minor, bytes(Buffer.from(text)), NAME_TYPES[type], cell),
    )
  }

  /** The principal as text, complete with its realm: `alice@EXAMPLE.COM`. */
  async displayName(name: NativeHandle): Promise<string> {
    const { gss_canonicalize_name, gss_display_name } = this.#library
    const complete = await name.use(([source]) =>
      this.#create(this.#nameHandle(), (cell, minor) => gss_canonicalize_name(minor, source, KRB5, cell)),
    )
    try {
      return await complete.use(([pointer]) =>
        this.#output((output, minor) => gss_display_name(minor, pointer, output, null)).toString(),
      )
    } finally {
      complete.close()
    }
  }

  /** Gets a ticket with a password, and keeps it where nobody else sees it. */
  async acquireWithPassword(user: NativeHandle, password: string): Promise<NativeHandle> {
    const { gss_acquire_cred_with_password } = this.#library
    const secret = Buffer.from(password)
    try {
      return await user.use(([name]) =>
        this.#create(this.#credentialHandle(), (cell, minor) =>
          callInThread(
            gss_acquire_cred_with_password,
            ...[minor, name, bytes(secret), 0, KRB5_ONLY, USAGE_INITIATE, cell, null, null],
          ),
        ),
      )
    } finally {
      secret.fill(0)
    }
  }

  /** Takes the credential of a store; of the default one where the store names none. */
  async acquire(
    side: 'initiate' | 'accept',
    store: CredentialStore,
    user: NativeHandle | undefined,
  ): Promise<NativeHandle> {
    const { gss_acquire_cred_from } = this.#library
    const elements = Object.entries(store).map(([key, value]) => ({ key, value }))
    const storeDesc = elements.length > 0 ? { count: elements.length, elements } : null
    const usage = side === 'initiate' ? USAGE_INITIATE : USAGE_ACCEPT
    const create = (name: Pointer): Promise<NativeHandle> =>
      this.#create(this.#credentialHandle(), (cell, minor) =>
        callInThread(gss_acquire_cred_from, minor, name, 0, KRB5_ONLY, usage, storeDesc, cell, null, null),
      )
    return user === undefined ? create(null) : user.use(([name]) => create(name))
  }

  /** How long a credential is still good for, in milliseconds. */
  lifetimeOf(credential: NativeHandle): Promise<number> {
    const { gss_inquire_cred } = this.#library
    return credential.use(([pointer]) => {
      const [minor, seconds] = [cell(0), cell(0)]
      this.#check(gss_inquire_cred(minor, pointer, null, seconds, null, null), minor)
      return seconds[0] * 1000
    })
  }

  /** An empty context, to be filled by {@link initiate} or {@link accept}. */
  createContext(): NativeHandle {
    const { gss_delete_sec_context } = this.#library
    return new NativeHandle((cell) => gss_delete_sec_context([0], cell, null))
  }

  async initiate(
    context: NativeHandle,
    options: {
      /** For the first leg only. */
      readonly credential: NativeHandle | undefined
      readonly target: NativeHandle
      readonly flags: number
      readonly channelBinding: Uint8Array | undefined
      readonly token: Uint8Array | undefined
    },
  ): Promise<Leg> {
    const { gss_init_sec_context } = this.#library
    const [bindings, input, flags] = [channelBindings(options.channelBinding), bytes(options.token), cell(0)]
    const call = (credential: Pointer): Promise<Leg> =>
      options.target.use(([target]) =>
        context.use((handle) =>
          this.#leg(flags, (output, minor) =>
            callInThread(
              gss_init_sec_context,
              ...[minor, credential, handle, target, KRB5, options.flags, 0, bindings, input],
              ...[null, output, flags, null],
            ),
          ),
        ),
      )
    return options.credential === undefined
      ? call(null)
      : options.credential.use(([pointer]) => call(pointer))
  }

  async accept(
    context: NativeHandle,
    options: {
      readonly credential: NativeHandle
      readonly channelBinding: Uint8Array | undefined
      readonly token: Uint8Array
    },
  ): Promise<Leg> {
    const { gss_accept_sec_context } = this.#library
    const [bindings, input, flags] = [channelBindings(options.channelBinding), bytes(options.token), cell(0)]
    // Delegated tickets are asked for, or the flag would not tell of them, and are not kept.
    const delegated = this.#credentialHandle()
    try {
      return await context.use((handle) =>
        delegated.use((delegatedCell) =>
          options.credential.use(([credential]) =>
            this.#leg(flags, (output, minor) =>
              callInThread(
                gss_accept_sec_context,
                ...[minor, handle, credential, input, bindings],
                ...[null, null, output, flags, null, delegatedCell],
              ),
            ),
          ),
        ),
      )
    } finally {
      delegated.close()
    }
  }

  /** Who initiated a complete context. */
  async initiatorOf(context: NativeHandle): Promise<string> {
    const { gss_inquire_context } = this.#library
    const name = await context.use(([pointer]) =>
      this.#create(this.#nameHandle(), (cell, minor) =>
        gss_inquire_context(minor, pointer, cell, null, null, null, null, null, null),
      ),
    )
    try {
      return await this.displayName(name)
    } finally {
      name.close()
    }
  }

  /** Encrypts a message, in the layout of MS-WSMV 2.2.9.1.1.2.2. */
  wrap(context: NativeHandle, message: Uint8Array): Promise<SealedMessage> {
    const { gss_wrap_iov, gss_release_iov_buffer } = this.#library
    const data = new Uint8Array(message) // encrypted in place
    const iov: IovDesc[] = [
      { type: IOV.HEADER | IOV.ALLOCATE, buffer: bytes() },
      { type: IOV.DATA, buffer: bytes(data) },
      { type: IOV.PADDING | IOV.ALLOCATE, buffer: bytes() },
    ]
    return context.use(([pointer]) => {
      const [minor, encrypted] = [cell(0), cell(0)]
      try {
        this.#check(gss_wrap_iov(minor, pointer, 1, 0, encrypted, iov, iov.length), minor)
        const [signature, , padding] = iov.map(({ buffer }) => buffer)
        if (signature === undefined || encrypted[0] === 0)
          throw new GssapiError('the message was not encrypted', 0, 0)
        const padded = padding?.length ? Buffer.concat([data, this.#library.copy(padding)]) : data
        return { signature: this.#library.copy(signature), data: padded, length: padded.length }
      } finally {
        gss_release_iov_buffer([0], iov, iov.length)
      }
    })
  }

  /** Decrypts a message, wherever its sender divided it. */
  unwrap(
    context: NativeHandle,
    { signature, data }: Pick<SealedMessage, 'signature' | 'data'>,
  ): Promise<{ message: Uint8Array; encrypted: boolean; inSequence: boolean }> {
    const { gss_unwrap_iov } = this.#library
    const token = Buffer.concat([signature, data]) // decrypted in place
    const iov: IovDesc[] = [
      { type: IOV.STREAM, buffer: bytes(token) },
      { type: IOV.DATA, buffer: bytes() },
    ]
    return context.use(([pointer]) => {
      const [minor, encrypted] = [cell(0), cell(0)]
      const major = gss_unwrap_iov(minor, pointer, encrypted, null, iov, iov.length)
      this.#check(major, minor)
      const message = this.#library.copy(iov[1]?.buffer ?? bytes())
      return { message, encrypted: encrypted[0] !== 0, inSequence: major === GSS_S.COMPLETE }
    })
  }

  mic(context: NativeHandle, message: Uint8Array): Promise<Uint8Array> {
    const { gss_get_mic } = this.#library
    return context.use(([pointer]) =>
      this.#output((output, minor) => gss_get_mic(minor, pointer, 0, bytes(message), output)),
    )
  }

  /** @returns whether the message also came in its turn */
  verifyMic(context: NativeHandle, message: Uint8Array, mic: Uint8Array): Promise<boolean> {
    const { gss_verify_mic } = this.#library
    return context.use(([pointer]) => {
      const minor = cell(0)
      const major = gss_verify_mic(minor, pointer, bytes(message), bytes(mic), null)
      this.#check(major, minor)
      return major === GSS_S.COMPLETE
    })
  }

  /** Sees to it that a credential cache in memory, which outlives its credentials, ends with the handle. */
  async ownMemoryCache(name: string): Promise<NativeHandle> {
    const { krb5_init_context, krb5_cc_resolve, krb5_cc_destroy, krb5_free_context } = this.#library
    const owner = new NativeHandle(([context]) => {
      const cache: Out<Pointer> = [null]
      if (krb5_cc_resolve(context, name, cache) === 0) krb5_cc_destroy(context, cache[0])
      krb5_free_context(context)
    })
    await owner.use((context) => krb5_init_context(context))
    return owner
  }

  #credentialHandle(): NativeHandle {
    const { gss_release_cred } = this.#library
    return new NativeHandle((cell) => gss_release_cred([0], cell))
  }

  #nameHandle(): NativeHandle {
    const { gss_release_name } = this.#library
    return new NativeHandle((cell) => gss_release_name([0], cell))
  }

  async #create(
    handle: NativeHandle,
    call: (cell: Out<Pointer>, minor: Out<number>) => number | Promise<number>,
  ): Promise<NativeHandle> {
    const minor = cell(0)
    try {
      this.#check(await handle.use((pointer) => call(pointer, minor)), minor)
      return handle
    } catch (error) {
      handle.close()
      throw error
    }
  }

  async #leg(
    flags: Out<number>,
    call: (output: BufferDesc, minor: Out<number>) => Promise<number>,
  ): Promise<Leg> {
    const [minor, output] = [cell(0), bytes()]
    const major = await call(output, minor)
    const token = this.#take(output)
    this.#check(major, minor)
    return {
      token: token.length > 0 ? token : undefined,
      complete: (major & GSS_S.CONTINUE_NEEDED) === 0,
      flags: flags[0],
    }
  }

  #output(call: (output: BufferDesc, minor: Out<number>) => number): Buffer {
    const [minor, output] = [cell(0), bytes()]
    const major = call(output, minor)
    const result = this.#take(output)
    this.#check(major, minor)
    return result
  }

  /** Copies a buffer that the library made, and gives it back. */
  #take(output: BufferDesc): Buffer {
    const copy = Buffer.from(this.#library.copy(output))
    this.#library.gss_release_buffer([0], output)
    return copy
  }

  #check(major: number, minor: Out<number>): void {
    if (routineError(major) === 0) return
    const texts = minor[0] === 0 ? this.#describe(major, GSS_CODE) : this.#describe(minor[0], MECH_CODE)
    throw new GssapiError(texts.join('; '), major, minor[0] | 0)
  }

  /** The library's words for a status; threads do not share its longer messages, so these are the general ones. */
  #describe(status: number, type: number): string[] {
    const [texts, more]: [string[], Out<number>] = [[], cell(0)]
    do {
      const output = bytes()
      const major = this.#library.gss_display_status([0], status, type, KRB5, more, output)
      if (major !== GSS_S.COMPLETE) break
      texts.push(this.#take(output).toString())
    } while (more[0] !== 0)
    return texts
  }
}

function cell(value: number): Out<number> {
  return [value]
}

function bytes(octets?: Uint8Array): BufferDesc {
  return { length: octets?.length ?? 0, value: octets ?? null }
}

function oid(...octets: number[]): OidDesc {
  return { length: octets.length, elements: Buffer.from(octets) }
}

/** The addresses are left out: RFC 5929 binds to the TLS connection only. */
function channelBindings(applicationData: Uint8Array | undefined): Argument {
  if (applicationData === undefined) return null
  return {
    initiatorAddressType: 0,
    initiatorAddress: bytes(),
    acceptorAddressType: 0,
    acceptorAddress: bytes(),
    applicationData: bytes(applicationData),
  }
}
