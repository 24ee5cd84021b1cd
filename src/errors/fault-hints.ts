import { FAULT, faultByCode, win32Code } from './fault-codes.js'
import type { FaultParts } from './fault.js'

const OPERATION_QUOTA =
  'The account has as many operations under way as it may. Run fewer at a time, use a new shell, or raise the limit: ' +
  'winrm set winrm/config/service @{MaxConcurrentOperationsPerUser="1500"}.'
const SHELL_QUOTA =
  'The account has as many shells open as it may. Close some, wait until idle ones expire, or raise the limit: ' +
  'winrm set winrm/config/winrs @{MaxShellsPerUser="30"}.'
const USER_QUOTA =
  'As many accounts as may have shells open. Wait, or raise the limit: winrm set winrm/config/winrs @{MaxConcurrentUsers="10"}.'
const NEEDS_NAME =
  'Kerberos, and Negotiate with the default credential, go by names: connect by the name of the host instead of its address.'

/** What to do about the faults people meet, by code; the others get the description of their code. */
export const FAULT_HINTS: ReadonlyMap<number, string> = new Map([
  [
    FAULT.ACCESS_DENIED,
    'The account was recognised and may not do this. It needs to be a local administrator or a member of Remote Management Users; ' +
      'local accounts other than the built-in administrator are filtered unless LocalAccountTokenFilterPolicy is 1: on the host, ' +
      String.raw`reg add HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System /v LocalAccountTokenFilterPolicy /t REG_DWORD /d 1 /f`,
  ],
  [FAULT.QUOTA_MAX_SHELLS, SHELL_QUOTA],
  [FAULT.QUOTA_MAX_SHELLS_PPQ, SHELL_QUOTA],
  [FAULT.QUOTA_MAX_PLUGINSHELLS_PPQ, SHELL_QUOTA],
  [FAULT.QUOTA_MAX_OPERATIONS, OPERATION_QUOTA],
  [FAULT.QUOTA_MAX_OPERATIONS_USER_PPQ, OPERATION_QUOTA],
  [FAULT.QUOTA_MAX_PLUGINOPERATIONS_PPQ, OPERATION_QUOTA],
  [FAULT.QUOTA_MAX_SHELLUSERS, USER_QUOTA],
  [FAULT.QUOTA_MAX_USERS_PPQ, USER_QUOTA],
  [
    FAULT.QUOTA_MAX_COMMANDS_PER_SHELL_PPQ,
    'The shell runs as many commands as it may. Let some end, or use another shell.',
  ],
  [
    FAULT.QUOTA_USER,
    'The account has sent more requests than the service takes from it in this time. Wait, and send fewer at a time (createLimiter).',
  ],
  [
    FAULT.QUOTA_SYSTEM,
    'The service has more requests than it takes in this time, whoever sends them. Wait, and send fewer at a time (createLimiter).',
  ],
  [
    FAULT.QUOTA_MIN_REQUIREMENT_NOT_AVAILABLE_PPQ,
    'The service has not enough memory or processes left for this account. Wait, or close shells.',
  ],
  [
    FAULT.QUOTA_LIMIT,
    'A quota of the service is used up. Wait, and send fewer requests at a time (createLimiter).',
  ],
  [FAULT.BUSY, 'The service is busy with something else of this kind. Wait, and send one after the other.'],
  [
    FAULT.REMOTESHELLS_NOT_ALLOWED,
    'Shells are switched off on the host: winrm set winrm/config/winrs @{AllowRemoteShellAccess="true"}.',
  ],
  [
    FAULT.ENUMERATE_INVALID_ENUMERATION_CONTEXT,
    'The enumeration was not continued in time (EnumerationTimeoutms of the service) and is gone. Start it again, and take items faster or in larger pages.',
  ],
  [
    FAULT.UNEXPECTED_SELECTORS,
    'The shell or command is no longer there: it was deleted, or was idle for too long.',
  ],
  [
    FAULT.ENVELOPE_TOO_LARGE,
    'The answer does not fit: raise maxEnvelopeSizeKb, ask for fewer properties, or take fewer items at a time with maxElements.',
  ],
  [
    FAULT.FILENAME_EXCED_RANGE,
    'A path or command line is longer than Windows accepts. cmd takes command lines of at most 8191 characters: hand long text over through `input`, or use runPowerShell.',
  ],
  [FAULT.CONFIG_CANNOT_CHANGE_GPO_CONTROLLED_SETTING, 'Group Policy holds this setting: change it there.'],
  [
    FAULT.CLIENT_UNENCRYPTED_DISABLED,
    'The host takes no unencrypted messages: use https, or a scheme that encrypts.',
  ],
  [
    FAULT.CLIENT_UNENCRYPTED_HTTP_ONLY,
    'Unencrypted messages are for HTTP only: leave them out, or use http with a host that allows them.',
  ],
  [FAULT.KERBEROS_IPADDRESS, NEEDS_NAME],
  [FAULT.DEFAULTAUTH_IPADDRESS, NEEDS_NAME],
  [
    FAULT.OPERATION_TIMEDOUT,
    'The service was not done within operationTimeoutMs. Ask for more time, which MaxTimeoutms of the service bounds: winrm set winrm/config @{MaxTimeoutms="60000"}.',
  ],
  [
    FAULT.TIME_SKEW,
    'The clocks of client, host and domain controller must agree within five minutes: synchronise them (w32tm /resync, chronyc makestep).',
  ],
])

/** The code Windows sends with a subcode: services that send no code mean the same (DSP0226 14.6). */
const CODE_OF_SUBCODE: ReadonlyMap<string, number> = new Map([
  ['AccessDenied', FAULT.ACCESS_DENIED],
  ['ActionNotSupported', 0x80338013],
  ['DestinationUnreachable', 0x80338000],
  ['InvalidEnumerationContext', FAULT.ENUMERATE_INVALID_ENUMERATION_CONTEXT],
  ['InvalidParameter', 87],
  ['InvalidSelectors', 0x8033803d],
  ['QuotaLimit', FAULT.QUOTA_LIMIT],
  ['SchemaValidationError', FAULT.SCHEMA_VALIDATION_ERROR],
  ['TimedOut', FAULT.OPERATION_TIMEDOUT],
])

/** @returns what to change and where; undefined where nothing is known about the fault */
export function faultHint(fault: FaultParts): string | undefined {
  const code = fault.wsmanCode ?? CODE_OF_SUBCODE.get(fault.subcode ?? '')
  if (code === undefined) return hintOfSoapCode(fault)
  return FAULT_HINTS.get(win32Code(code) ?? code) ?? faultByCode(code)?.description
}

/** SOAP 1.2 part 1, 5.4.6. */
function hintOfSoapCode({ faultCode, notUnderstood = [] }: FaultParts): string | undefined {
  if (faultCode === 'VersionMismatch') {
    return 'The peer does not speak SOAP 1.2, so it is no WS-Management service: check host, port and urlPrefix.'
  }
  if (faultCode !== 'MustUnderstand') return undefined
  const headers = notUnderstood.length > 0 ? notUnderstood.join(', ') : 'a header'
  return (
    `The service does not know ${headers}, which the request insists on. Services other than Windows need ` +
    "compatibility: 'dmtf', and know no resources or options of Windows."
  )
}
