import { describe, expect, it } from 'vitest'
import { CommandError, isWsmanFault, WsmanFault, type FaultParts } from 'wsman'
import {
  envelopeAround,
  readExchanges,
  readInteropBody,
  readRecording,
  recordedMessages,
  specificationExamples,
} from '../../support/recordings.js'
import { recordedStep, replay, replyTo, type ReplayStep } from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'

const TIMED_OUT =
  'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.'
const NOT_FOUND =
  'The WS-Management service cannot process the request. The service cannot find the resource identified by the ' +
  'resource URI and selectors.'
const MUST_UNDERSTAND =
  'The WS-Management service cannot process a SOAP header in the request that is marked as mustUnderstand by the ' +
  'client.  This could be caused by the use of a version of the protocol which is not supported, or may be an ' +
  'incompatibility  between the client and server implementations.'
const SHELL_PLUGIN = { provider: 'Shell cmd plugin' }
const FAULT_DETAIL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail'

const notUnderstood = (reason: string): FaultParts => ({
  faultCode: 'MustUnderstand',
  reason,
  notUnderstood: ['wsman:ResourceUri'],
})
const invalidParameter = (machine: string): FaultParts => ({
  wsmanCode: 87,
  wsmanName: 'ERROR_INVALID_PARAMETER',
  faultCode: 'Sender',
  subcode: 'InvalidParameter',
  reason: 'The parameter is incorrect.',
  detail: 'The parameter is incorrect.',
  faultDetail: `${FAULT_DETAIL}/InvalidValue`,
  machine,
  ...SHELL_PLUGIN,
})
const schemaValidation = (reason: string, detail: string, machine?: string): FaultParts => ({
  wsmanCode: 2150858817,
  wsmanName: 'ERROR_WSMAN_SCHEMA_VALIDATION_ERROR',
  faultCode: 'Sender',
  subcode: 'SchemaValidationError',
  reason,
  detail,
  machine,
})
const timedOut = (machine: string): FaultParts => ({
  wsmanCode: 2150858793,
  wsmanName: 'ERROR_WSMAN_OPERATION_TIMEDOUT',
  faultCode: 'Receiver',
  subcode: 'TimedOut',
  reason: TIMED_OUT,
  detail: TIMED_OUT,
  machine,
})
const NO_MATCH =
  'The SOAP XML in the message does not match the corresponding XML schema definition. Change the XML and retry.'
const BAD_ARGUMENT =
  'The Windows Remote Shell cannot process the request. The SOAP packet contains an element Argument that is ' +
  'invalid. Retry the request with the correct XML element.'
const OMI_FAULT: FaultParts = {
  faultCode: 'Receiver',
  subcode: 'InternalError',
  reason: 'get-instance: instance name parameter is missing',
}

