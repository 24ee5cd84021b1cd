/**
 * Every setting of winrm/config, once: types, defaults, parsing, formatting and validation derive from this
 * table (MS-WSMV 2.2.4.3 to 2.2.4.42 with its notes 4 to 34, and the WinRM configuration page). Members stand in
 * the order of the wire.
 */

/** The stacks whose defaults differ. 1.1: Vista, Server 2008; 2.0: Windows 7, Server 2008 R2; 3.0: Windows 8, Server 2012 and later. */
export type SettingsVersion = '1.1' | '2.0' | '3.0'

/** One value for every version, or one for each version that knows the setting. */
export type Defaults<T> = T | Readonly<Partial<Record<SettingsVersion, T>>>

interface RowFacts {
  /** Element name on the wire. */
  readonly wire: string
  /** What it means and what it affects. */
  readonly about: string
  readonly unit?: 'ms' | 's' | 'kB' | 'MB'
  readonly readOnly?: boolean
  /** From this version on the service takes no value but its own. */
  readonly deprecatedSince?: SettingsVersion
}

export interface IntegerRow extends RowFacts {
  readonly type: 'integer'
  readonly default: Defaults<number>
  readonly min: number
  readonly max: number
}
export interface BooleanRow extends RowFacts {
  readonly type: 'boolean'
  readonly default: Defaults<boolean>
}
export interface TextRow extends RowFacts {
  readonly type: 'text'
  readonly default: Defaults<string>
  readonly pattern?: RegExp
}
export interface ChoiceRow extends RowFacts {
  readonly type: 'choice'
  readonly default: Defaults<string>
  readonly choices: readonly string[]
}
export type SettingRow = IntegerRow | BooleanRow | TextRow | ChoiceRow
export interface SettingGroup {
  readonly wire: string
  readonly members: SettingTable
}
export type SettingTable = Readonly<Record<string, SettingRow | SettingGroup>>

const UINT32 = 4_294_967_295
const INT32 = 2_147_483_647

const integer = (wire: string, row: Omit<IntegerRow, 'type' | 'wire'>): IntegerRow => ({
  type: 'integer',
  wire,
  ...row,
})
const flag = (wire: string, value: Defaults<boolean>, about: string): BooleanRow => ({
  type: 'boolean',
  wire,
  default: value,
  about,
})
const text = (wire: string, row: Omit<TextRow, 'type' | 'wire'>): TextRow => ({ type: 'text', wire, ...row })
const group = <const Members extends SettingTable>(
  wire: string,
  members: Members,
): { readonly wire: string; readonly members: Members } => ({ wire, members })

/** For settings that version 1.1 does not know. */
const sinceTwo = <T>(value: T): { readonly '2.0': T; readonly '3.0': T } => ({ '2.0': value, '3.0': value })

const defaultPorts = group('DefaultPorts', {
  http: integer('HTTP', {
    default: { '1.1': 80, '2.0': 5985, '3.0': 5985 },
    min: 1,
    max: 65_535,
    about: 'TCP port used over HTTP where none is named.',
  }),
  https: integer('HTTPS', {
    default: { '1.1': 443, '2.0': 5986, '3.0': 5986 },
    min: 1,
    max: 65_535,
    about: 'TCP port used over HTTPS where none is named.',
  }),
})

export const PROTOCOL_TABLE = {
  maxEnvelopeSizeKb: integer('MaxEnvelopeSizekb', {
    default: { '1.1': 150, '2.0': 150, '3.0': 500 },
    min: 32,
    max: UINT32,
    unit: 'kB',
    about: 'Largest SOAP message taken or sent.',
  }),
  maxTimeoutMs: integer('MaxTimeoutms', {
    default: 60_000,
    min: 500,
    max: UINT32,
    unit: 'ms',
    about: 'Longest time any request but Pull may take; a longer OperationTimeout is cut to it.',
  }),
  maxBatchItems: integer('MaxBatchItems', {
    default: { '1.1': 20, '2.0': 32_000, '3.0': 32_000 },
    min: 1,
    max: UINT32,
    about: 'Most items one Pull may bring.',
  }),
  maxProviderRequests: integer('MaxProviderRequests', {
    default: { '1.1': 25, '2.0': UINT32, '3.0': UINT32 },
    min: 1,
    max: UINT32,
    deprecatedSince: '2.0',
    about: 'Requests one provider may serve at a time; without effect since 2.0.',
  }),
} as const satisfies SettingTable

