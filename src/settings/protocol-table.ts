import { integer, UINT32, type SettingTable } from './rows.js'

/** The settings that stand directly in winrm/config (MS-WSMV 2.2.4.10). */
export const PROTOCOL_TABLE = {
  maxEnvelopeSizeKb: integer('MaxEnvelopeSizekb', {
    default: { '1.1': 150, '2.0': 150, '3.0': 500 },
    otherDefaults: [{ version: '3.0', value: 150, source: 'WinRM configuration page' }],
    min: 32,
    max: UINT32,
    unit: 'kB',
    about: 'Largest SOAP message taken or sent.',
    affects:
      'Requests above it are refused by the host with HTTP status 413; a client asks for replies no larger than its own value. Windows supports nothing above 1039440.',
    source: 'MS-WSMV 2.2.4.10, 3.1.4.1.7, 3.1.4.1.20',
  }),
  maxTimeoutMs: integer('MaxTimeoutms', {
    default: 60_000,
    min: 500,
    max: UINT32,
    unit: 'ms',
    about: 'Longest time any request but Pull may take.',
    affects:
      'The host cuts a longer OperationTimeout to it; a client asks for its own value where a call names none.',
    source: 'MS-WSMV 2.2.4.10, 3.1.4.1.6',
  }),
  maxBatchItems: integer('MaxBatchItems', {
    default: { '1.1': 20, '2.0': 32_000, '3.0': 32_000 },
    min: 1,
    max: UINT32,
    about: 'Most items one page of an enumeration may bring.',
    affects: 'The host cuts MaxElements to it; a client asks for its own value where a call names none.',
    source: 'MS-WSMV 2.2.4.10, 3.1.4.1.16',
  }),
  maxProviderRequests: integer('MaxProviderRequests', {
    default: { '1.1': 25, '2.0': UINT32, '3.0': UINT32 },
    otherDefaults: [{ version: '3.0', value: 25, source: 'MS-WSMV 2.2.4.10' }],
    min: 1,
    max: UINT32,
    deprecatedSince: '2.0',
    about: 'Requests one provider may serve at a time.',
    affects: 'Nothing since 2.0; a Put that changes it is refused with fault 2150859182.',
    source: 'MS-WSMV 2.2.4.10, notes 10 and 11',
  }),
} as const satisfies SettingTable
