import { startConfigured } from './service.js'
import type { Session } from './session.js'

/** A fault by the local names of its codes. */
export interface Fault {
  readonly code: string
  readonly subcode?: string
  readonly wsmanCode?: number
}

interface Setting {
  /** What is done first, for state that requests made which were not recorded. */
  readonly before?: (session: Session) => Promise<void>
  /** Texts that the answer must tell, by local names on the way to them. */
  readonly tells?: Readonly<Record<string, string>>
  /** Another service than the one of all other requests. */
  readonly service?: typeof startConfigured
}

export type Row = Setting &
  (
    | {
        readonly as: 'recorded'
        /** The file of the recorded answer. Default: the one beside the request. */
        readonly answer?: string
        /** Elements, by the end of their way, that only one of the answers has, or `Action`, or `ExitCode`; with the reason. */
        readonly differs: Readonly<Record<string, string>>
      }
    | { readonly as: 'fault'; readonly fault: Fault; readonly why: string }
    | {
        readonly as: 'reply'
        readonly action: string
        readonly body: readonly string[]
        readonly why: string
      }
    | { readonly as: 'not sent'; readonly why: string }
  )

const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'
const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'
const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root'

const sender = (subcode: string, wsmanCode: number): Fault => ({ code: 'Sender', subcode, wsmanCode })
const UNKNOWN_RESOURCE = sender('DestinationUnreachable', 2150858752)
const NO_RESOURCE = sender('DestinationUnreachable', 2150858811)
const NO_SOAP = sender('SchemaValidationError', 2150858817)
const INVALID_HEADER = sender('InvalidMessageInformationHeader', 2150858767)
const MISSING_HEADER = sender('MessageInformationHeaderRequired', 2150858769)
const ACTION_NOT_SUPPORTED = sender('ActionNotSupported', 2150858771)
const DEPRECATED_SETTING: Fault = { code: 'Receiver', subcode: 'InternalError', wsmanCode: 2150859182 }
const NO_SHELL = sender('InvalidSelectors', 2150858843)
const NOT_UNDERSTOOD: Fault = { code: 'MustUnderstand' }

const asRecorded = (
  differs: Readonly<Record<string, string>> = {},
  setting: Setting & { answer?: string } = {},
): Row => ({
  as: 'recorded',
  differs,
  ...setting,
})
const refused = (fault: Fault, why: string, setting: Setting = {}): Row => ({
  as: 'fault',
  fault,
  why,
  ...setting,
})
const replied = (action: string, body: readonly string[], why: string, setting: Setting = {}): Row => ({
  as: 'reply',
  action: `${action}Response`,
  body,
  why,
  ...setting,
})
const notSent = (why: string): Row => ({ as: 'not sent', why })

/** Shells of PowerShell are another protocol on top of this one (MS-PSRP), which the endpoint does not have. */
const PSRP = refused(UNKNOWN_RESOURCE, 'a shell of PowerShell, which is no resource of the endpoint')
const NO_PSRP_SHELL = refused(NO_SHELL, 'asks about a shell of PowerShell')
const NOT_RECORDED = 'no answer was recorded'
const CONTAINER = notSent('several messages in one file; each of them is a file of its own')
const COLLECTOR = 'for the collector of events, which the endpoint is not'
const PRINTED_WRONG = 'not well-formed as it was printed'
const OLD_PROTOCOL = refused(NOT_UNDERSTOOD, 'written in the namespaces of 2005, which Windows Vista gave up')
const NO_HEADERS = refused(INVALID_HEADER, 'a body without headers')
/** No recording holds a definition in CIM-XML. */
const classSchema = (setting: Setting = {}): Row =>
  replied(`${TRANSFER}/Get`, ['CLASS'], NOT_RECORDED, setting)
const NO_ROBUSTNESS = refused(
  MISSING_HEADER,
  'for robust connections, which the endpoint ignores as older Windows does',
)
const END_UNSEEN = 'the endpoint does not look beyond a page that is full'
const LOCATION = 'printed with the location of the instance, which recorded replies of Windows do not have'

const psrpFolder = (name: string): readonly [string, Row] => [`pypsrp/xml/test_${name}/`, PSRP]

