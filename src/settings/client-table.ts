import { defaultPorts } from './default-ports-table.js'
import { flag, group, integer, sinceTwo, text, UINT32, type Defaults, type SettingTable } from './rows.js'
import { URL_PREFIX } from './url-prefix.js'

const scheme = (wire: string, value: Defaults<boolean>, about: string) =>
  flag(wire, {
    default: value,
    about,
    affects: 'A client does not authenticate in this way where it is off.',
    source: 'MS-WSMV 2.2.4.4',
  })

/** winrm/config/client (MS-WSMV 2.2.4.6). */
export const CLIENT_TABLE = {
  networkDelayMs: integer('NetworkDelayms', {
    default: 5000,
    min: 500,
    max: UINT32,
    unit: 'ms',
    about: 'Time allowed for the network on top of the operation timeout.',
    affects: 'How long a client waits for a reply.',
    source: 'MS-WSMV 2.2.4.6, 3.2.5',
  }),
  urlPrefix: text('URLPrefix', {
    default: 'wsman',
    ...URL_PREFIX,
    about: 'Path of the service on the host, without slashes at its ends.',
    affects: 'The address of requests whose caller names no path.',
    source: 'MS-WSMV 2.2.4.6',
  }),
  allowUnencrypted: flag('AllowUnencrypted', {
    default: false,
    about: 'Whether messages may travel over HTTP without encryption.',
    affects: 'A client refuses Basic and Digest over HTTP where it is off.',
    source: 'MS-WSMV 2.2.4.6, 3.2.4.1.22.1',
  }),
  auth: group('Auth', {
    basic: scheme(
      'Basic',
      { '1.1': false, '2.0': true, '3.0': true },
      'User name and password, readable by whoever reads the connection.',
    ),
    digest: scheme(
      'Digest',
      true,
      'Challenge and response; offered by DMTF services, never by the WinRM service.',
    ),
    kerberos: scheme('Kerberos', true, 'Kerberos tickets; authenticates both sides.'),
    negotiate: scheme('Negotiate', true, 'SPNEGO, which picks Kerberos or NTLM.'),
    certificate: scheme('Certificate', true, 'A client certificate that is mapped to an account.'),
    credSsp: scheme('CredSSP', sinceTwo(false), 'Hands the password itself to the host, over TLS.'),
  }),
  defaultPorts: defaultPorts(
    'The port of requests whose caller names none.',
    'MS-WSMV 2.2.4.5, notes 5 and 6',
  ),
  trustedHosts: text('TrustedHosts', {
    default: '',
    about:
      'Hosts whose identity need not be proved: names separated by commas, `*`, a prefix or suffix `*`, `<local>`.',
    affects: 'A client sends credentials over HTTP that do not authenticate the host to these hosts only.',
    source: 'MS-WSMV 2.2.4.6',
  }),
} as const satisfies SettingTable
