import { defaultPorts } from './default-ports-table.js'
import {
  choice,
  flag,
  group,
  integer,
  sinceTwo,
  text,
  UINT32,
  type Defaults,
  type SettingTable,
} from './rows.js'
import { THUMBPRINT } from './thumbprint.js'

const scheme = (wire: string, value: Defaults<boolean>, about: string) =>
  flag(wire, {
    default: value,
    about,
    affects: 'The service neither offers nor accepts it where it is off.',
    source: 'MS-WSMV 2.2.4.34',
  })

/** winrm/config/service (MS-WSMV 2.2.4.36). */
export const SERVICE_TABLE = {
  rootSddl: text('RootSDDL', {
    default: {
      '1.1': 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;ER)S:P(AU;FA;GA;;;WD)(AU;SA;GWGX;;;WD)',
      '2.0': 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;ER)S:P(AU;FA;GA;;;WD)(AU;SA;GWGX;;;WD)',
      '3.0': 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)',
    },
    otherDefaults: [
      {
        version: '3.0',
        value: 'O:NSG:BAD:P(A;;GA;;;BA)S:P(AU;FA;GA;;;WD)(AU;SA;GWGX;;;WD)',
        source: 'MS-WSMV 2.2.4.36',
      },
    ],
    about: 'Security descriptor of the listeners.',
    affects:
      'Who may read (GR), write (GW) and execute (GX) from other machines, where a plug-in says nothing else.',
    source: 'MS-WSMV 2.2.4.36, 3.1.4.1.28',
  }),
  maxConcurrentOperations: integer('MaxConcurrentOperations', {
    default: { '1.1': 100, '2.0': UINT32, '3.0': UINT32 },
    min: 1,
    max: UINT32,
    deprecatedSince: '2.0',
    about: 'Operations of all users together.',
    affects: 'Nothing since 2.0; a Put that changes it is refused with fault 2150859182.',
    source: 'MS-WSMV 2.2.4.36, notes 17 and 18',
  }),
  maxConcurrentOperationsPerUser: integer('MaxConcurrentOperationsPerUser', {
    default: { '1.1': 15, '2.0': 15, '3.0': 1500 },
    min: 1,
    max: UINT32,
    about: 'Open enumerations, shells and commands of one user.',
    affects: 'The service refuses more with fault 2150859174.',
    source: 'MS-WSMV 2.2.4.36, 3.1.4.1.19',
  }),
  enumerationTimeoutMs: integer('EnumerationTimeoutms', {
    default: { '1.1': 60_000, '2.0': 60_000, '3.0': 240_000 },
    otherDefaults: [{ version: '3.0', value: 60_000, source: 'WinRM configuration page, MS-WSMV 2.2.4.36' }],
    min: 500,
    max: UINT32,
    unit: 'ms',
    about: 'Idle time between Pulls after which an enumeration context dies.',
    affects: 'A Pull that comes later is refused with fault 2150858779.',
    source: 'MS-WSMV 2.2.4.36, 3.1.5.1',
  }),
  maxConnections: integer('MaxConnections', {
    default: { '1.1': 5, '2.0': 25, '3.0': 300 },
    min: 1,
    max: 512,
    olderMax: { '2.0': 50 },
    about: 'Requests served at the same time; an idle connection counts for up to two minutes.',
    affects: 'The service answers no more than that at a time.',
    source: 'MS-WSMV 2.2.4.36, notes 20 to 22',
  }),
  maxPacketRetrievalTimeSeconds: integer('MaxPacketRetrievalTimeSeconds', {
    default: sinceTwo(120),
    min: 1,
    max: UINT32,
    unit: 's',
    about: 'Time a request may take to arrive whole.',
    affects: 'The service ends the connection of a request that takes longer.',
    source: 'MS-WSMV 2.2.4.36, 3.1.5',
  }),
  allowUnencrypted: flag('AllowUnencrypted', {
    default: false,
    about: 'Whether messages may arrive over HTTP without encryption.',
    affects: 'The service takes neither Basic nor unsealed messages over HTTP where it is off.',
    source: 'MS-WSMV 2.2.4.36, 3.1.4.1.29',
  }),
  auth: group('Auth', {
    basic: scheme('Basic', false, 'Basic; local accounts only.'),
    kerberos: scheme('Kerberos', true, 'Kerberos.'),
    negotiate: scheme('Negotiate', true, 'Negotiate.'),
    certificate: scheme('Certificate', false, 'Client certificates.'),
    credSsp: scheme('CredSSP', sinceTwo(false), 'CredSSP.'),
    cbtHardeningLevel: choice('CbtHardeningLevel', {
      default: sinceTwo('Relaxed'),
      choices: ['Strict', 'Relaxed', 'None'],
      about: 'Whether authentication over HTTPS must be bound to the TLS channel.',
      affects: 'Strict refuses what is not bound, Relaxed what is bound to another channel, None nothing.',
      source: 'MS-WSMV 2.2.4.34',
    }),
  }),
  defaultPorts: defaultPorts(
    'The port of listeners that are made without one. Put does not change it (MS-WSMV note 106).',
    'MS-WSMV 2.2.4.35, notes 15 and 16',
  ),
  ipv4Filter: text('IPv4Filter', {
    default: '*',
    about: 'IPv4 addresses the service listens on: empty for none, `*` for all, or ranges `a-b,c-d`.',
    affects: 'Listeners for all addresses serve those within the filter only.',
    source: 'MS-WSMV 2.2.4.36',
  }),
  ipv6Filter: text('IPv6Filter', {
    default: '*',
    about: 'IPv6 addresses the service listens on, written like IPv4Filter.',
    affects: 'Listeners for all addresses serve those within the filter only.',
    source: 'MS-WSMV 2.2.4.36',
  }),
  enableCompatibilityHttpListener: flag('EnableCompatibilityHttpListener', {
    default: sinceTwo(false),
    about: 'Whether port 80 is served besides 5985.',
    affects: 'The HTTP listeners of the service.',
    source: 'WinRM configuration page',
  }),
  enableCompatibilityHttpsListener: flag('EnableCompatibilityHttpsListener', {
    default: sinceTwo(false),
    about: 'Whether port 443 is served besides 5986.',
    affects: 'The HTTPS listeners of the service.',
    source: 'WinRM configuration page',
  }),
  certificateThumbprint: text('CertificateThumbprint', {
    default: sinceTwo(''),
    ...THUMBPRINT,
    about: 'SHA-1 thumbprint of the certificate of the service.',
    affects: 'The TLS inside of CredSSP.',
    source: 'MS-WSMV 2.2.4.36',
  }),
  allowRemoteAccess: flag('AllowRemoteAccess', {
    default: sinceTwo(true),
    about: 'Whether requests are taken from other machines.',
    affects: 'Where it is off, the service answers requests of its own machine only.',
    source: 'WinRM configuration page',
  }),
} as const satisfies SettingTable