const PSRP_FOLDERS = [
  'client_copy_file_empty',
  'client_copy_file_failure',
  'client_copy_file_warning',
  'client_execute_ps',
  'client_fetch_file_expand_vars',
  'client_fetch_file_fail_missing',
  'psrp_application_args',
  'psrp_disconnected_commands',
  'psrp_error_failed',
  'psrp_get_command_metadata',
  'psrp_is_alive_other_wsman_error',
  'psrp_is_alive_state_disconnected',
  'psrp_long_running_cmdlet',
  'psrp_multiple_commands',
  'psrp_multiple_invocations',
  'psrp_no_profile',
  'psrp_pshost_methods',
  'psrp_receive_failure',
  'psrp_run_protocol_version_2.2',
  'psrp_set_runspaces',
  'psrp_small_msg_size',
  'psrp_stream_output_invocation',
  'psrp_with_history',
  'psrp_with_input',
] as const

/** The requests of these folders that go to other resources. */
const BESIDE_PSRP: Readonly<Record<string, Row>> = {
  ...Object.fromEntries(
    ['07', '08', '09', '10', '11', '12', '13', '14', '15', '16'].map((step) => [
      `pypsrp/xml/test_client_copy_file_empty/${step}-request.xml`,
      asRecorded(),
    ]),
  ),
  ...Object.fromEntries(
    ['07', '08', '09', '10', '11'].map((step) => [
      `pypsrp/xml/test_client_copy_file_warning/${step}-request.xml`,
      asRecorded(),
    ]),
  ),
  'pypsrp/xml/test_psrp_disconnected_commands/10-request.xml': replied(
    `${ENUMERATION}/Enumerate`,
    ['EnumerateResponse'],
    'lists shells, among which those of PowerShell are not',
  ),
  'pypsrp/xml/test_psrp_disconnected_commands/11-request.xml': NO_PSRP_SHELL,
  'pypsrp/xml/test_psrp_disconnected_commands/12-request.xml': NO_PSRP_SHELL,
  'pypsrp/xml/test_psrp_is_alive_other_wsman_error/03-request.xml': asRecorded(),
  'pypsrp/xml/test_psrp_is_alive_state_disconnected/03-request.xml': NO_PSRP_SHELL,
  'pypsrp/xml/test_psrp_is_alive_state_disconnected/04-request.xml': NO_PSRP_SHELL,
  'pypsrp/xml/test_psrp_small_msg_size/00-request.xml': asRecorded({}, { service: startConfigured }),
}

