import { EndpointFault, type EndpointFaultParts } from '../message.js'

/** What the text-based shell calls itself in the faults it raises (recorded from Windows). */
const CMD_PLUGIN = { name: 'Shell cmd plugin', path: '%systemroot%\\system32\\winrscmd.dll' }

const sender = (message: string, parts: Omit<EndpointFaultParts, 'code'>): EndpointFault =>
  new EndpointFault(message, { code: 'Sender', ...parts })

/** The form in which WinRM reports what it has no subcode of its own for, Win32 errors and quotas among them. */
const internal = (
  message: string,
  wsmanCode: number,
  provider?: EndpointFaultParts['provider'],
): EndpointFault =>
  new EndpointFault(message, {
    code: 'Receiver',
    subcode: 'w:InternalError',
    wsmanCode,
    ...(provider ? { provider } : {}),
  })

const unexpectedSelectors = (message: string): EndpointFault =>
  sender(message, {
    subcode: 'w:InvalidSelectors',
    wsmanCode: 2150858843,
    faultDetail: 'UnexpectedSelectors',
  })

export function shellNotFound(shellId: string): EndpointFault {
  return unexpectedSelectors(
    `No shell with the ShellId ${shellId} exists on this service: the id is wrong, or the shell was deleted.`,
  )
}

export function commandNotFound(commandId: string): EndpointFault {
  return unexpectedSelectors(
    `The shell has no command with the CommandId ${commandId}: the id is wrong, or the command was terminated.`,
  )
}

export function missingShellId(): EndpointFault {
  return sender('The request names no shell: the selector ShellId is missing.', {
    subcode: 'w:InvalidSelectors',
    wsmanCode: 2150858842,
    faultDetail: 'InsufficientSelectors',
  })
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
  return sender(`The remote shell cannot take the request: its element ${name} is invalid or out of place.`, {
    subcode: 'w:SchemaValidationError',
    wsmanCode: 2150858817,
  })
}

/** MS-WSMV 3.1.4.14: nothing happened within the time the client gave; it may ask again. */
export function timedOut(): EndpointFault {
  return new EndpointFault('The operation did not complete within its OperationTimeout.', {
    code: 'Receiver',
    subcode: 'w:TimedOut',
    wsmanCode: 2150858793,
  })
}

/** ERROR_OPERATION_ABORTED: the command or its shell was ended while the request waited. */
export function aborted(): EndpointFault {
  return internal('The operation was aborted because its command or shell was ended.', 995)
}

/** ERROR_BUSY: earlier input still waits for the process to read it. */
export function busy(): EndpointFault {
  return internal('The input stream is in use: the process has not read earlier input yet.', 170, CMD_PLUGIN)
}

/** ERROR_DIRECTORY as an HRESULT. */
export function invalidDirectory(): EndpointFault {
  return internal('The working directory does not exist or is no directory.', 2147942667, CMD_PLUGIN)
}

/** ERROR_FILENAME_EXCED_RANGE as an HRESULT: what Windows answers to a command line it cannot start a process with. */
export function commandLineTooLong(): EndpointFault {
  return internal('The command line is too long.', 2147942606, CMD_PLUGIN)
}

/** What CreateProcess says, as an HRESULT, where the local system has this error. */
const START_ERRORS: Readonly<Record<string, readonly [code: number, message: string]>> = {
  ENOENT: [0x80070002, 'The program was not found.'],
  EACCES: [0x80070005, 'The program may not be executed.'],
  E2BIG: [0x800700ce, 'The command line and the environment are too long.'],
}

/** The system could not start the program (ERROR_GEN_FAILURE unless it said why). */
export function programNotStarted(error: unknown): EndpointFault {
  const reason = error instanceof Error && 'code' in error ? START_ERRORS[String(error.code)] : undefined
  const [code, message] = reason ?? [0x8007001f, 'The program could not be started.']
  return internal(message, code, CMD_PLUGIN)
}

export function codepageNotSupported(): EndpointFault {
  return internal('The code page that was asked for cannot be set.', 2150859072)
}

export function unknownResource(resourceUri: string): EndpointFault {
  return sender(`This service has no resource ${resourceUri}.`, {
    subcode: 'a:DestinationUnreachable',
    wsmanCode: 2150858752,
    faultDetail: 'InvalidResourceURI',
  })
}

export function actionNotSupported(action: string): EndpointFault {
  return sender(`The resource does not support the action ${action}.`, {
    subcode: 'a:ActionNotSupported',
    wsmanCode: 2150858771,
  })
}

export function filteringNotSupported(): EndpointFault {
  return sender('Shells cannot be filtered.', {
    subcode: 'n:FilteringNotSupported',
    wsmanCode: 2150858776,
  })
}

export function shellFilterExpected(): EndpointFault {
  return sender('Listing commands takes a selector filter that names the ShellId.', {
    subcode: 'n:CannotProcessFilter',
    wsmanCode: 2150859200,
  })
}

export function commandReferencesNotSupported(): EndpointFault {
  return sender('Commands have no endpoint references.', {
    subcode: 'w:UnsupportedFeature',
    wsmanCode: 2150859201,
    faultDetail: 'EnumerationMode',
  })
}

export function invalidEnumerationContext(): EndpointFault {
  return new EndpointFault(
    'The enumeration context is unknown: the enumeration ended, was released or expired.',
    {
      code: 'Receiver',
      subcode: 'n:InvalidEnumerationContext',
      wsmanCode: 2150858779,
    },
  )
}

/**
 * MS-WSMV 3.1.4.5.2.1 and 3.1.4.11 want wsman:QuotaLimit; Windows since 2.0 answers wsman:InternalError with the code
 * of the quota (recorded).
 */
export const quotaExceeded = {
  shells: (limit: number): EndpointFault =>
    internal(`The user has as many shells as one user may have: ${limit}.`, 2150859173),
  operations: (limit: number): EndpointFault =>
    internal(`The user has as many operations as one user may have: ${limit}.`, 2150859174),
  users: (limit: number): EndpointFault =>
    internal(`As many users have shells as may have any at the same time: ${limit}.`, 2150859179),
  commands: (limit: number): EndpointFault =>
    internal(`The shell runs as many processes as one shell may run: ${limit}.`, 2150859241),
}

export function shellsNotAllowed(): EndpointFault {
  return internal('The service does not accept remote shells.', 2150859180)
}
