/** What a URLPrefix may be (MS-WSMV 2.2.4.6 and 2.2.4.19). */
export const URL_PREFIX = {
  pattern: /^[A-Za-z0-9_]+(?:\/[A-Za-z0-9_]+)*$/,
  form: 'letters, digits, underscores and slashes, with no slash at either end',
}
