/** The mechanisms by object identifier: RFC 4178, MS-SPNG 1.9.1 and 3.1.5.2. */
export const OID = {
  spnego: '1.3.6.1.5.5.2',
  kerberos: '1.2.840.113554.1.2.2',
  /** Kerberos as Windows 2000 misspelled it. Windows offers and takes both. */
  microsoftKerberos: '1.2.840.48018.1.2.2',
  ntlm: '1.3.6.1.4.1.311.2.2.10',
} as const
