import { choice, flag, integer, text, type SettingTable } from './rows.js'
import { THUMBPRINT } from './thumbprint.js'
import { URL_PREFIX } from './url-prefix.js'

const SOURCE = 'MS-WSMV 2.2.4.19'

/** One listener of winrm/config/listener, without `ListeningOn`, which the service tells (MS-WSMV 2.2.4.19). */
export const LISTENER_TABLE = {
  address: text('Address', {
    key: true,
    default: '*',
    pattern: /^(?:\*|IP:[0-9A-Fa-f.:%\w]+|MAC:(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})$/i,
    form: '`*`, `IP:` with an address, or `MAC:` with a hardware address like 00-11-22-33-44-55',
    about: 'Addresses to listen on: `*` for all, `IP:` with one, or `MAC:` with that of a network adapter.',
    affects: 'Where the listener listens. Key.',
    source: SOURCE,
  }),
  transport: choice('Transport', {
    key: true,
    default: 'HTTP',
    choices: ['HTTP', 'HTTPS'],
    about: 'How messages travel.',
    affects: 'Whether the listener speaks TLS. Key.',
    source: SOURCE,
  }),
  port: integer('Port', {
    default: { '1.1': 80, '2.0': 5985, '3.0': 5985 },
    min: 1,
    max: 65_535,
    about: 'TCP port; 5986, or 443 on 1.1, for HTTPS.',
    affects: 'Where the listener listens. Listeners that stood on 80 and 443 before an upgrade stay there.',
    source: SOURCE,
  }),
  hostname: text('Hostname', {
    default: '',
    about: 'Name of the machine; for HTTPS the name in its certificate.',
    affects: 'Which of several listeners on one port serves a request.',
    source: SOURCE,
  }),
  enabled: flag('Enabled', {
    default: true,
    about: 'Whether the listener takes requests.',
    affects: 'A listener that is off is kept and listens nowhere.',
    source: SOURCE,
  }),
  urlPrefix: text('URLPrefix', {
    default: 'wsman',
    ...URL_PREFIX,
    about: 'Path the listener serves.',
    affects: 'Requests for other paths are answered with HTTP status 404.',
    source: SOURCE,
  }),
  certificateThumbprint: text('CertificateThumbprint', {
    default: '',
    ...THUMBPRINT,
    about: 'SHA-1 thumbprint of the certificate.',
    affects: 'The certificate a listener for HTTPS shows; it needs one.',
    source: SOURCE,
  }),
} as const satisfies SettingTable