export const CLIENT_TABLE = {
  networkDelayMs: integer('NetworkDelayms', {
    default: 5000,
    min: 500,
    max: UINT32,
    unit: 'ms',
    about: 'Time allowed for the network on top of the operation timeout.',
  }),
  urlPrefix: text('URLPrefix', {
    default: 'wsman',
    pattern: /^[A-Za-z0-9_]+(?:\/[A-Za-z0-9_]+)*$/,
    about: 'Path of the service on the host, without slashes at its ends.',
  }),
  allowUnencrypted: flag(
    'AllowUnencrypted',
    false,
    'Whether messages may travel over HTTP without encryption.',
  ),
  auth: group('Auth', {
    basic: flag('Basic', true, 'User name and password, readable by whoever reads the connection.'),
    digest: flag(
      'Digest',
      true,
      'Challenge and response; offered by DMTF services, never by the WinRM service.',
    ),
    kerberos: flag('Kerberos', true, 'Kerberos tickets; authenticates both sides.'),
    negotiate: flag('Negotiate', true, 'SPNEGO, which picks Kerberos or NTLM.'),
    certificate: flag('Certificate', true, 'A client certificate mapped to an account.'),
    credSsp: flag('CredSSP', sinceTwo(false), 'Hands the password itself to the server over TLS.'),
  }),
  defaultPorts,
  trustedHosts: text('TrustedHosts', {
    default: '',
    about:
      'Hosts whose identity need not be proved: names separated by commas, `*`, a prefix or suffix `*`, `<local>`.',
  }),
} as const satisfies SettingTable

export const SERVICE_TABLE = {
  rootSddl: text('RootSDDL', {
    default: {
      '1.1': 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;ER)S:P(AU;FA;GA;;;WD)(AU;SA;GWGX;;;WD)',
      '2.0': 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;ER)S:P(AU;FA;GA;;;WD)(AU;SA;GWGX;;;WD)',
      '3.0': 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)',
    },
    about: 'Security descriptor of the listener: who may read (GR), write (GW) and execute (GX).',
  }),
  maxConcurrentOperations: integer('MaxConcurrentOperations', {
    default: { '1.1': 100, '2.0': UINT32, '3.0': UINT32 },
    min: 1,
    max: UINT32,
    deprecatedSince: '2.0',
    about: 'Operations of all users together; without effect since 2.0.',
  }),
  maxConcurrentOperationsPerUser: integer('MaxConcurrentOperationsPerUser', {
    default: { '1.1': 15, '2.0': 15, '3.0': 1500 },
    min: 1,
    max: UINT32,
    about: 'Open enumerations, shells and commands of one user.',
  }),
  enumerationTimeoutMs: integer('EnumerationTimeoutms', {
    default: { '1.1': 60_000, '2.0': 60_000, '3.0': 240_000 },
    min: 500,
    max: UINT32,
    unit: 'ms',
    about: 'Idle time between Pulls after which an enumeration context dies.',
  }),
  maxConnections: integer('MaxConnections', {
    default: { '1.1': 5, '2.0': 25, '3.0': 300 },
    min: 1,
    max: UINT32,
    about: 'Requests served at the same time.',
  }),
  maxPacketRetrievalTimeSeconds: integer('MaxPacketRetrievalTimeSeconds', {
    default: sinceTwo(120),
    min: 1,
    max: UINT32,
    unit: 's',
    about: 'Time a request may take to arrive whole.',
  }),
  allowUnencrypted: flag(
    'AllowUnencrypted',
    false,
    'Whether messages may arrive over HTTP without encryption.',
  ),
  auth: group('Auth', {
    basic: flag('Basic', false, 'Whether Basic is accepted; local accounts only.'),
    kerberos: flag('Kerberos', true, 'Whether Kerberos is accepted.'),
    negotiate: flag('Negotiate', true, 'Whether Negotiate is accepted.'),
    certificate: flag('Certificate', false, 'Whether client certificates are accepted.'),
    credSsp: flag('CredSSP', sinceTwo(false), 'Whether CredSSP is accepted.'),
    cbtHardeningLevel: {
      type: 'choice',
      wire: 'CbtHardeningLevel',
      default: sinceTwo('Relaxed'),
      choices: ['Strict', 'Relaxed', 'None'],
      about: 'Whether authentication over HTTPS must be bound to the TLS channel.',
    } satisfies ChoiceRow,
  }),
  defaultPorts,
  ipv4Filter: text('IPv4Filter', {
    default: '*',
    about: 'IPv4 addresses the service listens on: empty for none, `*` for all, or ranges `a-b,c-d`.',
  }),
  ipv6Filter: text('IPv6Filter', {
    default: '*',
    about: 'IPv6 addresses the service listens on, written like IPv4Filter.',
  }),
  enableCompatibilityHttpListener: flag(
    'EnableCompatibilityHttpListener',
    sinceTwo(false),
    'Whether port 80 is served besides 5985.',
  ),
  enableCompatibilityHttpsListener: flag(
    'EnableCompatibilityHttpsListener',
    sinceTwo(false),
    'Whether port 443 is served besides 5986.',
  ),
  certificateThumbprint: text('CertificateThumbprint', {
    default: sinceTwo(''),
    pattern: /^(?:[0-9A-Fa-f ]*)$/,
    about: 'SHA-1 thumbprint of the certificate the service uses for CredSSP.',
  }),
  allowRemoteAccess: flag(
    'AllowRemoteAccess',
    sinceTwo(true),
    'Whether listeners accept requests from other machines.',
  ),
} as const satisfies SettingTable