/** Every fault of the corpus, as it is to be told. */
const FAULTS: Readonly<Record<string, FaultParts>> = {
  'pypsrp/xml/adhoc-faults/00.xml': notUnderstood(MUST_UNDERSTAND),
  'pypsrp/xml/adhoc-faults/01.xml': invalidParameter('SERVER2016.domain.local'),
  'pypsrp/xml/adhoc-faults/02.xml': schemaValidation(NO_MATCH, BAD_ARGUMENT, 'SERVER2008.domain.local'),
  'pypsrp/xml/test_psrp_is_alive_other_wsman_error/03-response.xml': {
    wsmanCode: 2150858767,
    wsmanName: 'ERROR_WSMAN_INVALID_MESSAGE_INFORMATION_HEADER',
    faultCode: 'Sender',
    subcode: 'InvalidMessageInformationHeader',
    reason:
      'The WS-Management service cannot process the request. The request contains one or more invalid SOAP headers.',
    detail:
      'The WS-Management service cannot process the request. The XML contains an invalid timeout field in the SOAP ' +
      'header: PT-1S.',
    machine: '127.0.0.1',
  },
  'pypsrp/xml/test_psrp_long_running_cmdlet/04-response.xml': timedOut('127.0.0.1'),
  'pypsrp/xml/test_psrp_long_running_cmdlet/05-response.xml': timedOut('127.0.0.1'),
  'pypsrp/xml/test_psrp_receive_failure/03-response.xml': {
    wsmanCode: 2150858843,
    wsmanName: 'ERROR_WSMAN_UNEXPECTED_SELECTORS',
    faultCode: 'Sender',
    subcode: 'InvalidSelectors',
    reason:
      'The WS-Management service cannot process the request because the request contained invalid selectors for the ' +
      'resource.',
    detail:
      'The Windows Remote Shell received a request to perform an operation on a command identifier that does not ' +
      'exist. Either the command has completed execution or the client specified an invalid command identifier.',
    faultDetail: `${FAULT_DETAIL}/UnexpectedSelectors`,
    machine: '127.0.0.1',
  },
  'pypsrp/xml/test_winrs_fail_poll_process/01-response.xml': invalidParameter('127.0.0.1'),
  'pypsrp/xml/test_wsman.py/L0057-01.xml': {
    faultCode: 'IllegalAction',
    reason: "Illegal action '%s', expecting '%s'",
    notUnderstood: ['wsman:ResourceUri'],
  },
  'pypsrp/xml/test_wsman.py/L0338-02.xml': notUnderstood(MUST_UNDERSTAND),
  'pypsrp/xml/test_wsman.py/L0376-03.xml': { ...notUnderstood(''), faultCode: 'Unknown' },
  'pypsrp/xml/test_wsman.py/L0398-04.xml': invalidParameter('SERVER2016.domain.local'),
  'pypsrp/xml/test_wsman.py/L0443-05.xml': schemaValidation(
    NO_MATCH,
    BAD_ARGUMENT,
    'SERVER2008.domain.local',
  ),
  'pywinrm/test_exceptions/L0015-00.xml': notUnderstood('Test reason.'),
  'pywinrm/test_exceptions/L0059-01.xml': { ...notUnderstood(''), faultCode: 'Unknown' },
  'pywinrm/test_exceptions/L0100-02.xml': timedOut('server2022.domain.test'),
  'pywinrm/test_exceptions/L0142-03.xml': schemaValidation(
    'Reason text.',
    'Detail message.',
    'SERVER2008.domain.local',
  ),
  // WMI's own error in place of WSManFault.
  'pywinrm/test_exceptions/L0192-04.xml': {
    wsmanCode: 2150859174,
    wsmanName: 'ERROR_WSMAN_QUOTA_MAX_OPERATIONS',
    faultCode: 'Receiver',
    subcode: 'InternalError',
    reason: 'Reason text.',
    detail: 'WMI Message.',
  },
  'masterzen-winrm/fixture_test/02-0.xml': {
    wsmanCode: 2147942606,
    wsmanName: 'ERROR_FILENAME_EXCED_RANGE',
    faultCode: 'Receiver',
    subcode: 'InternalError',
    reason: 'The filename or extension is too long.',
    detail: 'The filename or extension is too long.',
    machine: '52.12.219.136',
    ...SHELL_PLUGIN,
  },
  'masterzen-winrm/fixture_test/07-0.xml': timedOut('127.0.0.1'),
  // A fault inside a provider's fault; the namespace of FaultDetail is damaged in this file.
  'opennms-wsman/get-response-fault.xml': {
    wsmanCode: 2150858752,
    wsmanName: 'ERROR_WSMAN_RESOURCE_NOT_FOUND',
    faultCode: 'Sender',
    subcode: 'DestinationUnreachable',
    reason: NOT_FOUND,
    detail: NOT_FOUND,
    machine: '172.23.1.106',
    provider: 'WMI Provider',
  },
  'ironposh/strings/test_receive_fix.rs/00.xml': schemaValidation(
    'Schema validation error',
    'The WS-Management service received a SOAP packet that contained an invalid or missing HTTP request URI.',
  ),
  // PowerShell's plug-in, with a code that is in no table and no reason.
  'omi/strings/test_wsmanparser.cpp/L1389-09.xml': {
    wsmanCode: 2152992672,
    faultCode: 'Receiver',
    subcode: 'InternalError',
    reason: '',
    detail: 'Error with error code -2144108472 occurred while calling method WSManPluginReceiveResult.',
    machine: '10.123.175.205',
    provider: 'microsoft.powershell',
  },
  'omi/strings/test_wsmanparser.cpp/L1652-11.xml': timedOut('10.123.175.205'),
  'winrb-winrm/responses/get_omi_config_response.xml': OMI_FAULT,
  'winrb-winrm/responses/soap_fault_omi.xml': OMI_FAULT,
  'wsmancli-interop/xml/WISEMAN/6.5-Get-failure---invalid-selectors-5/02.xml': {
    faultCode: 'Sender',
    subcode: 'InvalidSelectors',
    reason: 'The Selectors for the resource were not valid.',
    faultDetail: `${FAULT_DETAIL}/InsufficientSelectors`,
  },
}

