import type koffi from 'koffi'
import type { KoffiFunc, LibraryHandle, TypeObject } from 'koffi'
import { UsageError } from '../../errors/errors.js'

type Koffi = typeof koffi
type Type = string | TypeObject | ReturnType<Koffi['out']>

/** A pointer as koffi shows it. */
export type Pointer = bigint | null
/** Where C writes a result: an array of one. */
export type Out<T> = [T]

/** `gss_buffer_desc`. In an argument `value` is the octets themselves; in a result, their address. */
export interface BufferDesc {
  length: number
  value: Uint8Array | Pointer
}

/** `gss_OID_desc`. */
export interface OidDesc {
  readonly length: number
  readonly elements: Uint8Array
}

/** `gss_iov_buffer_desc`. */
export interface IovDesc {
  type: number
  buffer: BufferDesc
}

/** What may stand in the place of an argument; koffi checks it against the declaration. */
export type Argument =
  | number
  | string
  | Pointer
  | Out<number>
  | Out<Pointer>
  | BufferDesc
  | OidDesc
  | IovDesc[]
  | Readonly<Record<string, unknown>>

/** A function of C that returns a status. */
export type NativeFunction = KoffiFunc<(...args: Argument[]) => number>

/** The library with its functions declared, under their names in C. */
export type GssapiLibrary = Readonly<Record<FunctionName, NativeFunction>> & {
  /** Copies octets that C owns. */
  copy(buffer: BufferDesc): Uint8Array
}

type FunctionName =
  | 'gss_display_status'
  | 'gss_release_buffer'
  | 'gss_import_name'
  | 'gss_canonicalize_name'
  | 'gss_display_name'
  | 'gss_release_name'
  | 'gss_acquire_cred_from'
  | 'gss_acquire_cred_with_password'
  | 'gss_inquire_cred'
  | 'gss_release_cred'
  | 'gss_init_sec_context'
  | 'gss_accept_sec_context'
  | 'gss_inquire_context'
  | 'gss_delete_sec_context'
  | 'gss_wrap_iov'
  | 'gss_unwrap_iov'
  | 'gss_release_iov_buffer'
  | 'gss_get_mic'
  | 'gss_verify_mic'
  | 'krb5_init_context'
  | 'krb5_free_context'
  | 'krb5_cc_resolve'
  | 'krb5_cc_destroy'

/** RFC 2744, MIT Kerberos' gssapi_ext.h, and the two steps in krb5.h that end a credential cache. */
function signatures({ pointer, out, inout, struct }: Koffi): Readonly<Record<FunctionName, readonly Type[]>> {
  // On macOS MIT's gssapi.h, though not gssapi_ext.h, aligns members to two octets.
  const packed = (members: Record<string, Type>) =>
    process.platform === 'darwin'
      ? struct(Object.fromEntries(Object.entries(members).map(([name, type]) => [name, [2, type]])))
      : struct(members)
  // Types have no names, because koffi keeps names for the whole process and the package may be loaded twice in it,
  // as an ES module and as CommonJS.
  const buffer = packed({ length: 'size_t', value: 'void *' })
  const oid = pointer(packed({ length: 'uint32_t', elements: 'void *' }))
  const oidSet = pointer(packed({ count: 'size_t', elements: oid }))
  const store = pointer(
    struct({ count: 'uint32_t', elements: pointer(struct({ key: 'str', value: 'str' })) }),
  )
  const bindings = pointer(
    packed({
      initiatorAddressType: 'uint32_t',
      initiatorAddress: buffer,
      acceptorAddressType: 'uint32_t',
      acceptorAddress: buffer,
      applicationData: buffer,
    }),
  )
  const iov = pointer(struct({ type: 'uint32_t', buffer }))

  const handle = 'void *'
  const input = pointer(buffer)
  const output = out(pointer(buffer))
  const number = 'uint32_t'
  const numberOut = out(pointer(number))
  const handleOut = out(pointer(handle))
  const handleInOut = inout(pointer(handle))
  const minor = numberOut
  return {
    gss_display_status: [minor, number, 'int', oid, inout(pointer(number)), output],
    gss_release_buffer: [minor, inout(pointer(buffer))],
    gss_import_name: [minor, input, oid, handleOut],
    gss_canonicalize_name: [minor, handle, oid, handleOut],
    gss_display_name: [minor, handle, output, handleOut],
    gss_release_name: [minor, handleInOut],
    gss_acquire_cred_from: [minor, handle, number, oidSet, 'int', store, handleOut, handleOut, numberOut],
    gss_acquire_cred_with_password: [
      ...[minor, handle, input, number, oidSet, 'int', handleOut, handleOut, numberOut],
    ],
    gss_inquire_cred: [minor, handle, handleOut, numberOut, numberOut, handleOut],
    gss_release_cred: [minor, handleInOut],
    gss_init_sec_context: [
      ...[minor, handle, handleInOut, handle, oid, number, number, bindings, input],
      ...[handleOut, output, numberOut, numberOut],
    ],
    gss_accept_sec_context: [
      ...[minor, handleInOut, handle, input, bindings],
      ...[handleOut, handleOut, output, numberOut, numberOut, handleOut],
    ],
    gss_inquire_context: [
      ...[minor, handle, handleOut, handleOut, numberOut, handleOut, numberOut, numberOut, numberOut],
    ],
    gss_delete_sec_context: [minor, handleInOut, output],
    gss_wrap_iov: [minor, handle, 'int', number, numberOut, inout(iov), 'int'],
    gss_unwrap_iov: [minor, handle, numberOut, numberOut, inout(iov), 'int'],
    gss_release_iov_buffer: [minor, inout(iov), 'int'],
    gss_get_mic: [minor, handle, number, input, output],
    gss_verify_mic: [minor, handle, input, input, numberOut],
    krb5_init_context: [handleOut],
    krb5_free_context: [handle],
    krb5_cc_resolve: [handle, 'str', handleOut],
    krb5_cc_destroy: [handle, handle],
  }
}

