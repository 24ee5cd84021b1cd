import { FAULT } from '../../errors/fault-codes.js'
import { internalError, invalidSelectors, schemaValidation } from '../faults.js'
import { EndpointFault, type EndpointFaultParts } from '../message.js'

/** What the text-based shell calls itself in the faults it raises (recorded from Windows). */
const CMD_PLUGIN = { name: 'Shell cmd plugin', path: '%systemroot%\\system32\\winrscmd.dll' }

const sender = (message: string, parts: Omit<EndpointFaultParts, 'code'>): EndpointFault =>
  new EndpointFault(message, { code: 'Sender', ...parts })

/** An error of the system that the shell met, a Win32 error or the HRESULT of one. */
const pluginError = (wsmanCode: number, message: string): EndpointFault =>
  new EndpointFault(message, {
    code: 'Receiver',
    subcode: 'w:InternalError',
    wsmanCode,
    provider: CMD_PLUGIN,
  })

export function shellNotFound(shellId: string): EndpointFault {
  return invalidSelectors(
    'UnexpectedSelectors',
    `No shell with the ShellId ${shellId} exists on this service: the id is wrong, or the shell was deleted.`,
  )
}

/** What the other servers of a farm say, which know nothing of the shell. */
export function shellElsewhere(shellId: string): EndpointFault {
  return invalidSelectors(
    'UnexpectedSelectors',
    `The request does not bring back the cookie of the shell ${shellId}, without which it may reach any server of a farm.`,
  )
}

export function commandNotFound(commandId: string): EndpointFault {
  return invalidSelectors(
    'UnexpectedSelectors',
    `The shell has no command with the CommandId ${commandId}: the id is wrong, or the command was terminated.`,
  )
}

export function missingShellId(): EndpointFault {
  return invalidSelectors(
    'InsufficientSelectors',
    'The request names no shell: the selector ShellId is missing.',
  )
}

/** ERROR_INVALID_PARAMETER, in the words and the form that Windows was recorded with. */
export function invalidParameter(): EndpointFault {
  const message = 'The parameter is incorrect. '
  return sender(message, {
    reason: message,
    subcode: 'w:InvalidParameter',
    wsmanCode: 87,
    faultDetail: 'InvalidValue',
    provider: CMD_PLUGIN,
  })
}

/** The body is not what the verb takes (MS-WSMV 3.1.4.1.31.3). */
export function invalidElement(name: string): EndpointFault {
  return schemaValidation(
    `The remote shell cannot take the request: its element ${name} is invalid or out of place.`,
  )
}

/** ERROR_OPERATION_ABORTED: the command or its shell was ended while the request waited. */
export function aborted(): EndpointFault {
  return internalError(
    FAULT.OPERATION_ABORTED,
    'The operation was aborted because its command or shell was ended.',
  )
}

/** ERROR_BUSY: earlier input still waits for the process to read it. */
export function busy(): EndpointFault {
  return pluginError(FAULT.BUSY, 'The input stream is in use: the process has not read earlier input yet.')
}

/** ERROR_DIRECTORY. */
export function invalidDirectory(): EndpointFault {
  return pluginError(0x8007010b, 'The working directory does not exist or is no directory.')
}

/** ERROR_FILENAME_EXCED_RANGE: what Windows answers to a command line that it cannot start a process with. */
export function commandLineTooLong(): EndpointFault {
  return pluginError(0x800700ce, 'The command line is too long.')
}

/** What CreateProcess says where the local system has this error. */
const START_ERRORS: Readonly<Record<string, readonly [code: number, message: string]>> = {
  ENOENT: [0x80070002, 'The program was not found.'],
  EACCES: [0x80070005, 'The program may not be executed.'],
  E2BIG: [0x800700ce, 'The command line and the environment are too long.'],
}

/** The system could not start the program (ERROR_GEN_FAILURE unless it said why). */
export function programNotStarted(error: unknown): EndpointFault {
  const reason = error instanceof Error && 'code' in error ? START_ERRORS[String(error.code)] : undefined
  const [code, message] = reason ?? [0x8007001f, 'The program could not be started.']
  return pluginError(code, message)
}

export function codepageNotSupported(): EndpointFault {
  return internalError(0x80338140, 'The code page that was asked for cannot be set.')
}

export function filteringNotSupported(): EndpointFault {
  return sender('Shells cannot be filtered.', {
    subcode: 'n:FilteringNotSupported',
    wsmanCode: 0x80338018,
  })
}

export function shellFilterExpected(): EndpointFault {
  return sender('Listing commands takes a selector filter that names the ShellId.', {
    subcode: 'n:CannotProcessFilter',
    wsmanCode: 0x803381c0,
  })
}

export function commandReferencesNotSupported(): EndpointFault {
  return sender('Commands have no endpoint references.', {
    subcode: 'w:UnsupportedFeature',
    faultDetail: 'EnumerationMode',
    wsmanCode: 0x803381c1,
  })
}

/**
 * MS-WSMV 3.1.4.5.2.1 and 3.1.4.11 want wsman:QuotaLimit; Windows since 2.0 answers wsman:InternalError with the code
 * of the quota (recorded).
 */
export const quotaExceeded = {
  shells: (limit: number): EndpointFault =>
    internalError(FAULT.QUOTA_MAX_SHELLS, `The user has as many shells as one user may have: ${limit}.`),
  users: (limit: number): EndpointFault =>
    internalError(
      FAULT.QUOTA_MAX_SHELLUSERS,
      `As many users have shells as may have any at the same time: ${limit}.`,
    ),
  commands: (limit: number): EndpointFault =>
    internalError(
      FAULT.QUOTA_MAX_COMMANDS_PER_SHELL_PPQ,
      `The shell runs as many processes as one shell may run: ${limit}.`,
    ),
}

export function shellsNotAllowed(): EndpointFault {
  return internalError(FAULT.REMOTESHELLS_NOT_ALLOWED, 'The service does not accept remote shells.')
}

/** Nothing would be left for output, so none is taken out of the buffer. */
export function envelopeTooSmall(): EndpointFault {
  return sender('The MaxEnvelopeSize of the request leaves no room for output.', {
    subcode: 'w:EncodingLimit',
    faultDetail: 'MaxEnvelopeSizeExceeded',
    wsmanCode: FAULT.MAX_ENVELOPE_SIZE_EXCEEDED,
  })
}