/** What a failing call rejects with. */
async function failure(
  steps: readonly ReplayStep[],
  call: Parameters<typeof replay>[1],
): Promise<WsmanFault> {
  const error: unknown = await replay(steps, (client, server) =>
    call(client, server).then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  )
  // A command that is gone is an error of the command, and the fault is why.
  const fault = error instanceof CommandError ? error.cause : error
  if (!(fault instanceof WsmanFault)) throw new Error('The call did not fail with a fault.', { cause: error })
  return fault
}

const get = (reply: string): Promise<WsmanFault> =>
  failure([replyTo('Get', reply)], (client) => client.get('winrm/config'))

const partsOf = (fault: WsmanFault): FaultParts => ({
  wsmanCode: fault.wsmanCode,
  wsmanName: fault.wsmanName,
  faultCode: fault.faultCode,
  subcode: fault.subcode,
  reason: fault.reason,
  detail: fault.detail,
  faultDetail: fault.faultDetail,
  machine: fault.machine,
  provider: fault.provider,
  notUnderstood: fault.notUnderstood.length > 0 ? fault.notUnderstood : undefined,
})

describeWithShared('corpus', 'recorded faults', () => {
  it('are all in the table', () => {
    const files = recordedMessages().filter(
      ({ operation, file }) => operation === 'Fault' && !file.includes('MSFT-'),
    )
    expect(Object.keys(FAULTS).sort()).toEqual(files.map(({ file }) => file).sort())
  })

  it.each(Object.entries(FAULTS))('are told with all their parts: %s', async (file, expected) => {
    const fault = await get(readRecording(file))

    expect(partsOf(fault)).toEqual(expected)
    expect(fault).toMatchObject({
      code: 'ERR_WSMAN_FAULT',
      host: '127.0.0.1',
      operation: 'Get',
      resource: 'http://schemas.microsoft.com/wbem/wsman/1/config',
      status: 500,
    })
    expect(isWsmanFault(fault)).toBe(true)
    const { wsmanCode, wsmanName } = expected
    expect(wsmanCode !== undefined && isWsmanFault(fault, wsmanCode)).toBe(wsmanCode !== undefined)
    expect(wsmanName !== undefined && isWsmanFault(fault, wsmanName)).toBe(wsmanName !== undefined)
    expect(isWsmanFault(fault, 'ERROR_WSMAN_QUOTA_MAX_SHELLS')).toBe(false)
  })

  it('are told from the innermost message of a provider that names no machine (Windows Vista)', async () => {
    const detail = readInteropBody('05-6.5-Get-failure---invalid-selectors')
    const fault = await get(
      envelopeAround(
        '<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:InvalidSelectors</s:Value></s:Subcode>' +
          `</s:Code><s:Reason><s:Text xml:lang="en-US"/></s:Reason><s:Detail>${detail}</s:Detail></s:Fault>`,
      ),
    )
    expect(partsOf(fault)).toEqual({
      wsmanCode: 2150858813,
      wsmanName: 'ERROR_WSMAN_INVALID_SELECTORS',
      faultCode: 'Sender',
      subcode: 'InvalidSelectors',
      reason: '',
      detail:
        'The WS-Management service cannot process the request because the selectors for the resource are not valid.',
      provider: 'WMIv1 plugin for Windows Remote Management',
    })
  })

  describe('end the command they come for', () => {
    const standard = readExchanges('pypsrp/xml/test_winrs_standard').map(recordedStep)
    const run = (...middle: readonly ReplayStep[]): Promise<WsmanFault> => {
      const [created, started] = standard
      const ended = standard.at(-1)
      const steps = [created, started, ...middle, ended].filter((step) => step !== undefined)
      return failure(steps, async (client) => {
        const shell = await client.openShell()
        try {
          await shell.run('cmd.exe', ['/c', 'echo', 'hi'])
        } finally {
          await shell.close()
        }
      })
    }
    const signalled = replyTo('Signal', readRecording('pypsrp/xml/test_winrs_standard/03-response.xml'))

    it('where a Receive is refused (test_winrs_fail_poll_process)', async () => {
      const reply = readRecording('pypsrp/xml/test_winrs_fail_poll_process/01-response.xml')
      const fault = await run(replyTo('Receive', reply), signalled)
      expect(partsOf(fault)).toEqual(invalidParameter('127.0.0.1'))
      expect(fault.operation).toBe('Shell.Receive')
    })

    it('where the command is gone (test_psrp_receive_failure)', async () => {
      const file = 'pypsrp/xml/test_psrp_receive_failure/03-response.xml'
      // What is gone need not be terminated.
      const fault = await run(replyTo('Receive', readRecording(file)))
      expect(partsOf(fault)).toEqual(FAULTS[file])
    })

    it('where it cannot start (masterzen/winrm)', async () => {
      const file = 'masterzen-winrm/fixture_test/02-0.xml'
      const [created] = standard
      const steps = [created, replyTo('Command', readRecording(file)), standard.at(-1)]
      const fault = await failure(
        steps.filter((step) => step !== undefined),
        async (client) => client.run('x'.repeat(9000)),
      )
      expect(partsOf(fault)).toEqual(FAULTS[file])
      expect(fault.operation).toBe('Shell.Command')
    })
  })

  it('of a Pull that timed out mean that it is asked again', async () => {
    const timeout = readRecording('pypsrp/xml/test_psrp_long_running_cmdlet/04-response.xml')
    const steps = [
      replyTo('Enumerate', readRecording('opennms-wsman/enum-response.xml')),
      replyTo('Pull', timeout),
      replyTo('Pull', timeout),
      replyTo('Pull', readRecording('opennms-wsman/pull-response.xml')),
    ]
    const items = await replay(steps, (client) => client.enumerate('wmicimv2/*').toArray())
    expect(items).toMatchObject([{ InstanceID: 'PSU.Slot.1', TotalOutputPower: '502' }])
  })
})

describeWithShared('specs', 'printed faults', () => {
  it('of MS-WSMV 4.10 are told although they are laid out for print', async () => {
    const [, reply = ''] = specificationExamples('MS-WSMV', '4.10')
    const fault = await get(reply)
    const text =
      /^The WS-Management service cannot\s+process the request\.\s+The service cannot\s+find the resource/
    expect(partsOf(fault)).toEqual({
      wsmanCode: 32768,
      faultCode: 'Sender',
      subcode: 'DestinationUnreachable',
      reason: expect.stringMatching(text) as string,
      detail: expect.stringMatching(text) as string,
      faultDetail: 'wsman:faultDetail/ResourceNotFound',
      machine: 'http://localhost:80/wsman',
    })
  })
})