/** Where MIT Kerberos lies. Apple's own library lays its structures out in another way and is not used. */
const LIBRARY_FILES: readonly string[] =
  process.platform === 'darwin'
    ? [
        '/opt/homebrew/opt/krb5/lib/libgssapi_krb5.dylib',
        '/usr/local/opt/krb5/lib/libgssapi_krb5.dylib',
        '/opt/local/lib/libgssapi_krb5.dylib',
      ]
    : ['libgssapi_krb5.so.2', 'libgssapi_krb5.so']

const INSTALL_LIBRARY =
  process.platform === 'darwin'
    ? 'Install MIT Kerberos: brew install krb5.'
    : "Install MIT Kerberos' runtime library: libgssapi-krb5-2 on Debian and Ubuntu, krb5-libs on RHEL, Fedora and Alpine."

let opening: Promise<GssapiLibrary> | undefined

/**
 * Opens the system's GSSAPI (MIT Kerberos) through the npm package `koffi`, at the first call. Linux is tested; macOS, with
 * MIT Kerberos of Homebrew or MacPorts, is not.
 * @throws UsageError (`ERR_WSMAN_UNSUPPORTED`) that says what to install
 */
export function openGssapi(): Promise<GssapiLibrary> {
  return (opening ??= open().catch((error: unknown) => {
    opening = undefined // what is missing may be installed meanwhile
    throw error
  }))
}

async function open(): Promise<GssapiLibrary> {
  const koffi = await importKoffi()
  const library = load(koffi)
  const declare = (name: string, types: readonly Type[]): NativeFunction =>
    library.func(name, 'uint32_t', [...types])
  try {
    const functions = Object.entries(signatures(koffi)).map(([name, types]) => [name, declare(name, types)])
    return {
      ...(Object.fromEntries(functions) as Record<FunctionName, NativeFunction>),
      copy: ({ length, value }) =>
        value === null ? new Uint8Array() : (koffi.decode(value, 'uint8_t', length) as Uint8Array),
    }
  } catch (cause) {
    throw unavailable('The GSSAPI library of this system is too old for Kerberos.', INSTALL_LIBRARY, cause)
  }
}

async function importKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default
  } catch (cause) {
    throw unavailable(
      'Kerberos needs the npm package koffi, which is not installed or does not support this platform.',
      'Run: npm install koffi',
      cause,
    )
  }
}

function load(koffi: Koffi): LibraryHandle {
  let cause: unknown
  for (const file of LIBRARY_FILES) {
    try {
      return koffi.load(file)
    } catch (error) {
      cause = error
    }
  }
  throw unavailable('This system has no GSSAPI library.', INSTALL_LIBRARY, cause)
}

function unavailable(message: string, hint: string, cause: unknown): UsageError {
  return new UsageError(message, { code: 'ERR_WSMAN_UNSUPPORTED', hint, cause })
}
