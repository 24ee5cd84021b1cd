import { FAULT } from '../../src/errors/fault-codes.js'
import type { WsmanClient } from 'wsman'
import type { EndpointFaultParts, EndpointOptions } from 'wsman/testing'
import { times, type Failure, type Failures } from './failure.js'
import { createThing, endpoint, getThing, peer, type EndpointCourse } from './scenes.js'
import { envelope } from '../support/scripted-service.js'
import { reply } from '../unit/http/raw-server.js'

const GET = 'POST Get Basic'

type Call = (client: WsmanClient) => Promise<unknown>

/** The service answers everything with a fault. */
const answering = (parts: EndpointFaultParts, course: EndpointCourse = {}): Failure['scene'] =>
  endpoint({
    ...course,
    options: { ...course.options, script: [{ fault: { message: 'The service says no.', ...parts } }] },
  })

const fault = (
  wsmanCode: number,
  name: string,
  hint: readonly string[],
  more: Partial<Failure> & { readonly call?: Call } = {},
): Failure => {
  const { call = getThing, ...rest } = more
  return {
    scene: answering({ code: 'Receiver', subcode: 'w:InternalError', wsmanCode }, { call }),
    error: 'WsmanFault',
    fault: name,
    hint,
    retryable: false,
    tried: [GET],
    ...rest,
  }
}

/** The service did not begin, and may a little later: asked again, also for what must not happen twice. */
const busy = (wsmanCode: number, name: string, hint: readonly string[]): Failure =>
  fault(wsmanCode, name, hint, { call: createThing, retryable: true, tried: times(3, 'POST Create Basic') })

const open: Call = (client) => client.openShell()
const CREATE = 'POST Create Basic'

/** The endpoint itself refuses, by its own settings. */
const real = (
  course: EndpointCourse,
  name: string | undefined,
  hint: readonly string[],
  tried: readonly string[],
): Failure => ({
  scene: endpoint(course),
  error: 'WsmanFault',
  ...(name === undefined ? {} : { fault: name }),
  hint,
  retryable: false,
  tried,
})

const SERVICE = { auth: { basic: true }, allowUnencrypted: true }
const winrs = (
  settings: NonNullable<NonNullable<EndpointOptions['settings']>['winrs']>,
): EndpointOptions => ({
  users: [
    { username: 'alice', password: 'correct-horse-battery-staple' },
    { username: 'bob', password: 'bob-has-one-too' },
  ],
  settings: { service: SERVICE, winrs: settings },
})

