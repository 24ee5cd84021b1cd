import type { Situation } from './situation.js'

/** Typed as the text it is, so that the holes of what it becomes part of are still known. */
const onHost = <Setting extends string>(setting: Setting) =>
  `on the host: winrm set winrm/config/service/auth @{${setting}="true"}` as const

const NEAR_END =
  'Negotiate, NTLM, Kerberos and CredSSP authenticate a connection: look for a proxy or load balancer that ends ' +
  'connections, or that sends the requests of one to several servers.'
const IN_BETWEEN = 'Something between the client and the host may be answering in its place.'
const RIGHT_ADDRESS = 'Check that the address is that of a WS-Management service'

/** What may go wrong with a service that can be reached. */
export const SERVICE_SITUATIONS = {
  // What settings.client forbids.
  hostNotTrusted: {
    code: 'ERR_WSMAN_HOST_NOT_TRUSTED',
    when: 'NTLM, Basic, Digest or CredSSP would be used over HTTP with a host that is not trusted',
    hint: "Use transport: 'https' or Kerberos, or trust the host: settings: { client: { trustedHosts: '{{line}}' } }",
  },
  plaintextForbidden: {
    code: 'ERR_WSMAN_UNENCRYPTED',
    when: 'messages would travel as plaintext',
    hint: "Use transport: 'https', or allow it: settings: { client: { allowUnencrypted: true } }",
  },
  schemeDisabled: {
    code: 'ERR_WSMAN_SCHEME_DISABLED',
    when: 'settings.client.auth switches the scheme off',
    hint: 'To allow it: settings: { client: { auth: { {{setting}}: true } } }',
  },

  // Authentication.
  wrongPassword: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'the user name or the password is refused',
    hint: String.raw`It is not tried again, so that the account is not locked out. Name domain accounts DOMAIN\user or user@domain and local ones .\user; Basic is for local accounts of the host, domain accounts need Negotiate or Kerberos.`,
  },
  mechanismRefused: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: "the tokens of a mechanism of one's own are refused",
    hint: 'It is not tried again, so that no account is locked out: make another client when the credential has changed.',
  },
  channelBindingRequired: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'a credential is refused over HTTPS by a scheme that is bound to the TLS connection',
    hint: 'If user name and password are right, the service may see another TLS connection than the client (CbtHardeningLevel Strict or Relaxed): connect without the proxy or load balancer that ends TLS, or, on the host: winrm set winrm/config/service/auth @{CbtHardeningLevel="None"}',
  },
  clockSkew: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'a credential is refused by a host whose clock is far off',
    hint: 'The clock of the host is {{minutes}} minutes {{direction}} this one, and more than five are too many for Kerberos and NTLM: synchronise them (w32tm /resync, chronyc makestep).',
  },
  domainClockSkew: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'the service says that its clock and that of its domain differ (STATUS_TIME_DIFFERENCE_AT_DC)',
    hint: 'The clocks of the host and of its domain controller must agree within five minutes: on the host, w32tm /resync.',
  },
  credentialWanted: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'the service wants authentication and no credential is given',
    hint: "Give a credential, for one of the schemes it offers: auth: { scheme: '{{scheme}}', username, password }",
  },
  certificateRefused: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'the client certificate is refused',
    hint: `On the host the certificate needs a mapping to a local account (winrm enumerate winrm/config/service/certmapping), and: winrm set winrm/config/service/auth @{Certificate="true"}`,
  },
  ntlmForbidden: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'the service does not go on with NTLM',
    hint: 'A policy may forbid NTLM on the host. Use Kerberos: a name instead of an address, and a user with its domain or realm.',
  },
  credSspForbidden: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'the service does not go on with CredSSP',
    hint: `Choose another auth.scheme, or ${onHost('CredSSP')}`,
  },
  ticketRefused: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'the service refuses the Kerberos ticket and does not say why',
    hint: 'The service may run under another account than its SPN says, or its clock may differ; setspn -Q shows whose SPN it is.',
  },
  serverNotProven: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'the peer lets the client in without proving that it knows the secret',
    hint: IN_BETWEEN,
  },
  endlessHandshake: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'the peer never ends the handshake',
    hint: `${RIGHT_ADDRESS}.`,
  },
  connectionSplit: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'a connection is authenticated and its messages are then refused',
    hint: NEAR_END,
  },
  connectionsEnded: {
    code: 'ERR_WSMAN_UNAUTHORIZED',
    when: 'every connection ends before authentication is over',
    hint: 'Look for a proxy or load balancer that ends connections.',
  },
  basicOff: {
    code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
    when: 'Basic is switched off on the host',
    hint: `Choose an auth.scheme that is offered ({{offered}}), or ${onHost('Basic')}. Over HTTP the host also needs AllowUnencrypted, which lets passwords travel readably: use HTTPS.`,
  },
  negotiateOff: {
    code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
    when: 'Negotiate is switched off on the host',
    hint: `Choose an auth.scheme that is offered ({{offered}}), or ${onHost('Negotiate')}`,
  },
  kerberosOff: {
    code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
    when: 'Kerberos is switched off on the host',
    hint: `Choose an auth.scheme that is offered ({{offered}}), or ${onHost('Kerberos')}`,
  },
  credSspOff: {
    code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
    when: 'CredSSP is switched off on the host',
    hint: `Choose an auth.scheme that is offered ({{offered}}), or ${onHost('CredSSP')}`,
  },
  digestNotOffered: {
    code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
    when: 'the service does not know Digest',
    hint: "Choose an auth.scheme that is offered ({{offered}}). Windows' WinRM service never offers Digest; openwsman and management controllers do.",
  },

  // HTTP without SOAP.
  handshakeBroken: {
    code: 'ERR_WSMAN_HTTP_STATUS',
    when: 'the service ends the connection in the middle of the handshake',
    hint: NEAR_END,
  },
  forbidden: {
    code: 'ERR_WSMAN_HTTP_STATUS',
    when: 'the peer answers with 403',
    hint: 'The account may not use WinRM on this host, or a client certificate is required.',
  },
  wrongPath: {
    code: 'ERR_WSMAN_HTTP_STATUS',
    when: 'the peer answers with 404',
    hint: 'The service listens under another path: check urlPrefix against the URLPrefix of the listener.',
  },
  webServer: {
    code: 'ERR_WSMAN_HTTP_STATUS',
    when: 'the peer answers with 405',
    hint: 'This is a web server that takes no SOAP messages: check host and port.',
  },
  proxyInPlace: {
    code: 'ERR_WSMAN_HTTP_STATUS',
    when: 'the peer answers with 407',
    hint: 'The proxy wants credentials.',
  },
  lengthRequired: {
    code: 'ERR_WSMAN_HTTP_STATUS',
    when: 'the peer answers with 411',
    hint: 'The service takes no request without a length; a proxy in between may have taken it away.',
  },
  requestRefusedAsTooLarge: {
    code: 'ERR_WSMAN_HTTP_STATUS',
    when: 'the peer answers with 413',
    hint: 'The request is larger than MaxEnvelopeSizekb of the service: winrm set winrm/config @{MaxEnvelopeSizekb="500"}.',
  },
  badGateway: {
    code: 'ERR_WSMAN_HTTP_STATUS',
    when: 'the peer answers with 502',
    hint: 'A proxy or load balancer in between could not reach the service.',
  },
  serviceUnavailable: {
    code: 'ERR_WSMAN_HTTP_STATUS',
    when: 'the peer answers with 503',
    hint: 'The service is stopped, restarting, or out of capacity: Get-Service WinRM on the host says which.',
  },
  redirected: {
    code: 'ERR_WSMAN_REDIRECT',
    when: 'the peer answers with a redirect',
    hint: 'Redirects are not followed, because the credential would follow too: give the right host or url.',
  },
  noSoapThere: {
    code: 'ERR_WSMAN_PROTOCOL',
    when: 'the reply is no SOAP message',
    hint: `${RIGHT_ADDRESS} and that no proxy or other web server answers in its place.`,
  },
  noHttpThere: {
    code: 'ERR_WSMAN_PROTOCOL',
    when: 'the reply is not HTTP',
    hint: 'Is this the port of the WinRM service?',
  },

  plaintextReply: {
    code: 'ERR_WSMAN_PROTOCOL',
    when: 'the reply is not encrypted although the request was',
    hint: IN_BETWEEN,
  },
  messageChanged: {
    code: 'ERR_WSMAN_PROTOCOL',
    when: 'an encrypted reply cannot be opened',
    hint: 'Something between the two sides may have changed, repeated or dropped a message; a new connection starts over.',
  },

  // Time and size.
  noReply: {
    code: 'ERR_WSMAN_REPLY_TIMEOUT',
    when: 'no reply comes in time',
    hint: 'The limit is operationTimeoutMs plus settings.client.networkDelayMs.',
  },
  lastAttemptFailed: {
    code: 'ERR_WSMAN_TIMEOUT',
    when: 'timeoutMs passes during the pause before another attempt',
    hint: 'Until then every attempt had failed: the cause says what with.',
  },
  requestTooLarge: {
    code: 'ERR_WSMAN_USAGE',
    when: 'a request is larger than the service is known to take',
    hint:
      'Send less at a time. Until the client has read winrm/config it goes by the 150 kB of old services: ' +
      "await client.get('winrm/config') lets it use what this one allows.",
  },

  // Commands.
  commandLineTooLong: {
    code: 'ERR_WSMAN_COMMAND',
    when: 'a command line of more than 8191 characters failed',
    hint: 'cmd takes command lines of at most 8191 characters. Hand long text over through `input`, or use runPowerShell, which sends long scripts through the input by itself.',
  },
  outputNotJson: {
    code: 'ERR_WSMAN_COMMAND',
    when: 'a script writes something else than JSON where json is set',
    hint: 'Write nothing but objects: Write-Host and programs that print text write into the same stream. What was written is in `stdout` of the error, which is not printed.',
  },
} as const satisfies Readonly<Record<string, Situation>>
