/** How a certificate is named: by the SHA-1 hash of its DER form (MS-WSMV 2.2.4.19). Tools show it with blanks. */
export const THUMBPRINT = {
  pattern: /^\s*(?:(?:[0-9A-Fa-f]\s*){40})?$/,
  form: '40 hexadecimal digits, or empty for none',
}