export const QUOTAS: Failures = {
  'MaxShellsPerUser is reached': real(
    { options: winrs({ maxShellsPerUser: 1 }), before: (_, connect) => connect().openShell(), call: open },
    'ERROR_WSMAN_QUOTA_MAX_SHELLS',
    ['winrm set winrm/config/winrs @{MaxShellsPerUser='],
    [CREATE],
  ),
  'MaxConcurrentUsers is reached': real(
    {
      options: winrs({ maxConcurrentUsers: 1 }),
      before: (started, connect) =>
        connect()
          .withHost('127.0.0.1', { ...started.clientOptions('bob') })
          .openShell(),
      call: open,
    },
    'ERROR_WSMAN_QUOTA_MAX_SHELLUSERS',
    ['@{MaxConcurrentUsers='],
    [CREATE],
  ),
  'MaxProcessesPerShell is reached': real(
    {
      options: winrs({ maxProcessesPerShell: 1 }),
      call: async (client) => {
        const shell = await client.openShell()
        await shell.spawn('cat')
        return await shell.run('true')
      },
    },
    undefined,
    ['another shell'],
    [CREATE, 'POST Command Basic', 'POST Command Basic'],
  ),
  'MaxConcurrentOperationsPerUser is reached': real(
    {
      options: { settings: { service: { ...SERVICE, maxConcurrentOperationsPerUser: 1 } } },
      before: (_, connect) => connect().openShell(),
      call: open,
    },
    'ERROR_WSMAN_QUOTA_MAX_OPERATIONS',
    ['@{MaxConcurrentOperationsPerUser='],
    [CREATE],
  ),
  'shells are switched off': real(
    { options: winrs({ allowRemoteShellAccess: false }), call: open },
    undefined,
    ['@{AllowRemoteShellAccess="true"}'],
    [CREATE],
  ),
  'MaxShells of the plug-in is reached': fault(
    FAULT.QUOTA_MAX_PLUGINSHELLS_PPQ,
    'ERROR_WSMAN_QUOTA_MAX_PLUGINSHELLS_PPQ',
    ['MaxShellsPerUser'],
  ),
  'MaxOperations of the plug-in is reached': fault(
    FAULT.QUOTA_MAX_PLUGINOPERATIONS_PPQ,
    'ERROR_WSMAN_QUOTA_MAX_PLUGINOPERATIONS_PPQ',
    ['MaxConcurrentOperationsPerUser'],
  ),
  'the quota of shells (power-managed form) is reached': fault(
    FAULT.QUOTA_MAX_SHELLS_PPQ,
    'ERROR_WSMAN_QUOTA_MAX_SHELLS_PPQ',
    ['MaxShellsPerUser'],
  ),
  'the quota of users is reached': fault(FAULT.QUOTA_MAX_USERS_PPQ, 'ERROR_WSMAN_QUOTA_MAX_USERS_PPQ', [
    'MaxConcurrentUsers',
  ]),
  'the quota of operations is reached': fault(
    FAULT.QUOTA_MAX_OPERATIONS_USER_PPQ,
    'ERROR_WSMAN_QUOTA_MAX_OPERATIONS_USER_PPQ',
    ['MaxConcurrentOperationsPerUser'],
  ),
  'a shell runs as many commands as it may': fault(
    FAULT.QUOTA_MAX_COMMANDS_PER_SHELL_PPQ,
    'ERROR_WSMAN_QUOTA_MAX_COMMANDS_PER_SHELL_PPQ',
    ['another shell'],
  ),
  'the service has too little memory left': fault(
    FAULT.QUOTA_MIN_REQUIREMENT_NOT_AVAILABLE_PPQ,
    'ERROR_WSMAN_QUOTA_MIN_REQUIREMENT_NOT_AVAILABLE_PPQ',
    ['memory', 'close shells'],
  ),
  'the account asks too often': busy(FAULT.QUOTA_USER, 'ERROR_WSMAN_QUOTA_USER', ['createLimiter']),
  'everybody together asks too often': busy(FAULT.QUOTA_SYSTEM, 'ERROR_WSMAN_QUOTA_SYSTEM', [
    'createLimiter',
  ]),
  'a quota of the service is used up': busy(FAULT.QUOTA_LIMIT, 'ERROR_WSMAN_QUOTA_LIMIT', ['createLimiter']),
  'the service is busy': busy(FAULT.BUSY, 'ERROR_BUSY', ['one after the other']),
}

const pull: Call = async (client) => {
  for await (const _ of client.enumerate('wmicimv2/*', { filter: { dialect: 'x', text: 'y' } })) return
}