export const WINRS_TABLE = {
  allowRemoteShellAccess: flag('AllowRemoteShellAccess', true, 'Whether shells may be opened.'),
  idleTimeoutMs: integer('IdleTimeout', {
    default: { '1.1': 900_000, '2.0': 180_000, '3.0': 7_200_000 },
    min: 0,
    max: INT32,
    unit: 'ms',
    about: 'Idle time after which a shell is deleted.',
  }),
  maxConcurrentUsers: integer('MaxConcurrentUsers', {
    default: { '1.1': 5, '2.0': 5, '3.0': 10 },
    min: 1,
    max: INT32,
    about: 'Users who may have shells at the same time.',
  }),
  maxShellRunTimeMs: {
    ...integer('MaxShellRunTime', {
      default: { '1.1': 28_800_000, '2.0': INT32, '3.0': INT32 },
      min: 0,
      max: INT32,
      unit: 'ms',
      about: 'Longest life of a shell; read-only since 2.0.',
    }),
    readOnly: true,
  },
  maxProcessesPerShell: integer('MaxProcessesPerShell', {
    default: { '1.1': 5, '2.0': 15, '3.0': 25 },
    min: 0,
    max: INT32,
    about: 'Processes one shell may start; 0 for no limit.',
  }),
  maxMemoryPerShellMb: integer('MaxMemoryPerShellMB', {
    default: { '1.1': 80, '2.0': 150, '3.0': 1024 },
    min: 0,
    max: INT32,
    unit: 'MB',
    about: 'Memory one shell and its processes may use; 0 for no limit.',
  }),
  maxShellsPerUser: integer('MaxShellsPerUser', {
    default: { '1.1': 2, '2.0': 5, '3.0': 30 },
    min: 0,
    max: INT32,
    about: 'Shells one user may have open; 0 for no limit.',
  }),
} as const satisfies SettingTable

export const LISTENER_TABLE = {
  address: text('Address', {
    default: '*',
    about: 'Key. `*`, `IP:` with an address, or `MAC:` with a hardware address.',
  }),
  transport: {
    type: 'choice',
    wire: 'Transport',
    default: 'HTTP',
    choices: ['HTTP', 'HTTPS'],
    about: 'Key.',
  } satisfies ChoiceRow,
  port: integer('Port', {
    default: { '1.1': 80, '2.0': 5985, '3.0': 5985 },
    min: 1,
    max: 65_535,
    about: 'TCP port.',
  }),
  hostname: text('Hostname', {
    default: '',
    about: 'Name of the machine; for HTTPS the name in its certificate.',
  }),
  enabled: flag('Enabled', true, 'Whether the listener takes requests.'),
  urlPrefix: text('URLPrefix', {
    default: 'wsman',
    pattern: /^[A-Za-z0-9_]+(?:\/[A-Za-z0-9_]+)*$/,
    about: 'Path the listener serves.',
  }),
  certificateThumbprint: text('CertificateThumbprint', {
    default: '',
    pattern: /^[0-9A-Fa-f ]*$/,
    about: 'SHA-1 thumbprint of the certificate, for HTTPS.',
  }),
} as const satisfies SettingTable

/** The whole of winrm/config. The protocol section has no element of its own: its members stand directly in `Config`. */
export const CONFIG_TABLE = {
  protocol: PROTOCOL_TABLE,
  client: CLIENT_TABLE,
  service: SERVICE_TABLE,
  winrs: WINRS_TABLE,
} as const

type ValueOf<Row> = Row extends IntegerRow
  ? number
  : Row extends BooleanRow
    ? boolean
    : Row extends TextRow | ChoiceRow
      ? string
      : Row extends { readonly members: infer Members extends SettingTable }
        ? ModelOf<Members>
        : never

/** The typed model that a table describes. */
export type ModelOf<Table extends SettingTable> = { -readonly [Name in keyof Table]: ValueOf<Table[Name]> }

/** A model of which any part may be left out. */
export type PartialModel<Model> = {
  [Name in keyof Model]?: Model[Name] extends object ? PartialModel<Model[Name]> : Model[Name]
}

/** The settings of the protocol, which stand directly in winrm/config. */
export type ProtocolSettings = ModelOf<typeof PROTOCOL_TABLE>
/** winrm/config/client. */
export type ClientSettings = ModelOf<typeof CLIENT_TABLE>
/** winrm/config/service. */
export type ServiceSettings = ModelOf<typeof SERVICE_TABLE>
/** winrm/config/winrs. */
export type WinrsSettings = ModelOf<typeof WINRS_TABLE>
/** One listener of winrm/config/listener; `listeningOn` is told by the service. */
export type ListenerSettings = ModelOf<typeof LISTENER_TABLE> & { listeningOn: readonly string[] }
/** All of winrm/config. */
export interface Settings {
  protocol: ProtocolSettings
  client: ClientSettings
  service: ServiceSettings
  winrs: WinrsSettings
}
