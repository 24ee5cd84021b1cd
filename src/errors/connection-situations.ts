import type { Situation } from './situation.js'

const ENDED = 'The service may have restarted, or something in between ended the connection.'

/** What may be in the way before anything of a request has reached the service. */
export const CONNECTION_SITUATIONS = {
  // No connection.
  portClosed: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'the host refuses the connection',
    hint: 'Nothing listens on that port. Is WinRM enabled (on the host: `winrm quickconfig`)? Its ports are 5985 for HTTP and 5986 for HTTPS.',
  },
  onlyHttpsOpen: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'port 5985 is closed and port 5986 is open',
    hint: "Port 5986 is open: the host takes HTTPS only, use transport: 'https'. For HTTP, on the host: winrm quickconfig",
  },
  onlyHttpOpen: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'port 5986 is closed and port 5985 is open',
    hint: "Port 5985 is open: the host has no HTTPS listener. Use transport: 'http', where Negotiate and Kerberos encrypt the messages; or, on the host: winrm quickconfig -transport:https",
  },
  nameUnknown: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'the name cannot be resolved',
    hint: 'The name is not known to DNS: check its spelling, or use the full name or the address.',
  },
  dnsSilent: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'the name server does not answer',
    hint: 'DNS did not answer: check the network, or use the address of the host.',
  },
  nothingAnswers: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'the system gave up connecting',
    hint: 'Nothing answered: does a firewall drop the packets (ports 5985 and 5986), and is the host running?',
  },
  noRouteToHost: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'no route leads to the host',
    hint: 'There is no route to the host: check the network and the address.',
  },
  noRouteToNetwork: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'no route leads to the network of the host',
    hint: 'There is no route to that network: check the network and the address.',
  },
  connectionReset: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'the connection is reset while it is made',
    hint: 'Something in between, such as a firewall or proxy, ended the connection.',
  },
  tooManyFiles: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'this process may open no more sockets',
    hint: 'This process has too many open files or sockets.',
  },
  lostDuringHandshake: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'the connection ends while the credential is being checked',
    hint: ENDED,
  },
  endedUnused: {
    code: 'ERR_WSMAN_CONNECT',
    when: 'the connection ends before the request is sent, which may go over another one',
    hint: ENDED,
  },
  connectTimeout: {
    code: 'ERR_WSMAN_CONNECT_TIMEOUT',
    when: 'no connection is made within connectTimeoutMs',
    hint: 'Does a firewall drop the packets (ports 5985 and 5986), and is the host running?',
  },
  tunnelTimeout: {
    code: 'ERR_WSMAN_CONNECT_TIMEOUT',
    when: 'the proxy makes no tunnel within connectTimeoutMs',
    hint: 'Is the option proxy right, and can the proxy reach the host?',
  },

  // Proxies.
  proxyUnreachable: {
    code: 'ERR_WSMAN_PROXY',
    when: 'the proxy cannot be reached',
    hint: 'Is the address in the option proxy right, and does the proxy run?',
  },
  proxyUntrusted: {
    code: 'ERR_WSMAN_PROXY',
    when: 'TLS with the proxy itself fails',
    hint: "How TLS with the proxy is done is said beside its URL: proxy: { url: 'https://proxy:3129', tls: { ca } }.",
  },
  tunnelFailed: {
    code: 'ERR_WSMAN_PROXY',
    when: 'the proxy answers CONNECT with 502, 503 or 504',
    hint: 'The proxy could not reach the host: check its name, and whether WinRM listens on that port.',
  },
  tunnelForbidden: {
    code: 'ERR_WSMAN_PROXY',
    when: 'the proxy answers CONNECT with another status',
    hint: 'The proxy allows no tunnel to that host and port. Many allow port 443 alone: have it allow 5985 and 5986.',
  },
  proxyCredentials: {
    code: 'ERR_WSMAN_PROXY',
    when: 'the proxy answers CONNECT with 407',
    hint: "Credentials for Basic stand in the URL, percent-encoded: proxy: 'http://user:p%40ss@proxy:3128'.",
  },
  noProxyThere: {
    code: 'ERR_WSMAN_PROXY',
    when: 'what comes is no answer to CONNECT',
    hint: 'Is this the address of an HTTP proxy that lets CONNECT through?',
  },

  // TLS.
  selfSigned: {
    code: 'ERR_WSMAN_TLS',
    when: 'the certificate is self-signed',
    hint: "Give the certificate itself as tls.ca, or pin it after comparing it with the host's own (Get-ChildItem Cert:\\LocalMachine\\My): tls: { fingerprint256: '{{fingerprint}}' }.",
  },
  authorityUnknown: {
    code: 'ERR_WSMAN_TLS',
    when: 'no trusted authority vouches for the certificate',
    hint: "Give the authority that signed it as tls.ca. To accept exactly this certificate, pin it: tls: { fingerprint256: '{{fingerprint}}' }.",
  },
  certificateOfAnother: {
    code: 'ERR_WSMAN_TLS',
    when: 'the certificate is for another name',
    hint: "The certificate names {{names}}: connect by such a name, or give it as tls.servername. To accept exactly this certificate, pin it: tls: { fingerprint256: '{{fingerprint}}' }.",
  },
  certificateOutOfDate: {
    code: 'ERR_WSMAN_TLS',
    when: 'the certificate has expired or is not valid yet',
    hint: "Renew the certificate of the HTTPS listener, and check the clocks of both machines. To accept exactly this certificate, pin it: tls: { fingerprint256: '{{fingerprint}}' }.",
  },
  pinMismatch: {
    code: 'ERR_WSMAN_TLS',
    when: 'the certificate is not the pinned one',
    hint: 'If the certificate was replaced on purpose, put its fingerprint into tls.fingerprint256.',
  },
  noTlsThere: {
    code: 'ERR_WSMAN_TLS',
    when: 'the port answers without TLS',
    hint: "The port answers without TLS. HTTPS is port 5986; for HTTP (5985) set transport: 'http'.",
  },
  noSharedTlsVersion: {
    code: 'ERR_WSMAN_TLS',
    when: 'client and server share no version of TLS',
    hint: 'Client and server share no version of TLS: see tls.minVersion and tls.maxVersion. TLS 1.2 is the least unless tls.minVersion says otherwise.',
  },
  tlsHungUp: {
    code: 'ERR_WSMAN_TLS',
    when: 'the server hangs up during the TLS handshake',
    hint: 'The server hung up. The HTTPS listener may have no usable certificate: `winrm enumerate winrm/config/listener`.',
  },
  clientCertificateWanted: {
    code: 'ERR_WSMAN_TLS',
    when: 'the server refuses the TLS handshake over certificates',
    hint: 'Where the server wants a client certificate, give tls.cert and tls.key, or tls.pfx.',
  },
  tlsFailed: {
    code: 'ERR_WSMAN_TLS',
    when: 'the TLS handshake fails otherwise',
    hint: 'Check the certificate of the HTTPS listener and the options in tls.',
  },
} as const satisfies Readonly<Record<string, Situation>>
