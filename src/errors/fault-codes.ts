import { FAULTS_80338000 } from './fault-codes-data-80338000.js'
import { FAULTS_80338100 } from './fault-codes-data-80338100.js'
import { FAULTS_WINDOWS } from './fault-codes-data-windows.js'

/** A numeric code that a fault of the service can carry, explained. */
export interface FaultCode {
  /** The code as it travels, unsigned: `Code` of WSManFault or `error_Code` of MSFT_WmiError (MS-WSMV 2.2.4.43). */
  readonly code: number
  /** The symbolic name: `ERROR_WSMAN_QUOTA_MAX_SHELLS`, `ERROR_ACCESS_DENIED`, `WBEM_E_INVALID_CLASS`, … */
  readonly name: string
  /** One sentence for an administrator: what went wrong and, where it helps, what to do. */
  readonly description: string
}

/**
 * The codes that decide what this package does next; keys are the names in the table without `ERROR_WSMAN_` or
 * `ERROR_`. Compare with {@link matchesFault}, because services send Win32 errors plain (5) and as HRESULTs
 * (0x80070005).
 */
export const FAULT = {
  /** For Receive and Pull: nothing yet, ask again. */
  OPERATION_TIMEDOUT: 0x80338029,
  /** A shell or command that is already gone. */
  UNEXPECTED_SELECTORS: 0x8033805b,
  ENUMERATE_INVALID_ENUMERATION_CONTEXT: 0x8033801b,
  /** The enumeration is still valid: pull again. */
  ENUMERATE_TIMED_OUT: 0x8033801c,
  ENVELOPE_TOO_LARGE: 0x80338026,
  MAX_ENVELOPE_SIZE: 0x80338047,
  MAX_ENVELOPE_SIZE_EXCEEDED: 0x80338048,
  SCHEMA_VALIDATION_ERROR: 0x80338041,
  QUOTA_LIMIT: 0x8033803f,
  QUOTA_MAX_SHELLS: 0x803381a5,
  QUOTA_MAX_OPERATIONS: 0x803381a6,
  QUOTA_USER: 0x803381a7,
  QUOTA_SYSTEM: 0x803381a8,
  QUOTA_MAX_SHELLUSERS: 0x803381ab,
  QUOTA_MAX_SHELLS_PPQ: 0x803381e4,
  QUOTA_MAX_USERS_PPQ: 0x803381e5,
  QUOTA_MAX_PLUGINSHELLS_PPQ: 0x803381e6,
  QUOTA_MAX_PLUGINOPERATIONS_PPQ: 0x803381e7,
  QUOTA_MAX_OPERATIONS_USER_PPQ: 0x803381e8,
  QUOTA_MAX_COMMANDS_PER_SHELL_PPQ: 0x803381e9,
  QUOTA_MIN_REQUIREMENT_NOT_AVAILABLE_PPQ: 0x803381ea,
  CONFIG_CANNOT_CHANGE_GPO_CONTROLLED_SETTING: 0x8033808a,
  DEPRECATED_CONFIG_SETTING: 0x803381ae,
  CONFIG_READONLY_PROPERTY: 0x8033813f,
  LISTENER_ADDRESS_INVALID: 0x80338089,
  PROVIDER_LOAD_FAILED: 0x8033809a,
  INVALID_CONFIGSDDL_URL: 0x803381bf,
  CERTMAPPING_INVALIDUSERCREDENTIALS: 0x80338154,
  CERTMAPPING_INVALIDSUBJECTKEY: 0x80338161,
  CERTMAPPING_INVALIDISSUERKEY: 0x80338162,
  CERTMAPPING_PASSWORDTOOLONG: 0x8033816a,
  CERTMAPPING_PASSWORDBLANK: 0x8033816b,
  CERTMAPPING_PASSWORDUSERTUPLE: 0x8033816c,
  CONFIG_CANNOT_CHANGE_CERTMAPPING_KEYS: 0x80338172,
  CONFIG_CERT_CN_DOES_NOT_MATCH_HOSTNAME: 0x803380e9,
  CONFIG_THUMBPRINT_SHOULD_BE_EMPTY: 0x803380eb,
  QUICK_CONFIG_FAILED_CERT_REQUIRED: 0x80338115,
  REMOTESHELLS_NOT_ALLOWED: 0x803381ac,
  CLIENT_UNENCRYPTED_HTTP_ONLY: 0x803380d7,
  CLIENT_UNENCRYPTED_DISABLED: 0x803380de,
  KERBEROS_IPADDRESS: 0x8033810b,
  DEFAULTAUTH_IPADDRESS: 0x803381bb,
  REDIRECT_REQUESTED: 0x80338199,
  ACCESS_DENIED: 5,
  BUSY: 170,
  FILENAME_EXCED_RANGE: 206,
  OPERATION_ABORTED: 995,
  TIME_SKEW: 1398,
  TIMEOUT: 1460,
  /** As it is seen on the wire; the Win32 code is 1018. */
  KEY_DELETED: 0x800703fa,
} as const

/** HRESULTs of facility Win32 are this plus the Win32 code: MS-ERREF 2.1. */
const HRESULT_FROM_WIN32 = 0x80070000

interface Tables {
  readonly byCode: ReadonlyMap<number, FaultCode>
  readonly byName: ReadonlyMap<string, FaultCode>
}

// Parsed at first use: most programs never meet a fault.
let tables: Tables | undefined

function parseTables(): Tables {
  const byCode = new Map<number, FaultCode>()
  const byName = new Map<string, FaultCode>()
  for (const line of (FAULTS_80338000 + FAULTS_80338100 + FAULTS_WINDOWS).split('\n')) {
    const [hex, name, description] = line.split('|')
    if (hex === undefined || name === undefined || description === undefined) continue
    const fault = { code: parseInt(hex, 16), name, description }
    byCode.set(fault.code, fault)
    byName.set(name, fault)
  }
  return { byCode, byName }
}

/** Event logs and some messages print HRESULTs as signed numbers. */
function unsigned(code: number): number {
  return code < 0 && code >= -0x80000000 ? code + 0x100000000 : code
}

/**
 * Explains a numeric fault code. HRESULTs that wrap a Win32 error have that error's name and description.
 * @param code unsigned or signed
 * @returns `undefined` for a code the package does not know
 */
export function faultByCode(code: number): FaultCode | undefined {
  tables ??= parseTables()
  const value = unsigned(code)
  const fault = tables.byCode.get(value)
  if (fault !== undefined) return fault
  const win32 = tables.byCode.get(win32Code(value) ?? value)
  return win32 && { ...win32, code: value }
}

/** Looks a fault up by its full symbolic name. A Win32 error is returned with its plain code. */
export function faultByName(name: string): FaultCode | undefined {
  tables ??= parseTables()
  return tables.byName.get(name)
}

/** The Win32 code behind `code`, given plain (up to 65535) or as an HRESULT 0x8007xxxx; `undefined` for others. */
export function win32Code(code: number): number | undefined {
  const value = unsigned(code)
  const win32 = value >= HRESULT_FROM_WIN32 ? value - HRESULT_FROM_WIN32 : value
  return Number.isInteger(win32) && win32 >= 0 && win32 <= 0xffff ? win32 : undefined
}

/** Whether `code` is one of `expected`; a Win32 error and the HRESULT that wraps it count as the same. */
export function matchesFault(code: number | undefined, ...expected: readonly number[]): boolean {
  if (code === undefined) return false
  const canonical = (value: number) => win32Code(value) ?? unsigned(value)
  return expected.some((candidate) => canonical(candidate) === canonical(code))
}
