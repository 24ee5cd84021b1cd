import { flag, text, type SettingTable } from './rows.js'

const SOURCE = 'MS-WSMV 2.2.4.3'

/** One mapping of client certificates to a local account (MS-WSMV 2.2.4.3). */
export const CERT_MAPPING_TABLE = {
  uri: text('URI', {
    key: true,
    default: '*',
    pattern: /^[^\s?*]*(?:[^\s?*]|\*)$/,
    form: 'a resource URI or the beginning of one, without blanks and `?`, with `*` at its end only',
    about: 'Resources the mapping is for: a resource URI, or the beginning of one and `*`.',
    affects: 'Which requests it lets in. Key.',
    source: SOURCE,
  }),
  subject: text('Subject', {
    key: true,
    default: '*',
    pattern: /^(?:\*|\*?[^*]+|[^*]+\*)$/,
    form: 'text with one `*` at most, at its beginning or end',
    about: 'Subject of the certificate, with a `*` at one end for any text.',
    affects: 'Which certificates it lets in. Key.',
    source: SOURCE,
  }),
  issuer: text('Issuer', {
    key: true,
    default: '',
    pattern: /^\s*(?:[0-9A-Fa-f]\s*){40}$/,
    form: '40 hexadecimal digits',
    about: 'SHA-1 thumbprint of the certificate that signed it.',
    affects: 'Which certificates it lets in. Key.',
    source: SOURCE,
  }),
  userName: text('UserName', {
    default: '',
    pattern: /^[^\\@]*$/,
    form: 'the name of a local account, without a domain',
    about: 'Local account that requests run as.',
    affects: 'The rights of whoever shows such a certificate.',
    source: SOURCE,
  }),
  enabled: flag('Enabled', {
    default: true,
    about: 'Whether the mapping is used.',
    affects: 'A mapping that is off lets nobody in.',
    source: SOURCE,
  }),
  password: text('Password', {
    secret: true,
    default: '',
    about: 'Password of the account; is written and cannot be read.',
    affects: 'Whether the service can log the account on.',
    source: SOURCE,
  }),
} as const satisfies SettingTable