/** What each recorded request meets, by its file or its folder; the file goes before. */
export const TABLE: Readonly<Record<string, Row>> = {
  'amt-mps-rps/parseWSManResponseBody.test.ts/L0077-02.xml': refused(NO_SOAP, 'cut in the middle'),
  'ironposh/ironposh-winrm/tests/resources/malformed/': refused(NO_SOAP, 'no XML, on purpose'),
  'ironposh/strings/test_initial_deserialize_request.rs/01.xml': refused(
    MISSING_HEADER,
    'names no destination',
  ),
  'markkurossi-sldc/compressedData.decoded.utf16le.bin': refused(NO_RESOURCE, COLLECTOR),
  'markkurossi-sldc/compressedData.sldc.bin': refused(NO_SOAP, `compressed, ${COLLECTOR}`),

  'masterzen-winrm/sample_requests/00-request.xml': replied(
    `${TRANSFER}/Create`,
    ['ResourceCreated', 'Shell'],
    NOT_RECORDED,
    {
      before: (session) =>
        session.openShell('0179DFE0-5409-4F07-946E-54635608A269', 'C64C758B-1A01-447D-A7BB-F85FD1E88148'),
    },
  ),
  'masterzen-winrm/sample_requests/01-request.xml': replied(
    `${SHELL}/Command`,
    ['CommandResponse'],
    NOT_RECORDED,
  ),
  'masterzen-winrm/sample_requests/02-request.xml': replied(
    `${SHELL}/Receive`,
    ['ReceiveResponse'],
    NOT_RECORDED,
    {
      before: (session) =>
        session.start(
          'C64C758B-1A01-447D-A7BB-F85FD1E88148',
          'echo dir',
          '92394CDB-903A-446C-BE25-1237E290BD1D',
        ),
    },
  ),
  'masterzen-winrm/sample_requests/03-request.xml': replied(`${TRANSFER}/Delete`, [], NOT_RECORDED, {
    before: (session) => session.openShell('D24CE524-7FDD-481F-8824-87A2CC6A80AE'),
  }),
  'masterzen-winrm/sample_requests/04-request.xml': replied(
    `${SHELL}/Signal`,
    ['SignalResponse'],
    NOT_RECORDED,
    {
      before: (session) =>
        session.start('0179DFE0-5409-4F07-946E-54635608A269', 'cat', '98EA8A09-FCCF-43A9-8D76-AA678A2FDE80'),
    },
  ),

  'ms-wsman/4.1.2.3-First-Pull-Request/01.xml': OLD_PROTOCOL,
  'ms-wsman/4.1.3-Modifying-an-Instance/01.xml': OLD_PROTOCOL,
  'ms-wsman/4.2.1-Retrieving-Configuration/01.xml': OLD_PROTOCOL,
  'ms-wsman/4.2.2-Modify-Configuration/01.xml': OLD_PROTOCOL,

  'ms-wsmv/3.2.4.2.1.2-KeepAlive-Message/01.xml': NO_ROBUSTNESS,
  'ms-wsmv/3.2.4.2.2-Invoking-Custom-Methods-with-a-Stream-Output-Parameter/01.xml': refused(
    UNKNOWN_RESOURCE,
    'a resource that is left out in print',
  ),
  'ms-wsmv/3.2.4.2.2-Invoking-Custom-Methods-with-a-Stream-Output-Parameter/02.xml': refused(
    NO_SOAP,
    PRINTED_WRONG,
  ),
  'ms-wsmv/4.1.2.3-First-Pull-Request/01.xml': asRecorded(
    { 'myclass/{http://schemas.dmtf.org/wbem/wscim/1/common}Location': LOCATION },
    {
      answer: 'ms-wsmv/4.1.2.4-First-Pull-Response/01.xml',
      before: (session) =>
        session.enumerate(`${WMI}/mynamespace/myclass`, 'uuid:22EB9809-5543-4020-A75C-FD95FF06217B'),
    },
  ),
  'ms-wsmv/4.1.2.5-Second-Pull-Request/01.xml': replied(
    `${ENUMERATION}/Pull`,
    ['PullResponse'],
    'the answer is printed in two pieces',
    {
      before: async (session) => {
        const context = 'uuid:2504CA0D-94B9-4F91-B2F7-9F4CD9A2A96C'
        await session.enumerate(`${WMI}/mynamespace/myclass`, context)
        await session.pull(`${WMI}/mynamespace/myclass`, context)
      },
    },
  ),
  'ms-wsmv/4.1.3-Modifying-an-Instance/01.xml': asRecorded(
    { 'myclass/{http://schemas.dmtf.org/wbem/wscim/1/common}Location': LOCATION },
    { answer: 'ms-wsmv/4.1.3-Modifying-an-Instance/02.xml', tells: { 'myclass/Data1': 'Test Message' } },
  ),
  'ms-wsmv/4.11.1-A-CIM-Operation-that-Prompts-Once-with-the-Client-Replying-yes/01.xml': asRecorded(
    {},
    { answer: 'ms-wsmv/4.11.1-A-CIM-Operation-that-Prompts-Once-with-the-Client-Replying-yes/04.xml' },
  ),
  'ms-wsmv/4.11.1-A-CIM-Operation-that-Prompts-Once-with-the-Client-Replying-yes/05.xml': NO_ROBUSTNESS,
  'ms-wsmv/4.2.1-Retrieving-Configuration/01.xml': asRecorded(
    { Config: 'printed from a version with fewer settings' },
    { answer: 'ms-wsmv/4.2.1-Retrieving-Configuration/02.xml', service: startConfigured },
  ),
  'ms-wsmv/4.2.2-Modifying-Configuration/01.xml': refused(NO_SOAP, PRINTED_WRONG),
  'ms-wsmv/4.2.2-Modifying-Configuration/02.xml': refused(
    DEPRECATED_SETTING,
    'it changes MaxProviderRequests, which only the first systems let be changed (note 11)',
  ),
  'ms-wsmv/4.4-Event-Subscription-Example/01.xml': refused(NO_SOAP, PRINTED_WRONG),
  'ms-wsmv/4.6.1-Enumerate-Example/01.xml': refused(UNKNOWN_RESOURCE, COLLECTOR),
  'ms-wsmv/4.6.3-Event-Delivery-Example/01.xml': refused(NO_RESOURCE, COLLECTOR),
  'ms-wsmv/4.6.5-End-Subscription-Example/01.xml': refused(NO_RESOURCE, COLLECTOR),
  'ms-wsmv/4.7.10-Reconnect-Shell/01.xml': refused(ACTION_NOT_SUPPORTED, 'only custom shells can (note 124)'),
  'ms-wsmv/4.7.4-Send-Input/01.xml': asRecorded(
    {},
    {
      answer: 'ms-wsmv/4.7.4-Send-Input/02.xml',
      before: async (session) => {
        await session.openShell('uuid:0A442A7F-4627-43AE-8751-900B509F0A1F')
        await session.start(
          'uuid:0A442A7F-4627-43AE-8751-900B509F0A1F',
          'cat',
          '77df7bb6-b5a0-4777-abd9-9823c0774074',
        )
      },
    },
  ),
  'ms-wsmv/4.7.9-Disconnect-Shell/01.xml': refused(ACTION_NOT_SUPPORTED, 'only custom shells can (note 124)'),
  'ms-wsmv/4.8.1-Custom-Remote-Shell-Configuration-Table-Setup/01.xml': refused(NO_SOAP, PRINTED_WRONG),
  'ms-wsmv/4.8.2-Custom-Shell-Create/01.xml': refused(UNKNOWN_RESOURCE, 'a custom shell, which nobody gave'),
  'ms-wsmv/4.8.4-Custom-Shell-Receive/01.xml': refused(UNKNOWN_RESOURCE, 'a custom shell, which nobody gave'),
  'ms-wsmv/4.8.5-Custom-Shell-Delete/01.xml': refused(UNKNOWN_RESOURCE, 'a custom shell, which nobody gave'),
  'ms-wsmv/4.9-Selector-Filter-Dialect-Example/01.xml': replied(
    `${ENUMERATION}/Enumerate`,
    ['EnumerateResponse'],
    NOT_RECORDED,
  ),

  'omi/posthttp/raw/': CONTAINER,
  'omi/posthttp/xml/test2-request-00.xml': refused(UNKNOWN_RESOURCE, "a URI of OMI's own"),
  'omi/posthttp/xml/test3-request-00.xml': asRecorded(
    { Action: 'OMI answers with the action of the request' },
    { answer: 'omi/posthttp/xml/test3-response-00.xml' },
  ),
  'omi/samples/GetClassRequest-0.xml': classSchema(),
  'omi/samples/Put1-0.xml': replied(`${TRANSFER}/Put`, ['OMI_Identify'], NOT_RECORDED, {
    tells: { 'OMI_Identify/ProductVendor': 'Microsoft', 'OMI_Identify/ConfigNameSpaces': '' },
  }),
  'omi/samples/Put2-0.xml': replied(`${TRANSFER}/Put`, ['MSFT_Person'], NOT_RECORDED, {
    tells: { 'MSFT_Person/Last': 'Osama', 'MSFT_Person/First': 'kept' },
  }),
  'omi/samples/get-0.xml': refused(INVALID_HEADER, 'its FragmentTransfer need not be understood'),
  'omi/strings/test_wsbuf.cpp/': NO_HEADERS,
  'omi/strings/test_wsman.cpp/': classSchema(),
  'omi/strings/test_wsman.cpp/L2110-10.xml': refused(
    UNKNOWN_RESOURCE,
    'asks for a class in a namespace that the service does not have',
  ),

  'opennms-wsman/j-white-README-00.xml': asRecorded({}, { answer: 'opennms-wsman/j-white-README-01.xml' }),
  'opennms-wsman/j-white-README-02.xml': replied(
    `${ENUMERATION}/Pull`,
    ['PullResponse'],
    'iDRAC answers a query for columns with instances of the class, Windows with fragments (note 58)',
  ),
  'opennms-wsman/j-white-README-04.xml': refused(UNKNOWN_RESOURCE, 'a URI of Dell'),

  'openwsman/bindings/ruby/tests/invoke_epr.rb-comment-0.xml': replied(
    `${WMI}/virtualization/v2/Msvm_VirtualSystemManagementService/RealizePlannedSystem`,
    ['RealizePlannedSystem_OUTPUT'],
    NOT_RECORDED,
    {
      tells: {
        'RealizePlannedSystem_OUTPUT/PlannedSystem/ReferenceParameters/ResourceURI': `${WMI}/virtualization/v2/Msvm_PlannedComputerSystem`,
        'RealizePlannedSystem_OUTPUT/PlannedSystem/ReferenceParameters/SelectorSet/Selector':
          'Msvm_PlannedComputerSystem',
      },
    },
  ),
  'openwsman/tests/client/requests/action_001.xml': refused(ACTION_NOT_SUPPORTED, 'DeEnumerate is no action'),
  'openwsman/tests/client/requests/rt_001.xml': refused(MISSING_HEADER, 'it has no ReplyTo'),
  'openwsman/tests/client/requests/': replied(
    `${ENUMERATION}/Enumerate`,
    ['EnumerateResponse'],
    NOT_RECORDED,
  ),
  'openwsman/tests/filter/': NO_HEADERS,

  ...Object.fromEntries(PSRP_FOLDERS.map(psrpFolder)),
  ...BESIDE_PSRP,
  'pypsrp/xml/test_winrs_environment/': asRecorded(),
  'pypsrp/xml/test_winrs_extra_opts/': asRecorded(),
  'pypsrp/xml/test_winrs_extra_opts/02-request.xml': asRecorded({
    ExitCode: 'sh reads the parentheses, cmd does not',
  }),
  'pypsrp/xml/test_winrs_fail_poll_process/': asRecorded(),
  'pypsrp/xml/test_winrs_open_already_opened/': asRecorded(),
  'pypsrp/xml/test_winrs_send/': asRecorded(),
  'pypsrp/xml/test_winrs_standard/': asRecorded(),
  'pypsrp/xml/test_winrs_stderr_rc/': asRecorded(),
  'pypsrp/xml/test_wsman.py/L0047-00.xml': NO_HEADERS,
  'pypsrp/xml/test_wsman_update_envelope_size_500/': asRecorded({}, { service: startConfigured }),

  'win32-docs/ws-management-protocol-0.txt': refused(NO_SOAP, 'its namespaces were printed with https'),
  'winrm4j/raw/': CONTAINER,
  'winrm4j/xml/win12/': asRecorded(),
  'winrmsharp/xml/ClientRunCommandWithEnvironment/': asRecorded(),
  'winrmsharp/xml/ProtocolRunCommandWithEnv/': asRecorded(),
  'winrmsharp/xml/ProtocolRunCommandWithNoProfile/': asRecorded(),
  'winrmsharp/xml/ProtocolRunCommandWithUnicode/': asRecorded(),

  'wsmancli-interop/raw/': CONTAINER,
  'wsmancli-interop/xml/WISEMAN/6.1-Identify-0/01.xml': asRecorded(
    {
      SpecVersion: 'Wiseman tells more than is specified',
      BuildId: 'Wiseman tells more than is specified',
      SecurityProfiles: 'Wiseman is older than that',
    },
    { answer: 'wsmancli-interop/xml/WISEMAN/6.1-Identify-0/02.xml' },
  ),
  'wsmancli-interop/xml/WISEMAN/6.4-Get-failure-MaxEnvelop-exceeded-4/01.xml': asRecorded(
    {},
    { answer: 'wsmancli-interop/xml/WISEMAN/6.4-Get-failure-MaxEnvelop-exceeded-4/02.xml' },
  ),
  'wsmancli-interop/xml/WISEMAN/6.5-Get-failure---invalid-selectors-5/01.xml': asRecorded(
    {},
    { answer: 'wsmancli-interop/xml/WISEMAN/6.5-Get-failure---invalid-selectors-5/02.xml' },
  ),
  'wsmancli-interop/xml/WISEMAN/7.2-Optimized-Enumerate-9/01.xml': asRecorded(
    {},
    { answer: 'wsmancli-interop/xml/WISEMAN/7.2-Optimized-Enumerate-9/02.xml' },
  ),
  'wsmancli-interop/xml/WISEMAN/7.2-Optimized-Enumerate-9/03.xml': asRecorded(
    {
      'PullResponse/{http://schemas.xmlsoap.org/ws/2004/09/enumeration}EndOfSequence': END_UNSEEN,
      'PullResponse/{http://schemas.xmlsoap.org/ws/2004/09/enumeration}EnumerationContext': END_UNSEEN,
    },
    { answer: 'wsmancli-interop/xml/WISEMAN/7.2-Optimized-Enumerate-9/04.xml' },
  ),
  'wsmancli-interop/xml/WISEMAN/7.3-Enumerate-failure-10/01.xml': replied(
    `${ENUMERATION}/Enumerate`,
    ['EnumerateResponse'],
    NOT_RECORDED,
  ),
  'wsmancli-interop/xml/WISEMAN/7.3-Enumerate-failure-10/02.xml': asRecorded(
    {},
    {
      answer: 'wsmancli-interop/xml/WISEMAN/7.3-Enumerate-failure-10/03.xml',
      before: (session) =>
        session.enumerate(
          'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_NumericSensor',
          '1fb7f89f-1bed-4b7e-b385-43ae75217f40',
        ),
    },
  ),
  'wsmancli-interop/xml/WISEMAN/7.3-Enumerate-failure-10/04.xml': refused(
    { code: 'Receiver', subcode: 'InvalidEnumerationContext', wsmanCode: 2150858779 },
    'it pulls from a context that never was',
  ),
}