export const FAULTS: Failures = {
  'a local account is filtered (access denied)': fault(FAULT.ACCESS_DENIED, 'ERROR_ACCESS_DENIED', [
    'Remote Management Users',
    'LocalAccountTokenFilterPolicy',
    'reg add HKLM',
  ]),
  'access is denied by a service that sends no code': {
    scene: answering({ code: 'Sender', subcode: 'w:AccessDenied' }),
    error: 'WsmanFault',
    hint: ['LocalAccountTokenFilterPolicy'],
    retryable: false,
    tried: [GET],
  },
  'the host takes no unencrypted messages': fault(
    FAULT.CLIENT_UNENCRYPTED_DISABLED,
    'ERROR_WSMAN_CLIENT_UNENCRYPTED_DISABLED',
    ['use https', 'scheme that encrypts'],
  ),
  'the clocks of the domain differ': fault(FAULT.TIME_SKEW, 'ERROR_TIME_SKEW', [
    'five minutes',
    'w32tm /resync',
  ]),
  'Kerberos is asked for by address': fault(FAULT.KERBEROS_IPADDRESS, 'ERROR_WSMAN_KERBEROS_IPADDRESS', [
    'by the name of the host',
  ]),
  'Group Policy holds the setting': real(
    {
      options: { settings: { service: SERVICE }, policy: { service: { maxConnections: 25 } } },
      call: (client) => client.put('winrm/config/service', { MaxConnections: '400' }),
    },
    undefined,
    ['Group Policy'],
    ['POST Put Basic'],
  ),
  'the selectors name nothing': real(
    { call: (client) => client.get('wmicimv2/Thing?Name=nobody') },
    undefined,
    ['resource URI', 'selectors'],
    [GET],
  ),
  'the selectors are those of another class': real(
    { call: (client) => client.get('wmicimv2/Thing?Colour=blue') },
    'ERROR_WSMAN_INVALID_SELECTORS',
    ['selectors'],
    [GET],
  ),
  'the class does not exist': real(
    { call: (client) => client.get('wmicimv2/Thong?Name=one') },
    undefined,
    ['resource URI', 'selectors'],
    [GET],
  ),
  'the resource URI means nothing': real(
    { call: (client) => client.get('http://example.com/nothing') },
    undefined,
    ['resource URI'],
    [GET],
  ),
  'the method does not exist': real(
    { call: (client) => client.invoke('wmicimv2/Thing?Name=one', 'Explode') },
    undefined,
    ['resource', 'operation'],
    ['POST Explode Basic'],
  ),
  'the filter is no WQL': real(
    {
      call: (client) =>
        client.cim
          .query({ dialect: 'http://schemas.microsoft.com/wbem/wsman/1/WQL', text: 'SELEKT' })
          .toArray(),
    },
    undefined,
    ['filter', 'malformed'],
    ['POST Enumerate Basic'],
  ),
  'the filter has a dialect that is not known': real(
    { call: pull },
    undefined,
    ['dialect'],
    ['POST Enumerate Basic'],
  ),
  'the shell is gone': real(
    {
      call: async (client) => {
        const shell = await client.openShell()
        await client.deleteShell(shell.shellId)
        return await shell.run('true')
      },
    },
    'ERROR_WSMAN_UNEXPECTED_SELECTORS',
    ['deleted', 'idle for too long'],
    [CREATE, 'POST Delete Basic', 'POST Command Basic'],
  ),
  'the enumeration is gone': {
    ...fault(
      FAULT.ENUMERATE_INVALID_ENUMERATION_CONTEXT,
      'ERROR_WSMAN_ENUMERATE_INVALID_ENUMERATION_CONTEXT',
      ['EnumerationTimeoutms', 'larger pages'],
    ),
  },
  'an instance does not fit into the reply': fault(
    FAULT.ENVELOPE_TOO_LARGE,
    'ERROR_WSMAN_ENVELOPE_TOO_LARGE',
    ['maxEnvelopeSizeKb', 'maxElements'],
  ),
  'a command line is longer than Windows takes': fault(
    FAULT.FILENAME_EXCED_RANGE,
    'ERROR_FILENAME_EXCED_RANGE',
    ['8191', '`input`', 'runPowerShell'],
  ),
  'the service did not finish in time': fault(FAULT.OPERATION_TIMEDOUT, 'ERROR_WSMAN_OPERATION_TIMEDOUT', [
    'operationTimeoutMs',
    'MaxTimeoutms',
  ]),
  'the peer speaks SOAP 1.1': {
    scene: peer(
      reply(
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:VersionMismatch</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>',
        { status: '500 Internal Server Error', headers: ['Content-Type: text/xml'] },
      ),
    ),
    error: 'WsmanFault',
    hint: ['SOAP 1.2', 'urlPrefix'],
    retryable: false,
    tried: ['POST Get'],
  },
  'the service does not know a header of Windows': {
    scene: peer(
      reply(
        envelope(
          '<s:Fault><s:Code><s:Value>s:MustUnderstand</s:Value></s:Code><s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason></s:Fault>',
          {},
        ),
        { status: '500 Internal Server Error', headers: ['Content-Type: application/soap+xml'] },
      ),
    ),
    error: 'WsmanFault',
    hint: ["compatibility: 'dmtf'"],
    retryable: false,
    tried: ['POST Get'],
  },
}
